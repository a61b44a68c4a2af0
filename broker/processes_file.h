// What a supervisor says of the processes of its cluster: a file that it replaces as they start and
// end, and that the broker passes on, unread, with the status.
#pragma once

#include <filesystem>
#include <string>

namespace kipu::broker {

// What is in it. Empty where there is no such file, it is none, cannot be read, or has more than
// kMaxProcessesBytes. Does not wait, whatever the path names.
[[nodiscard]] std::string read_processes_file(const std::filesystem::path& file);

}  // namespace kipu::broker

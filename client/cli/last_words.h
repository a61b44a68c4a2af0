// What a process said at its end, from its log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace kipu::cli {

// Where the part of a log begins that a process will write which is started now.
[[nodiscard]] std::uintmax_t log_position(const std::filesystem::path& log);

// Of what was written to `log` since it was `from` bytes long: the last line that tells of an error
// or of an end, without time, level and program. Nothing if there is none: what a process logs
// while all is well explains no end. Of a log that was put away meanwhile, all that is there.
[[nodiscard]] std::string last_words(const std::filesystem::path& log, std::uintmax_t from);

}  // namespace kipu::cli

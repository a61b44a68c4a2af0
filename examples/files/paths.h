// Folders by paths of any length: walked part by part where the kernel takes no more at once.
#pragma once

#include <string_view>
#include <utility>

#include "base/result.h"
#include "examples/files/local.h"

namespace files {

// What to do where a folder of the path is not there.
enum class Missing { refuse, make };

// The folder of a path, which may be empty, and the last part of it.
[[nodiscard]] std::pair<std::string_view, std::string_view> split_path(std::string_view path);

// The folder, to be used in calls that take one. Empty: the one in which the program runs.
[[nodiscard]] kipu::Result<Descriptor> open_directory(std::string_view path, Missing missing);

// The same below another folder, and with no symbolic link on the way: what others chose as a name
// must not lead anywhere else.
[[nodiscard]] kipu::Result<Descriptor> open_below(const Descriptor& root, std::string_view path);

}  // namespace files

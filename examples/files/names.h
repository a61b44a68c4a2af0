// Names of stored files, and the keys that stand for them.
//
// A name is a relative path of any bytes but NUL, which no file system allows in one. A key of Kipu
// has at most 1,024 bytes and a path may be longer, so:
//
//   key := name                             if it has at most 1,024 bytes
//        | its first 991 bytes, NUL, sha256(name)      otherwise
//
// No two names share a key, since a short one has no NUL, and long ones differ in their digest.
// Keys are in the order of names, but for long names that begin alike.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace files {

inline constexpr std::size_t kMaxNameBytes = 65'535;

// REQUIRES: check_name(name).
[[nodiscard]] std::string key_of_name(std::string_view name);
// Whether the key alone does not tell the name: its version does.
[[nodiscard]] bool is_long_key(std::string_view key);
// What the keys of all names that begin so begin with.
[[nodiscard]] std::string key_prefix(std::string_view name_prefix);

// A relative path without empty parts, `.` and `..`; `invalid_argument` otherwise, and for what is
// too long.
[[nodiscard]] kipu::Status check_name(std::string_view name);

// The name under which a path of this machine is stored: without a leading `/`, `.` and double `/`.
// Empty for `.` and `/`. `invalid_argument` if it has a `..`.
[[nodiscard]] kipu::Result<std::string> name_of_path(std::string_view path);

// `directory/name`; name if the directory is empty.
[[nodiscard]] std::string join_path(std::string_view directory, std::string_view name);

}  // namespace files

#include "examples/files/names.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "examples/files/sha256.h"
#include "examples/files/text.h"

namespace files {
namespace {

using kipu::ErrorCode;
using kipu::fail;
using kipu::limits::kMaxKeyBytes;

constexpr std::size_t kKeptBytes = kMaxKeyBytes - 1 - sizeof(Sum);

// The part up to the next slash, which is taken with it.
std::string_view take_part(std::string_view& path) {
  const std::size_t slash = path.find('/');
  const std::string_view part = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  return part;
}

}  // namespace

std::string key_of_name(std::string_view name) {
  if (name.size() <= kMaxKeyBytes) return std::string(name);
  std::string key(name.substr(0, kKeptBytes));
  key += '\0';
  key += bytes_of(sha256(name));
  return key;
}

bool is_long_key(std::string_view key) {
  return key.size() == kMaxKeyBytes && key[kKeptBytes] == '\0';
}

std::string key_prefix(std::string_view name_prefix) {
  return std::string(name_prefix.substr(0, kKeptBytes));
}

kipu::Status check_name(std::string_view name) {
  if (name.empty()) return fail(ErrorCode::invalid_argument, "a name has at least one byte");
  if (name.size() > kMaxNameBytes) {
    return fail(ErrorCode::invalid_argument, fmt::format("a name of {} bytes: at most {} are taken",
                                                         name.size(), kMaxNameBytes));
  }
  bool fits = name.find('\0') == std::string_view::npos && name.back() != '/';
  for (std::string_view rest = name; !rest.empty();) {
    const std::string_view part = take_part(rest);
    fits = fits && !part.empty() && part != "." && part != "..";
  }
  if (fits) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} is no name: a name is a relative path without empty parts, . and ..",
                          in_quotes(name)));
}

kipu::Result<std::string> name_of_path(std::string_view path) {
  std::string name;
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view part = take_part(rest);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{} has a .., which no name has: say with --as under which name it "
                              "is to be stored",
                              in_quotes(path)));
    }
    if (!name.empty()) name += '/';
    name += part;
  }
  return name;
}

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/' && !name.empty()) path += '/';
  path += name;
  return path;
}

}  // namespace files

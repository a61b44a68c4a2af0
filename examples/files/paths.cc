#include "examples/files/paths.h"

#include <cerrno>
#include <climits>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>

namespace files {
namespace {

using kipu::fail;
using kipu::Result;

constexpr int kDirectory = O_PATH | O_DIRECTORY | O_CLOEXEC;

// One part, made if need be.
int open_part(int at, const std::string& part, int flags, Missing missing) {
  int opened = ::openat(at, part.c_str(), flags);
  if (opened >= 0 || errno != ENOENT || missing == Missing::refuse) return opened;
  if (::mkdirat(at, part.c_str(), 0777) != 0 && errno != EEXIST) return -1;
  opened = ::openat(at, part.c_str(), flags);
  return opened;
}

Result<Descriptor> descend(Descriptor at, std::string_view path, int flags, Missing missing) {
  const std::string_view whole = path;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string part(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty()) continue;
    Descriptor next(open_part(at.get(), part, flags, missing));
    if (!next.valid()) return fail(system_error("open the folder", whole, errno));
    at = std::move(next);
  }
  return at;
}

}  // namespace

std::pair<std::string_view, std::string_view> split_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {std::string_view(), path};
  return {path.substr(0, slash == 0 ? 1 : slash), path.substr(slash + 1)};
}

Result<Descriptor> open_directory(std::string_view path, Missing missing) {
  const char* start = path.starts_with('/') ? "/" : ".";
  Descriptor at(::open(start, kDirectory));
  if (!at.valid()) return fail(system_error("open the folder", start, errno));
  if (!path.empty() && path.size() < PATH_MAX) {
    Descriptor direct(::open(std::string(path).c_str(), kDirectory));
    if (direct.valid() || missing == Missing::refuse) {
      if (!direct.valid()) return fail(system_error("open the folder", path, errno));
      return direct;
    }
  }
  return descend(std::move(at), path, kDirectory, missing);
}

Result<Descriptor> open_below(const Descriptor& root, std::string_view path) {
  Descriptor at(::openat(root.get(), ".", kDirectory));
  if (!at.valid()) return fail(system_error("open the folder of", path, errno));
  return descend(std::move(at), path, kDirectory | O_NOFOLLOW, Missing::make);
}

}  // namespace files

// Folders with all that is in them.
#include <algorithm>
#include <cerrno>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "examples/files/local.h"
#include "examples/files/names.h"

namespace files {
namespace {

using kipu::fail;
using kipu::Result;

struct Child {
  std::string name;
  mode_t type = 0;  // S_IFMT
};

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

mode_t type_of(int directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return static_cast<mode_t>(DTTOIF(entry.d_type));
  struct stat facts{};
  const bool known = ::fstatat(directory, entry.d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0;
  return known ? facts.st_mode & S_IFMT : 0;
}

// In descending order, so that the next is the last. No descriptor stays open: a tree may be deeper
// than a process may have descriptors.
Result<std::vector<Child>> children_of(const std::string& path) {
  const auto opened = open_path(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY);
  if (!opened) return fail(opened.error());
  const int copy = ::dup(opened->get());
  if (copy < 0) return fail(system_error("read the folder", path, errno));
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(copy));
  if (!directory) return fail(system_error("read the folder", path, errno));
  std::vector<Child> children;
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      children.push_back({std::string(name), type_of(opened->get(), *entry)});
    }
    errno = 0;
  }
  if (errno != 0) return fail(system_error("read the folder", path, errno));
  std::ranges::sort(children, std::ranges::greater(), &Child::name);
  return children;
}

Found::Kind kind_of(mode_t type) {
  if (S_ISREG(type)) return Found::Kind::regular;
  return S_ISLNK(type) ? Found::Kind::symlink : Found::Kind::special;
}

// A folder that is being walked.
struct Level {
  std::string path;
  std::string name;
  std::vector<Child> left;
};

}  // namespace

void walk(const std::string& directory, const std::function<bool(const Found&)>& visit,
          const std::function<void(const kipu::Error&)>& failed) {
  std::vector<Level> levels;
  // Reads a folder, and shows it if it is empty. False where the walk is to end.
  const auto enter = [&](const std::string& path, const std::string& name) {
    auto children = children_of(path);
    if (!children) {
      failed(children.error());
      return true;
    }
    if (children->empty()) return visit({path, name, Found::Kind::empty_directory});
    levels.push_back({path, name, std::move(*children)});
    return true;
  };
  bool goes_on = enter(directory, "");
  while (goes_on && !levels.empty()) {
    Level& level = levels.back();
    if (level.left.empty()) {
      levels.pop_back();
      continue;
    }
    const Child child = std::move(level.left.back());
    level.left.pop_back();
    const std::string path = join_path(level.path, child.name);
    const std::string name = join_path(level.name, child.name);
    goes_on = S_ISDIR(child.type) ? enter(path, name) : visit({path, name, kind_of(child.type)});
  }
}

}  // namespace files

#include "client/cli/kept_files.h"

#include <array>
#include <system_error>

#include <sys/inotify.h>
#include <unistd.h>

namespace kipu::cli {

namespace fs = std::filesystem;

KeptFiles::KeptFiles(ClusterFolder& folder)
    : folder_(folder), watch_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  look_at_folders();
}

KeptFiles::~KeptFiles() {
  if (watch_ >= 0) ::close(watch_);
}

Status KeptFiles::put(const std::string& name, std::string content) {
  const auto known = files_.find(name);
  if (known != files_.end() && known->second == content) return {};
  if (auto status = publish_file(folder_.path() / name, content); !status) return status;
  files_[name] = std::move(content);
  return {};
}

void KeptFiles::drop(const std::string& name) {
  files_.erase(name);
  std::error_code ignored;
  fs::remove(folder_.path() / name, ignored);
}

// A folder that was removed and made again is another one, to be watched anew.
void KeptFiles::look_at_folders() const {
  if (watch_ < 0) return;
  for (const fs::path& path : {folder_.path(), folder_.path() / "pids"}) {
    ::inotify_add_watch(watch_, path.c_str(),
                        IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
  }
}

void KeptFiles::heed() const {
  std::array<char, 4096> events{};
  while (::read(watch_, events.data(), events.size()) > 0) {
  }
}

std::string KeptFiles::restore() {
  std::string restored;
  if (!folder_.is_in_place()) return restored;
  if (const auto made = folder_.restore(); made && *made) restored = "lock";
  look_at_folders();
  for (const auto& [name, content] : files_) {
    std::error_code error;
    const fs::path file = folder_.path() / name;
    if (fs::symlink_status(file, error).type() != fs::file_type::not_found) continue;
    if (replace_file(file, content)) restored += (restored.empty() ? "" : ", ") + name;
  }
  return restored;
}

}  // namespace kipu::cli

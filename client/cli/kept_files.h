// The small files by which a running cluster is known: its lock, where it serves, its processes,
// what it was made with. Whoever removes one of them removes nothing that cannot be written again,
// so it is: else `down` would not find the cluster, and a second `up` would begin over it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "client/cli/cluster_folder.h"

namespace kipu::cli {

// Thread rule: one thread.
class KeptFiles {
 public:
  // REQUIRES: the lock of `folder`, which outlives this.
  explicit KeptFiles(ClusterFolder& folder);
  KeptFiles(const KeptFiles&) = delete;
  KeptFiles& operator=(const KeptFiles&) = delete;
  ~KeptFiles();

  // Writes a file of that name within the folder, unless it says that already, and keeps it from
  // then on. `io_error`.
  [[nodiscard]] Status put(const std::string& name, std::string content);
  // Keeps what is there already.
  void keep(const std::string& name, std::string content) { files_[name] = std::move(content); }
  // Removes it.
  void drop(const std::string& name);

  // Readable once something was removed from the folder, or the folder itself; negative where that
  // cannot be watched.
  int watch() const { return watch_; }
  // Makes watch() wait for the next removal.
  void heed() const;
  // Writes again what is missing, and returns the names of that.
  // Writes nothing where the folder itself was moved away.
  std::string restore();

 private:
  void look_at_folders() const;

  ClusterFolder& folder_;
  std::map<std::string, std::string> files_;
  int watch_ = -1;
};

}  // namespace kipu::cli

// The directory of a cluster that `up` runs:
//
//   cluster      what it was made with (below); written once, before anything else
//   stores       which folder held which store, so that one that is lost is still known by name
//   lock         held while a cluster runs over it; holds the process id of `up`
//   endpoint     where clients connect, while it runs
//   processes    how each process does, while it runs (process_report.h)
//   broker/      the broker's data          worker-1/ … worker-N/   the stores
//   logs/        up.log, broker.log, …      pids/    a file for each process
//
// `cluster` and `stores` are small, and easily lost: both are made anew from the stores.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include "base/ids.h"
#include "base/result.h"

namespace kipu::cli {

// What a cluster was made with.
struct ClusterRecord {
  ClusterId cluster;
  std::uint32_t workers = 0;
  std::uint32_t replicas = 1;
  std::uint32_t partitions = 0;
  bool ready = false;  // every store was made; from now on one that is missing was lost
  friend bool operator==(const ClusterRecord&, const ClusterRecord&) = default;
};

[[nodiscard]] std::string format_record(const ClusterRecord& record);
// `corrupt` if the text is not what format_record() writes.
[[nodiscard]] Result<ClusterRecord> parse_record(std::string_view text);

// By the name of the folder that holds or held it: `worker-1`.
using StoreNames = std::map<std::string, StoreId>;

[[nodiscard]] std::string format_stores(const StoreNames& stores);
// Takes of `text` the lines that it understands: the rest is learnt anew.
[[nodiscard]] StoreNames parse_stores(std::string_view text);

[[nodiscard]] inline std::string worker_folder(std::uint32_t number) {
  return "worker-" + std::to_string(number);
}

class ClusterFolder {
 public:
  explicit ClusterFolder(std::filesystem::path path) : path_(std::move(path)) {}
  ClusterFolder(ClusterFolder&& other) noexcept;
  ClusterFolder& operator=(ClusterFolder&&) = delete;
  ~ClusterFolder();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path log(const std::string& name) const {
    return path_ / "logs" / (name + ".log");
  }
  std::filesystem::path pid_file(const std::string& name) const { return path_ / "pids" / name; }

  // Makes the directory, and takes its lock for as long as this object lives, here or in a child;
  // signs it, too. `in_use` if a cluster runs over it, `io_error`.
  [[nodiscard]] Status lock();
  // Whether the directory that was locked is still called path(). REQUIRES: lock().
  [[nodiscard]] bool is_in_place() const;
  // Makes the lock's file and the folders again if someone has removed them: whether the file was
  // missing. REQUIRES: lock(). `in_use`, `io_error`.
  [[nodiscard]] Result<bool> restore();
  // The process that holds the lock, if any does.
  [[nodiscard]] std::optional<pid_t> holder() const;
  // That the lock and the logs are files, or what stands in for them: `corrupt`, `io_error`, with
  // what to type. What else there is in place of the other files is taken for damage.
  [[nodiscard]] Status check_kinds() const;
  // Writes this process's id into the lock's file.
  [[nodiscard]] Status sign_lock();

  // Nothing if no cluster was made here; `corrupt` if the record is not what save() writes.
  [[nodiscard]] Result<std::optional<ClusterRecord>> load() const;
  [[nodiscard]] Status save(const ClusterRecord& record) const;

  [[nodiscard]] StoreNames load_stores() const;
  [[nodiscard]] Status save_stores(const StoreNames& stores) const;

 private:
  [[nodiscard]] Status make_folders() const;
  // `in_use` if another process has locked this file. Closes `descriptor` then.
  [[nodiscard]] Status take(int descriptor) const;

  std::filesystem::path path_;
  int lock_ = -1;
  int directory_ = -1;  // the one that was locked, whatever it is called by now
};

// Replaces a file: write, fsync, rename, fsync of the directory.
[[nodiscard]] Status replace_file(const std::filesystem::path& file, std::string_view content);

// Replaces a file for readers, without waiting for the disk: what it says ends with this process.
[[nodiscard]] Status publish_file(const std::filesystem::path& file, std::string_view content);

// As far as that can be done without waiting for anyone.
void append_to_log(const std::filesystem::path& log, std::string_view text);

// Gives what is called `path` the first free name of `path.WHY`, `path.WHY-2`, …, and returns that.
// Nothing is ever replaced by it. `io_error`.
[[nodiscard]] Result<std::filesystem::path> set_aside(const std::filesystem::path& path,
                                                      std::string_view why);

}  // namespace kipu::cli

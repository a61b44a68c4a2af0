// What two sides hold of one bucket, in one order, walked together.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "client/cli/backup_file.h"
#include "kipu/client.h"
#include "kipu/partition.h"

namespace kipu::cli {

// The lines of one file, by partitions of a cluster that may have more or fewer than the one that
// the file was made of. Both counts are powers of two and a partition is the top bits of a hash, so
// that a partition of the one is part of a partition of the other, or is made of several.
class FileFeed {
 public:
  // Both outlive this object.
  FileFeed(const BackupFolder& folder, const CheckedFile& file, std::uint32_t target_partitions);
  // The least partition that was not taken yet and has lines; nothing at the end.
  [[nodiscard]] Result<std::optional<std::uint32_t>> next_partition();
  // Takes it: runs of lines, each by key and id.
  std::vector<std::vector<Extent>> take();
  const CheckedFile& file() const { return *file_; }

 private:
  using Runs = std::vector<std::vector<Extent>>;
  void gather();
  [[nodiscard]] Status split();

  const BackupFolder* folder_;
  const CheckedFile* file_;
  std::uint32_t target_partitions_;
  std::size_t next_section_ = 0;
  std::map<std::uint32_t, Runs> ready_;  // of sections before that
};

// The entries of a bucket in all files of a backup, each once, by partition of a cluster that has
// `target_partitions`, key and id. At most one line of each run of lines is in memory.
class HeldEntries {
 public:
  // Both outlive this object; the files are of one bucket.
  HeldEntries(const BackupFolder& folder, const std::vector<CheckedFile>& files,
              std::uint32_t target_partitions);
  // Nothing at the end. `corrupt` if a file is not what it was when it was checked.
  [[nodiscard]] Result<std::optional<Placed>> next();

 private:
  struct Run {
    LineCursor lines;
    Placed first;  // of those not returned yet
  };

  [[nodiscard]] Status open_next_partition();
  [[nodiscard]] Status open_runs(std::uint32_t partition);
  [[nodiscard]] Status push(std::unique_ptr<Run> run);

  const BackupFolder* folder_;
  std::deque<FileFeed> feeds_;
  std::uint32_t partition_ = 0;
  std::vector<std::unique_ptr<Run>> heap_;  // by `first`, the least on top
  Ascending order_;
};

// The entries of a bucket in a cluster, in the same order.
class ScannedEntries {
 public:
  ScannedEntries(Client& client, const KeysOptions& options, std::uint32_t partitions);
  ScannedEntries(const ScannedEntries&) = delete;
  ScannedEntries& operator=(const ScannedEntries&) = delete;
  // Nothing at the end.
  [[nodiscard]] Result<std::optional<Placed>> next();

 private:
  // `at_` points to it, so that this object stays where it is.
  EntryRange range_;
  std::optional<EntryRange::Iterator> at_;
  std::uint32_t partitions_;
  Ascending order_;
};

enum class Found { on_both_sides, only_scanned, only_held };
using PlacedSource = std::function<Result<std::optional<Placed>>()>;
using JoinVisitor = std::function<Status(Found, const Entry&)>;

// Walks both sides to their ends, and tells of each entry where it is. The first error ends it.
[[nodiscard]] Status join(const PlacedSource& scanned, const PlacedSource& held,
                          const JoinVisitor& visit);

}  // namespace kipu::cli

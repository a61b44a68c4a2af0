// backup.json: what a backup holds. docs/backup.md has the format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bucket.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "client/cli/backup_tally.h"

namespace kipu::cli {

// One run of `kipu backup`. The files of a run that has not ended stand in no list: they are found
// by their names, and hold what the run had come to.
struct BackupRun {
  std::uint32_t number = 0;  // from 1, ascending
  std::uint32_t partitions = 0;
  WallTime began{};
  std::optional<WallTime> ended;
  friend bool operator==(const BackupRun&, const BackupRun&) = default;
};

// A file that is complete, and never changes again.
struct BackupFile {
  std::uint32_t run = 0;
  std::string bucket;
  std::uint64_t bytes = 0;
  Tally tally;
  std::string name() const;
  friend bool operator==(const BackupFile&, const BackupFile&) = default;
};

// INVARIANT: what parse_manifest() returns names only buckets that it defines and runs that it has.
struct Manifest {
  ClusterId cluster;
  std::vector<Bucket> buckets;    // by name
  std::vector<BackupRun> runs;    // by number; not empty
  std::vector<BackupFile> files;  // by run
  friend bool operator==(const Manifest&, const Manifest&) = default;

  const Bucket* find_bucket(std::string_view name) const;
  const BackupRun* find_run(std::uint32_t number) const;
  bool lists(std::string_view file) const;
};

// `0007-logs.jsonl`: the file of a run and a bucket, and back; nothing if it is no such name.
[[nodiscard]] std::string backup_file_name(std::uint32_t run, std::string_view bucket);
[[nodiscard]] std::optional<BackupFile> parse_backup_file_name(std::string_view name);

[[nodiscard]] std::string manifest_text(const Manifest& manifest);
// `newer_format`, or `corrupt` if it is not what manifest_text() wrote.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view text);

}  // namespace kipu::cli

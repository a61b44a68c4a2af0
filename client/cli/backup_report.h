// What a backup and a restore came to, and their renderers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/backup_tally.h"
#include "client/cli/json_writer.h"
#include "client/cli/output.h"

namespace kipu::cli {

struct BucketBackup {
  std::string bucket;
  Tally held;                 // in the backup, now
  std::uint64_t written = 0;  // of these, by this run
  Tally lost = {};            // of these, no longer in the cluster
};

struct BackupReport {
  std::string directory;
  std::string way_on;  // where it was interrupted: what goes on with it, in words
  std::vector<BucketBackup> buckets;
  std::uint64_t written_bytes = 0;
  double seconds = 0;
  bool interrupted = false;

  Tally held() const;
  std::uint64_t written() const;
};

struct RestoreReport {
  std::string directory;
  std::size_t buckets = 0;
  std::size_t files = 0;
  Tally backup;               // what it holds
  std::uint64_t written = 0;  // to the cluster
  std::uint64_t there = 0;    // already
  double seconds = 0;
  bool only_checked = false;
  bool interrupted = false;
};

void render_text(const BackupReport& report, const Style& style, std::string& out);
void render_raw(const BackupReport& report, const Style& style, std::string& out);
void render_json(const BackupReport& report, JsonWriter& json);
void render_text(const RestoreReport& report, const Style& style, std::string& out);
void render_raw(const RestoreReport& report, const Style& style, std::string& out);
void render_json(const RestoreReport& report, JsonWriter& json);

}  // namespace kipu::cli

// What each command finds out, as plain data, and the renderers of each.
//
// render_text: for people. render_raw: data only, and of values every byte; of lists, columns
// separated by TAB. render_json: the members of one JSON object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/status.h"
#include "client/cli/exit_code.h"
#include "client/cli/line_fates.h"
#include "client/cli/output.h"
#include "client/cli/told_processes.h"
#include "client/cli/verdict.h"
#include "kipu/client.h"

namespace kipu::cli {

struct ValueRow {
  const Item* item = nullptr;
  bool stamps = false;  // show them in text and raw; JSON always has them
  bool kinds = false;   // a history
};

// In JSON only; as a line, it is a record (json_record.h, tsv.h).
struct EntryRow {
  const Entry* entry = nullptr;
};

struct KeyRow {
  std::string_view key;
};

struct StampRow {
  Stamp stamp;
};

struct KeyCount {
  std::string key;
  CountResult count;
};

struct KeyExistence {
  std::string key;
  bool exists = false;
};

struct KeysTotal {
  std::string prefix;
  std::uint64_t keys = 0;
};

struct ImportSummary {
  std::uint64_t imported = 0;
  std::uint64_t there = 0;   // already, before this import
  std::uint64_t untold = 0;  // stored, and nobody could tell which of the two
  std::uint64_t lines = 0;   // read, bad ones too
  std::uint64_t bad = 0;     // skipped
  double seconds = 0;
  std::uint64_t stored() const { return imported + there + untold; }
  bool interrupted = false;
};

struct PingReport {
  PingResult ping;
};

struct StatusReport {
  ClusterStatus status;
  ToldProcesses processes;  // of its supervisor, if it has one
  Verdict verdict;
};

struct RingReport {
  Ring ring;
};

struct WorkerRow {
  WorkerStatus worker;
  std::uint32_t partitions = 0;  // of the cluster
  ReplicaLag lag = {};           // of it, behind all others
  std::string name = {};         // what people call it
  std::optional<ToldProcess> process = {};
};

struct WorkerTable {
  std::vector<WorkerRow> rows;
};

[[nodiscard]] WorkerTable workers_of(const ClusterStatus& status, const ToldProcesses& processes);

struct BucketRow {
  Bucket bucket;
};

struct BucketTable {
  std::vector<BucketRow> rows;
};

struct Latencies {
  Duration p50{0};
  Duration p90{0};
  Duration p99{0};
  Duration p999{0};
  Duration max{0};
};

struct BenchReport {
  std::string what;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;  // of values
  std::optional<double> intended_rate;
  double seconds = 0;
  Latencies latencies;
  std::string first_error;
};

struct ErrorReport {
  Error error;
  Exit exit = Exit::refused;
  const LineFates* lines = nullptr;  // where lines were appended
};

struct LinesReport {
  const LineFates* lines = nullptr;
};

#define KIPU_CLI_RENDERERS(Type)                                              \
  void render_text(const Type& result, const Style& style, std::string& out); \
  void render_raw(const Type& result, const Style& style, std::string& out);  \
  void render_json(const Type& result, JsonWriter& json)

KIPU_CLI_RENDERERS(ValueRow);
KIPU_CLI_RENDERERS(EntryRow);
KIPU_CLI_RENDERERS(KeyRow);
KIPU_CLI_RENDERERS(StampRow);
KIPU_CLI_RENDERERS(KeyCount);
KIPU_CLI_RENDERERS(KeyExistence);
KIPU_CLI_RENDERERS(KeysTotal);
KIPU_CLI_RENDERERS(ImportSummary);
KIPU_CLI_RENDERERS(PingReport);
KIPU_CLI_RENDERERS(StatusReport);
KIPU_CLI_RENDERERS(RingReport);
KIPU_CLI_RENDERERS(WorkerRow);
KIPU_CLI_RENDERERS(WorkerTable);
KIPU_CLI_RENDERERS(BucketRow);
KIPU_CLI_RENDERERS(BucketTable);
KIPU_CLI_RENDERERS(BenchReport);
KIPU_CLI_RENDERERS(ErrorReport);
KIPU_CLI_RENDERERS(LinesReport);

#undef KIPU_CLI_RENDERERS

}  // namespace kipu::cli

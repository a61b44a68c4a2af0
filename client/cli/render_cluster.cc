// Renderers of what cluster commands find.
#include <map>

#include <fmt/format.h>

#include "client/cli/results.h"
#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

// What a terminal has at least.
constexpr std::size_t kTextColumns = 80;

std::string_view liveness_name(Liveness liveness) {
  switch (liveness) {
    case Liveness::never_seen:
      return "never seen";
    case Liveness::alive:
      return "alive";
    case Liveness::suspect:
      return "suspect";
  }
  return "never seen";
}

std::string share(std::uint32_t part, std::uint32_t whole) {
  if (whole == 0) return "0 %";
  return fmt::format("{:.1f} %", 100.0 * part / whole);
}

std::string engine_state(const WorkerHealth& health) {
  if (health.read_only) return "read-only";
  return format_duration(std::chrono::microseconds(health.commit_microseconds));
}

double in_seconds(Duration length) {
  return std::chrono::duration<double>(length).count();
}

// `0`, or how much and since when.
std::string lag_cell(const ReplicaLag& lag) {
  if (lag.entries == 0) return "0";
  return fmt::format("{}, {}", format_number(lag.entries), format_duration(lag.age));
}

std::string whole_cell(const WorkerHealth& health) {
  return health.not_whole == 0 ? "yes" : fmt::format("no: {}", format_number(health.not_whole));
}

void lags_json(const WorkerRow& row, JsonWriter& json) {
  json.member("lag_entries", row.lag.entries).member("lag_seconds", in_seconds(row.lag.age));
  json.key("lags").begin_array();
  for (const ReplicaLag& lag : row.worker.health.lags) {
    json.begin_object();
    json.member("replica", lag.replica.to_string()).member("entries", lag.entries);
    json.member("seconds", in_seconds(lag.age)).end_object();
  }
  json.end_array();
}

void worker_json(const WorkerRow& row, JsonWriter& json) {
  const WorkerStatus& worker = row.worker;
  const std::uint32_t partitions = row.partitions;
  const WorkerHealth& health = worker.health;
  json.member("id", worker.id.is_none() ? std::string() : worker.id.to_string());
  json.member("store", worker.store.id.to_string());
  json.member("state", liveness_name(worker.liveness));
  json.member("silent_ms", worker.silent / std::chrono::milliseconds(1));
  json.member("partitions", worker.partitions);
  json.member("share", partitions == 0 ? 0.0 : static_cast<double>(worker.partitions) / partitions);
  json.member("in_flight", worker.in_flight);
  json.member("entries_estimate", health.entries_estimate);
  json.member("disk_bytes", health.disk_bytes).member("free_bytes", health.free_bytes);
  json.member("pending_bytes", health.pending_bytes);
  json.member("commit_us", health.commit_microseconds);
  json.member("clock", format_time(health.wall)).member("read_only", health.read_only);
  json.member("whole", health.not_whole == 0).member("not_whole", health.not_whole);
  json.member("why_not_whole", health.why_not_whole);
  lags_json(row, json);
  json.member("unreadable_reads", health.unreadable.count);
  json.member("why_unreadable", health.unreadable.what);
  if (!row.process) return;
  json.key("process").begin_object();
  render_json(*row.process, json);
  json.end_object();
}

std::vector<std::string> worker_cells(const WorkerRow& row) {
  const WorkerStatus& worker = row.worker;
  return {row.name,
          std::string(liveness_name(worker.liveness)),
          share(worker.partitions, row.partitions),
          "~" + format_number(worker.health.entries_estimate),
          format_size(worker.health.disk_bytes),
          format_size(worker.health.free_bytes),
          engine_state(worker.health),
          whole_cell(worker.health),
          lag_cell(row.lag)};
}

void join(std::string& out, const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) {
    if (&cell != &cells.front()) out += '\t';
    out += cell;
  }
  out += '\n';
}

std::string map_text(const MapVersion& version) {
  if (version.is_none()) return "no map";
  return fmt::format("map generation {} epoch {}", version.generation, version.epoch);
}

std::string_view phase_name(ClusterPhase phase) {
  switch (phase) {
    case ClusterPhase::unsaid:
      return "";
    case ClusterPhase::starting:
      return "starting";
    case ClusterPhase::birth:
      return "birth";
    case ClusterPhase::recovery:
      return "recovery";
    case ClusterPhase::storing:
      return "storing";
    case ClusterPhase::in_force:
      return "in_force";
  }
  return "";
}

void version_json(std::string_view name, const MapVersion& version, JsonWriter& json) {
  json.key(name).begin_object();
  json.member("generation", version.generation)
      .member("nonce", fmt::format("{:016x}", version.nonce));
  json.member("epoch", version.epoch).end_object();
}

}  // namespace

WorkerTable workers_of(const ClusterStatus& status, const ToldProcesses& processes) {
  WorkerTable table;
  for (const WorkerStatus& worker : status.workers) {
    WorkerRow row{worker, status.partitions, lag_of(status, worker.id), name_of(worker, processes)};
    if (const ToldProcess* process = find_process(processes, worker.store)) {
      row.process = *process;
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

void render_text(const PingReport& result, const Style& /*style*/, std::string& out) {
  out += fmt::format("pong from cluster {} in {}\n", result.ping.cluster.id.to_string(),
                     format_duration(result.ping.round_trip));
}

void render_raw(const PingReport& result, const Style& style, std::string& out) {
  render_text(result, style, out);
}

void render_json(const PingReport& result, JsonWriter& json) {
  json.member("cluster", result.ping.cluster.id.to_string());
  json.member("round_trip_us", result.ping.round_trip / std::chrono::microseconds(1));
}

void render_text(const StatusReport& result, const Style& style, std::string& out) {
  const ClusterStatus& status = result.status;
  out += result.verdict.healthy() ? painted(style, Paint::green, "healthy")
                                  : painted(style, Paint::red, "unhealthy");
  out += '\n';
  // Programs that search for a reason want it in one line.
  const std::size_t width = style.format == Format::text ? kTextColumns : ~std::size_t{0};
  for (const std::string& reason : result.verdict.reasons) out += in_lines(reason, "  - ", width);
  out += fmt::format("cluster  {}\n", status.cluster.id.to_string());
  out += fmt::format("broker   up {}, clock {}, {}\n", format_duration(status.uptime),
                     format_time(status.wall), map_text(status.in_force));
  out += fmt::format("data     {} partitions, {} replica{} of each\n",
                     format_number(status.partitions), status.replicas,
                     status.replicas == 1 ? "" : "s");
  const WorkerTable workers = workers_of(status, result.processes);
  if (workers.rows.empty()) return;
  out += '\n';
  render_text(workers, style, out);
}

void render_raw(const StatusReport& result, const Style& style, std::string& out) {
  render_text(result, style, out);
}

void render_json(const StatusReport& result, JsonWriter& json) {
  const ClusterStatus& status = result.status;
  json.member("healthy", result.verdict.healthy()).key("reasons").begin_array();
  for (const std::string& reason : result.verdict.reasons) json.text(reason);
  json.end_array();
  json.member("cluster", status.cluster.id.to_string());
  version_json("map", status.in_force, json);
  json.key("broker").begin_object();
  json.member("uptime_ms", status.uptime / std::chrono::milliseconds(1));
  json.member("clock", format_time(status.wall)).end_object();
  json.member("expected_workers", status.expected_workers);
  json.member("replicas", status.replicas).member("partitions", status.partitions);
  json.member("phase", phase_name(status.phase)).member("waiting_for", status.waiting_for);
  version_json("wanted_map", status.wanted, json);
  json.member("refusing", status.refusing);
  json.key("workers").begin_array();
  for (const WorkerRow& row : workers_of(status, result.processes).rows) {
    json.begin_object();
    worker_json(row, json);
    json.end_object();
  }
  json.end_array().key("processes").begin_array();
  for (const ToldProcess& process : result.processes) {
    json.begin_object();
    render_json(process, json);
    json.end_object();
  }
  json.end_array().key("moves").begin_array().end_array();
}

void render_text(const RingReport& result, const Style& style, std::string& out) {
  std::map<WorkerId, std::string> held;
  std::map<WorkerId, std::uint32_t> counts;
  const auto& placement = result.ring.placement;
  const std::size_t per_mark = std::max<std::size_t>(placement.size() / 64, 1);
  for (std::size_t partition = 0; partition < placement.size(); ++partition) {
    for (const WorkerId worker : placement[partition]) {
      std::string& marks = held[worker];
      marks.resize((placement.size() + per_mark - 1) / per_mark, '.');
      marks[partition / per_mark] = '#';
      ++counts[worker];
    }
  }
  Table table({"worker", "partitions", "share", fmt::format("held ({} a mark)", per_mark)});
  for (const auto& [worker, marks] : held) {
    table.add({worker.to_string(), format_number(counts[worker]),
               share(counts[worker], static_cast<std::uint32_t>(placement.size())), marks});
  }
  table.render(style, out);
}

void render_raw(const RingReport& result, const Style& /*style*/, std::string& out) {
  for (std::size_t partition = 0; partition < result.ring.placement.size(); ++partition) {
    std::vector<std::string> cells{std::to_string(partition)};
    for (const WorkerId worker : result.ring.placement[partition]) {
      cells.push_back(worker.to_string());
    }
    join(out, cells);
  }
}

void render_json(const RingReport& result, JsonWriter& json) {
  json.member("partitions", result.ring.placement.size()).key("placement").begin_array();
  for (const auto& replicas : result.ring.placement) {
    json.begin_array();
    for (const WorkerId worker : replicas) json.text(worker.to_string());
    json.end_array();
  }
  json.end_array();
}

void render_text(const WorkerRow& row, const Style& /*style*/, std::string& out) {
  join(out, worker_cells(row));
}

void render_raw(const WorkerRow& row, const Style& /*style*/, std::string& out) {
  const WorkerStatus& worker = row.worker;
  join(out, {worker.id.to_string(), std::string(liveness_name(worker.liveness)),
             std::to_string(worker.partitions), std::to_string(worker.health.entries_estimate),
             std::to_string(worker.health.disk_bytes)});
}

void render_json(const WorkerRow& row, JsonWriter& json) {
  worker_json(row, json);
}

void render_text(const WorkerTable& result, const Style& style, std::string& out) {
  Table table({"worker", "state", "share", "entries", "on disk", "free", "engine", "whole", "lag"});
  for (const WorkerRow& row : result.rows) table.add(worker_cells(row));
  table.render(style, out);
}

void render_raw(const WorkerTable& result, const Style& style, std::string& out) {
  for (const WorkerRow& row : result.rows) render_raw(row, style, out);
}

void render_json(const WorkerTable& result, JsonWriter& json) {
  json.key("workers").begin_array();
  for (const WorkerRow& row : result.rows) {
    json.begin_object();
    render_json(row, json);
    json.end_object();
  }
  json.end_array();
}

void render_text(const BucketRow& row, const Style& style, std::string& out) {
  render_text(BucketTable{{row}}, style, out);
}

void render_raw(const BucketRow& row, const Style& /*style*/, std::string& out) {
  const Bucket& bucket = row.bucket;
  join(out, {bucket.name, std::string(mode_name(bucket.mode)),
             std::string(level_name(bucket.read_level)),
             std::string(level_name(bucket.write_level)), std::to_string(bucket.max_pair_bytes)});
}

void render_json(const BucketRow& row, JsonWriter& json) {
  const Bucket& bucket = row.bucket;
  json.member("name", bucket.name).member("mode", mode_name(bucket.mode));
  json.member("read", level_name(bucket.read_level));
  json.member("write", level_name(bucket.write_level));
  json.member("max_pair_bytes", bucket.max_pair_bytes);
}

void render_text(const BucketTable& result, const Style& style, std::string& out) {
  Table table({"bucket", "mode", "read", "write", "largest pair"});
  for (const auto& [bucket] : result.rows) {
    table.add({bucket.name, std::string(mode_name(bucket.mode)),
               std::string(level_name(bucket.read_level)),
               std::string(level_name(bucket.write_level)), format_size(bucket.max_pair_bytes)});
  }
  table.render(style, out);
}

void render_raw(const BucketTable& result, const Style& style, std::string& out) {
  for (const BucketRow& row : result.rows) render_raw(row, style, out);
}

void render_json(const BucketTable& result, JsonWriter& json) {
  json.key("buckets").begin_array();
  for (const BucketRow& row : result.rows) {
    json.begin_object();
    render_json(row, json);
    json.end_object();
  }
  json.end_array();
}

void render_text(const BenchReport& result, const Style& style, std::string& out) {
  const double seconds = std::max(result.seconds, 1e-9);
  out += fmt::format(
      "{}: {} in {:.2f} s = {} a second, {}/s of values\n", result.what, format_number(result.done),
      result.seconds,
      format_number(static_cast<std::uint64_t>(static_cast<double>(result.done) / seconds)),
      format_size(static_cast<std::uint64_t>(static_cast<double>(result.bytes) / seconds)));
  const Latencies& at = result.latencies;
  out += fmt::format("latency: p50 {}  p90 {}  p99 {}  p99.9 {}  max {}", format_duration(at.p50),
                     format_duration(at.p90), format_duration(at.p99), format_duration(at.p999),
                     format_duration(at.max));
  if (result.intended_rate) {
    out += fmt::format("  (from intended starts at {:g} a second)", *result.intended_rate);
  }
  out += '\n';
  if (result.failed > 0) {
    out += painted(
        style, Paint::red,
        fmt::format("failed: {}; first: {}", format_number(result.failed), result.first_error));
    out += '\n';
  }
}

void render_raw(const BenchReport& result, const Style& style, std::string& out) {
  render_text(result, style, out);
}

void render_json(const BenchReport& result, JsonWriter& json) {
  const auto microseconds = [](Duration d) {
    return std::chrono::duration<double, std::micro>(d).count();
  };
  json.member("what", result.what).member("done", result.done).member("failed", result.failed);
  json.member("value_bytes", result.bytes).member("seconds", result.seconds);
  json.member("per_second", static_cast<double>(result.done) / std::max(result.seconds, 1e-9));
  if (result.intended_rate) json.member("intended_rate", *result.intended_rate);
  json.key("latency_us").begin_object();
  json.member("p50", microseconds(result.latencies.p50));
  json.member("p90", microseconds(result.latencies.p90));
  json.member("p99", microseconds(result.latencies.p99));
  json.member("p99.9", microseconds(result.latencies.p999));
  json.member("max", microseconds(result.latencies.max)).end_object();
  if (result.failed > 0) json.member("first_error", result.first_error);
}

}  // namespace kipu::cli

// ping, status, ring, worker list, and buckets.
#include <fmt/format.h>

#include "client/cli/handlers.h"
#include "client/cli/results.h"
#include "client/cli/session.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

// A table for people; for programs a row at a time.
template <class TableResult>
void show_rows(Context& context, const TableResult& table, std::string_view name) {
  if (context.out.style().format == Format::text) {
    show(context.out, table);
    return;
  }
  List list(context.out, name);
  for (const auto& row : table.rows) list.add(row);
  list.finish();
}

Result<BucketMode> parse_mode(std::string_view text) {
  if (text == "worm") return BucketMode::worm;
  if (text == "wmrm") return BucketMode::wmrm;
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("'{}' is no mode: write worm (append only) or wmrm (put and remove)", text));
}

Status read_level(const Arguments& arguments, std::string_view name, Level& into) {
  const auto text = arguments.get(name);
  if (!text) return {};
  const auto level = of_option(name, parse_level(*text));
  if (!level) return fail(level.error());
  if (*level == Level::none) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("--{}: none is for single writes, and no bucket's default: one, quorum or all",
                    name));
  }
  into = *level;
  return {};
}

Result<Bucket> parse_bucket(const Arguments& arguments) {
  Bucket bucket;
  bucket.name = arguments.operands()[0];
  if (!is_bucket_name(bucket.name)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' is no bucket name: 1 to 64 of A-Z a-z 0-9 . _ -", bucket.name));
  }
  if (const auto text = arguments.get("mode")) {
    const auto mode = of_option("mode", parse_mode(*text));
    if (!mode) return fail(mode.error());
    bucket.mode = *mode;
  }
  if (auto status = read_level(arguments, "read", bucket.read_level); !status) {
    return fail(status.error());
  }
  if (auto status = read_level(arguments, "write", bucket.write_level); !status) {
    return fail(status.error());
  }
  if (const auto text = arguments.get("max-pair")) {
    const auto size = of_option("max-pair", parse_size(*text));
    if (!size) return fail(size.error());
    if (*size == 0 || *size > limits::kLargestMaxPairBytes) {
      return fail(ErrorCode::invalid_argument, "--max-pair lies between 1 byte and 1MiB");
    }
    bucket.max_pair_bytes = static_cast<std::uint32_t>(*size);
  }
  return bucket;
}

}  // namespace

Result<Exit> run_ping(Context& context) {
  auto client = open_client(context, Purpose::read);
  if (!client) return fail(client.error());
  CallOptions options;
  context.settings.apply(options);
  const auto ping = client->ping(options);
  if (!ping) return fail(ping.error());
  show(context.out, PingReport{*ping});
  return Exit::done;
}

Result<Exit> run_status(Context& context) {
  const auto status = ask_status(context);
  if (!status) return fail(status.error());
  const ToldProcesses processes = told_processes(status->processes);
  StatusReport result{*status, processes, judge(*status, processes)};
  for (std::string& reason : result.verdict.reasons) reason = over_same_cluster(context, reason);
  show(context.out, result);
  return result.verdict.healthy() ? Exit::done : Exit::unhealthy;
}

Result<Exit> run_ring(Context& context) {
  auto client = open_client(context, Purpose::read);
  if (!client) return fail(client.error());
  CallOptions options;
  context.settings.apply(options);
  const auto ring = client->ring(options);
  if (!ring) return fail(ring.error());
  show(context.out, RingReport{*ring});
  return Exit::done;
}

Result<Exit> run_worker_list(Context& context) {
  // Before a map is in force there are no workers to list, only those that have come: `status`.
  auto client = open_client(context, Purpose::read);
  if (!client) return fail(client.error());
  CallOptions options;
  context.settings.apply(options);
  const auto status = client->status(options);
  if (!status) return fail(status.error());
  show_rows(context, workers_of(*status, told_processes(status->processes)), "workers");
  return Exit::done;
}

Result<Exit> run_bucket_create(Context& context) {
  const auto wanted = parse_bucket(context.arguments);
  if (!wanted) return fail(wanted.error());
  auto client = open_client(context, Purpose::write);
  if (!client) return fail(client.error());
  CallOptions options;
  context.settings.apply(options);
  const auto bucket = client->create_bucket(*wanted, options);
  if (!bucket) return fail(bucket.error());
  if (!context.out.style().quiet) show(context.out, BucketRow{*bucket});
  return Exit::done;
}

Result<Exit> run_bucket_list(Context& context) {
  auto client = open_client(context, Purpose::read);
  if (!client) return fail(client.error());
  CallOptions options;
  context.settings.apply(options);
  const auto buckets = client->buckets(options);
  if (!buckets) return fail(buckets.error());
  BucketTable table;
  for (const Bucket& bucket : *buckets) table.rows.push_back({bucket});
  show_rows(context, table, "buckets");
  return Exit::done;
}

Result<Exit> run_bucket_show(Context& context) {
  auto client = open_client(context, Purpose::read);
  if (!client) return fail(client.error());
  CallOptions options;
  context.settings.apply(options);
  const auto bucket = client->bucket(context.operands()[0], options);
  if (!bucket) return fail(bucket.error());
  show(context.out, BucketRow{*bucket});
  return Exit::done;
}

}  // namespace kipu::cli

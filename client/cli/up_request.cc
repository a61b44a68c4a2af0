#include "client/cli/up_request.h"

#include <bit>

#include <fmt/format.h>

#include "base/limits.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

constexpr std::uint32_t kUsualWorkers = 3;
constexpr std::uint64_t kLastPort = 65'534;  // the one above it is the workers'

Result<std::optional<std::uint32_t>> read_number(const Arguments& arguments, std::string_view name,
                                                 std::uint64_t most) {
  const auto text = arguments.get(name);
  if (!text) return std::optional<std::uint32_t>();
  const auto number = parse_number(*text);
  if (!number) return fail(number.error());
  if (*number > most) {
    return fail(ErrorCode::invalid_argument, fmt::format("--{} is at most {}", name, most));
  }
  return std::optional<std::uint32_t>(static_cast<std::uint32_t>(*number));
}

Status check_replicas(const Arguments& arguments) {
  const auto replicas = read_number(arguments, "replicas", limits::kMaxWorkers);
  if (!replicas) return fail(replicas.error());
  if (!*replicas || **replicas == 1) return {};
  if (**replicas == 0) return fail(ErrorCode::invalid_argument, "--replicas is at least 1");
  return fail(ErrorCode::unsupported,
              "this version keeps one replica of each partition: replication is still to come; "
              "leave out --replicas, or give 1");
}

}  // namespace

Result<UpRequest> parse_up(const Arguments& arguments) {
  UpRequest request;
  if (auto status = check_replicas(arguments); !status) return fail(status.error());
  if (const auto data = arguments.get("data")) request.data = std::string(*data);
  if (request.data.empty()) return fail(ErrorCode::invalid_argument, "--data needs a directory");
  const auto workers = read_number(arguments, "workers", limits::kMaxWorkers);
  if (!workers) return fail(workers.error());
  if (*workers && **workers == 0) {
    return fail(ErrorCode::invalid_argument, "--workers is at least 1");
  }
  request.workers = *workers;
  const auto partitions = read_number(arguments, "partitions", limits::kMaxPartitions);
  if (!partitions) return fail(partitions.error());
  if (*partitions && !std::has_single_bit(**partitions)) {
    return fail(ErrorCode::invalid_argument, "--partitions is a power of two, such as 1024");
  }
  request.partitions = *partitions;
  const auto port = read_number(arguments, "port", kLastPort);
  if (!port) return fail(port.error());
  if (*port) request.port = static_cast<std::uint16_t>(**port);
  request.detach = arguments.has("detach");
  return request;
}

Result<ClusterRecord> settle_record(const UpRequest& request,
                                    const std::optional<ClusterRecord>& found, ClusterId fresh) {
  if (!found) {
    return ClusterRecord{fresh, request.workers.value_or(kUsualWorkers), 1,
                         request.partitions.value_or(limits::kDefaultPartitions), false};
  }
  if (request.workers && *request.workers != found->workers) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} was made with {} {}, and this version cannot change that: "
                            "leave out --workers, or name another directory with --data",
                            request.data.string(), found->workers,
                            found->workers == 1 ? "worker" : "workers"));
  }
  if (request.partitions && *request.partitions != found->partitions) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} was made with {} partitions, which never changes: leave out "
                            "--partitions, or name another directory with --data",
                            request.data.string(), found->partitions));
  }
  return *found;
}

}  // namespace kipu::cli

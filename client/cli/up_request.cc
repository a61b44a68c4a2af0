#include "client/cli/up_request.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "base/limits.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

constexpr std::uint32_t kUsualWorkers = 3;
constexpr std::uint32_t kUsualReplicas = 3;
constexpr std::uint64_t kLastPort = 65'534;  // the one above it is the workers'

Result<std::optional<std::uint32_t>> read_number(const Arguments& arguments, std::string_view name,
                                                 std::uint64_t most) {
  const auto text = arguments.get(name);
  if (!text) return std::optional<std::uint32_t>();
  const auto number = of_option(name, parse_number(*text));
  if (!number) return fail(number.error());
  if (*number > most) {
    return fail(ErrorCode::invalid_argument, fmt::format("--{} is at most {}", name, most));
  }
  return std::optional<std::uint32_t>(static_cast<std::uint32_t>(*number));
}

// As read_number(), of what there has to be at least one.
Result<std::optional<std::uint32_t>> read_count(const Arguments& arguments, std::string_view name,
                                                std::uint64_t most) {
  auto number = read_number(arguments, name, most);
  if (!number || !*number || **number > 0) return number;
  return fail(ErrorCode::invalid_argument, fmt::format("--{} is at least 1", name));
}

// Where both are given; else there are as many workers as it takes.
Status check_replicas(const UpRequest& request) {
  if (!request.replicas || !request.workers || *request.replicas <= *request.workers) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("--replicas {} needs as many workers: give --workers {}",
                          *request.replicas, *request.replicas));
}

ClusterRecord new_record(const UpRequest& request, ClusterId fresh) {
  ClusterRecord record;
  record.cluster = fresh;
  record.workers = request.workers.value_or(std::max(kUsualWorkers, request.replicas.value_or(1)));
  record.replicas = request.replicas.value_or(std::min(kUsualReplicas, record.workers));
  record.partitions = request.partitions.value_or(limits::kDefaultPartitions);
  return record;
}

Status check_same(const UpRequest& request, std::string_view option,
                  const std::optional<std::uint32_t>& wanted, std::uint32_t made,
                  std::string_view one, std::string_view several) {
  if (!wanted || *wanted == made) return {};
  return fail(ErrorCode::unsupported,
              fmt::format("{} was made with {} {}, and this version cannot change that: leave out "
                          "--{}, or name another directory with --data",
                          request.data.string(), made, made == 1 ? one : several, option));
}

}  // namespace

Result<UpRequest> parse_up(const Arguments& arguments) {
  UpRequest request;
  if (const auto data = arguments.get("data")) request.data = std::string(*data);
  if (request.data.empty()) return fail(ErrorCode::invalid_argument, "--data needs a directory");
  const auto workers = read_count(arguments, "workers", limits::kMaxWorkers);
  if (!workers) return fail(workers.error());
  request.workers = *workers;
  const auto replicas = read_count(arguments, "replicas", limits::kMaxWorkers);
  if (!replicas) return fail(replicas.error());
  request.replicas = *replicas;
  if (auto enough = check_replicas(request); !enough) return fail(enough.error());
  const auto partitions = read_number(arguments, "partitions", limits::kMaxPartitions);
  if (!partitions) return fail(partitions.error());
  if (*partitions && !std::has_single_bit(**partitions)) {
    return fail(ErrorCode::invalid_argument, "--partitions is a power of two, such as 1024");
  }
  request.partitions = *partitions;
  const auto port = read_number(arguments, "port", kLastPort);
  if (!port) return fail(port.error());
  if (*port) request.port = static_cast<std::uint16_t>(**port);
  if (const auto reserve = arguments.get("reserve")) {
    const auto bytes = parse_size(*reserve);
    if (!bytes) return fail(bytes.error());
    request.reserve = *bytes;
  }
  request.detach = arguments.has("detach");
  return request;
}

Result<ClusterRecord> settle_record(const UpRequest& request,
                                    const std::optional<ClusterRecord>& found, ClusterId fresh) {
  if (!found) return new_record(request, fresh);
  auto same = check_same(request, "workers", request.workers, found->workers, "worker", "workers");
  if (!same) return fail(same.error());
  same = check_same(request, "replicas", request.replicas, found->replicas,
                    "replica of each partition", "replicas of each partition");
  if (!same) return fail(same.error());
  if (request.partitions && *request.partitions != found->partitions) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} was made with {} partitions, which never changes: leave out "
                            "--partitions, or name another directory with --data",
                            request.data.string(), found->partitions));
  }
  return *found;
}

}  // namespace kipu::cli

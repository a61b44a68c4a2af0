#include "client/cli/verdict.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

// A commit that takes this long means that the disk, not the load, is the trouble.
constexpr std::uint64_t kSlowCommitMicroseconds = 1'000'000;
// Half of what coordinators refuse, so that it shows before anything is refused.
constexpr Duration kClockDistance = limits::kMaxClockSkew / 2;

void judge_liveness(const WorkerStatus& worker, Verdict& verdict) {
  if (worker.liveness == Liveness::suspect) {
    verdict.reasons.push_back(fmt::format("{} is suspect: silent for {}; its {} partitions wait",
                                          worker.id.to_string(), format_duration(worker.silent),
                                          worker.partitions));
  }
  if (worker.liveness == Liveness::never_seen) {
    verdict.reasons.push_back(
        fmt::format("{} has not been seen since the broker started", worker.id.to_string()));
  }
}

void judge_health(const WorkerStatus& worker, WallTime broker, Verdict& verdict) {
  const WorkerHealth& health = worker.health;
  if (health.read_only) {
    verdict.reasons.push_back(fmt::format("{} is read-only: its disk is nearly full ({} free)",
                                          worker.id.to_string(), format_size(health.free_bytes)));
  }
  if (health.commit_microseconds > kSlowCommitMicroseconds) {
    verdict.reasons.push_back(
        fmt::format("the engine of {} lags: a commit took {}", worker.id.to_string(),
                    format_duration(std::chrono::microseconds(health.commit_microseconds))));
  }
  const Duration ahead = health.wall - (broker - worker.silent);
  if (ahead > kClockDistance || ahead < -kClockDistance) {
    verdict.reasons.push_back(fmt::format("the clock of {} is {} {} the broker's",
                                          worker.id.to_string(),
                                          format_duration(std::chrono::abs(ahead)),
                                          ahead > Duration::zero() ? "ahead of" : "behind"));
  }
}

}  // namespace

Verdict judge(const ClusterStatus& status) {
  Verdict verdict;
  if (status.in_force.is_none()) {
    verdict.reasons.push_back(fmt::format("no cluster map is in force{}{}",
                                          status.waiting_for.empty() ? "" : ": ",
                                          status.waiting_for));
  }
  for (const WorkerStatus& worker : status.workers) {
    judge_liveness(worker, verdict);
    if (worker.liveness == Liveness::alive) judge_health(worker, status.wall, verdict);
  }
  return verdict;
}

}  // namespace kipu::cli

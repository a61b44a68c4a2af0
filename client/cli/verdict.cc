#include "client/cli/verdict.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/limits.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

// A commit that takes this long means that the disk, not the load, is the trouble.
constexpr std::uint64_t kSlowCommitMicroseconds = 1'000'000;
// Half of what coordinators refuse, so that it shows before anything is refused.
constexpr Duration kClockDistance = limits::kMaxClockSkew / 2;

// A replica that was stopped catches up within seconds; one that does not needs a look.
constexpr Duration kLongLag = std::chrono::seconds(10);

void judge_liveness(const WorkerStatus& worker, std::uint32_t replicas, Verdict& verdict) {
  if (worker.liveness == Liveness::suspect) {
    const std::string_view what =
        replicas == 1 ? "wait" : "are left to their other replicas, and it will lag";
    verdict.reasons.push_back(fmt::format("{} is suspect: silent for {}; its {} partitions {}",
                                          worker.id.to_string(), format_duration(worker.silent),
                                          worker.partitions, what));
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

void judge_replica(const WorkerStatus& worker, const ClusterStatus& status, Verdict& verdict) {
  const WorkerHealth& health = worker.health;
  if (health.not_whole > 0) {
    verdict.reasons.push_back(fmt::format(
        "{} is not whole: {} of its partitions are not served by it yet{}{}", worker.id.to_string(),
        health.not_whole, health.why_not_whole.empty() ? "" : ": ", health.why_not_whole));
  }
  const ReplicaLag lag = lag_of(status, worker.id);
  if (lag.age > kLongLag) {
    verdict.reasons.push_back(fmt::format("{} lags behind by {} entries, the oldest of {} ago",
                                          worker.id.to_string(), format_number(lag.entries),
                                          format_duration(lag.age)));
  }
}

}  // namespace

ReplicaLag lag_of(const ClusterStatus& status, WorkerId replica) {
  ReplicaLag sum;
  sum.replica = replica;
  for (const WorkerStatus& origin : status.workers) {
    for (const ReplicaLag& lag : origin.health.lags) {
      if (lag.replica != replica) continue;
      sum.entries += lag.entries;
      sum.age = std::max(sum.age, lag.age);
    }
  }
  return sum;
}

Verdict judge(const ClusterStatus& status) {
  Verdict verdict;
  if (status.in_force.is_none()) {
    verdict.reasons.push_back(fmt::format("no cluster map is in force{}{}",
                                          status.waiting_for.empty() ? "" : ": ",
                                          status.waiting_for));
  }
  for (const WorkerStatus& worker : status.workers) {
    judge_liveness(worker, status.replicas, verdict);
    if (worker.liveness != Liveness::alive) continue;
    judge_health(worker, status.wall, verdict);
    judge_replica(worker, status, verdict);
  }
  return verdict;
}

}  // namespace kipu::cli

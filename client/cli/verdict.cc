#include "client/cli/verdict.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "client/cli/absence.h"
#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

// A commit that takes this long means that the disk, not the load, is the trouble.
constexpr std::uint64_t kSlowCommitMicroseconds = 1'000'000;
// Half of what coordinators refuse, so that it shows before anything is refused.
constexpr Duration kClockDistance = limits::kMaxClockSkew / 2;

// A replica that was stopped catches up within seconds; one that does not needs a look.
constexpr Duration kLongLag = std::chrono::seconds(10);

// A sentence that names more is not read.
constexpr std::size_t kMostNamed = 12;

// Of a store's id: enough to tell the stores of a cluster apart.
constexpr std::size_t kShownDigits = 8;

// How a worker that is not alive shows, and what that means, where nobody says why.
std::string absence_of(const WorkerStatus& worker, std::uint32_t replicas) {
  if (worker.liveness == Liveness::never_seen) {
    return fmt::format("{} has not been seen since the broker started", worker.id.to_string());
  }
  const std::string_view what =
      replicas == 1 ? "wait" : "are left to their other replicas, and it will lag";
  return fmt::format("{} is suspect: silent for {}; its {} partitions {}", worker.id.to_string(),
                     format_duration(worker.silent), worker.partitions, what);
}

// What a supervisor says of processes of which no worker is known here: before the workers have
// come, and where a store cannot be read.
std::vector<std::string> why_others_are_absent(const ClusterStatus& status,
                                               const ToldProcesses& processes) {
  std::vector<std::string> reasons;
  for (const ToldProcess& process : processes) {
    const bool is_known = !process.store.is_none() &&
                          std::ranges::find(status.workers, process.store, &WorkerStatus::store) !=
                              status.workers.end();
    const bool is_awaited = process.is_down() || status.in_force.is_none();
    if (is_known || !is_awaited || process.name == "broker") continue;
    reasons.push_back(why_absent(process, status.wall));
  }
  return reasons;
}

// Of a worker whose process is known, or not. Before a map is in force, what is waited for names
// those that have not come.
void judge_absence(const WorkerStatus& worker, const ClusterStatus& status,
                   const ToldProcess* process, bool hint, Verdict& verdict) {
  if (process != nullptr) {
    verdict.reasons.push_back(why_absent(worker, *process, status.wall));
  } else if (!status.in_force.is_none()) {
    const std::string absence = absence_of(worker, status.replicas);
    verdict.reasons.push_back(hint ? fmt::format("{}; {}", absence, where_to_look(worker))
                                   : absence);
  }
}

// ": worker-1, worker-3", at a birth.
std::string those_that_have_come(const ClusterStatus& status, const ToldProcesses& processes) {
  if (status.phase != ClusterPhase::birth || status.workers.size() > kMostNamed) return {};
  std::string text;
  for (const WorkerStatus& worker : status.workers) {
    text += (text.empty() ? ": " : ", ") + name_of(worker, processes);
  }
  return text;
}

void judge_phase(const ClusterStatus& status, const ToldProcesses& processes, Verdict& verdict) {
  if (!status.in_force.is_none()) return;
  std::string reason = "the cluster is not ready yet: it waits for " +
                       (status.waiting_for.empty() ? "a cluster map" : status.waiting_for) +
                       those_that_have_come(status, processes);
  const bool someone_is_away = status.phase == ClusterPhase::starting ||
                               status.phase == ClusterPhase::birth ||
                               std::ranges::any_of(status.workers, [](const WorkerStatus& worker) {
                                 return worker.liveness != Liveness::alive;
                               });
  if (processes.empty() && someone_is_away) {
    reason += "; the logs of those that have not come, on their hosts, say why";
  }
  verdict.reasons.push_back(std::move(reason));
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
  const UnreadableReads& unreadable = health.unreadable;
  if (unreadable.count > 0) {
    const std::string remedy =
        status.replicas > 1
            ? fmt::format(
                  "the other replicas answer in its place, and `kipu worker replace {}` says "
                  "how to fill it anew from them",
                  worker.id.to_string())
            : "no other replica has it; `kipu help restore` says how a backup brings it back";
    verdict.reasons.push_back(
        fmt::format("{} cannot read a part of its store, in {} reads since {}: {}; {}",
                    worker.id.to_string(), format_number(unreadable.count),
                    format_time(unreadable.since), printable(unreadable.what), remedy));
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

std::string name_of(const WorkerStatus& worker, const ToldProcesses& processes) {
  if (!worker.id.is_none()) return worker.id.to_string();
  const ToldProcess* process = find_process(processes, worker.store);
  return process != nullptr ? printable(process->name)
                            : "store " + worker.store.id.to_string().substr(0, kShownDigits);
}

Verdict judge(const ClusterStatus& status, const ToldProcesses& processes) {
  Verdict verdict;
  judge_phase(status, processes, verdict);
  if (!status.refusing.empty()) {
    verdict.reasons.push_back("the broker refuses requests: " + printable(status.refusing));
  }
  std::vector<std::string> others = why_others_are_absent(status, processes);
  for (const WorkerStatus& worker : status.workers) {
    if (worker.liveness != Liveness::alive) {
      // One of the others may be it.
      judge_absence(worker, status, find_process(processes, worker.store), others.empty(), verdict);
    } else if (!worker.id.is_none()) {
      judge_health(worker, status.wall, verdict);
      judge_replica(worker, status, verdict);
    }
  }
  std::ranges::move(others, std::back_inserter(verdict.reasons));
  return verdict;
}

}  // namespace kipu::cli

#include "tests/sim/checkers/admission.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/limits.h"
#include "tests/sim/checkers/model.h"

namespace kipu::sim {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

}  // namespace

void AdmissionModel::on_start(const std::string& worker) {
  workers_[worker] = Worker{};
}

void AdmissionModel::on_time(const std::string& worker, Now now) {
  WallTime& latest = workers_[worker].latest;
  latest = std::max(latest, now.wall);
}

void AdmissionModel::on_asked(const std::string& worker, Now now, Duration remaining,
                              const Entry& entry) {
  on_time(worker, now);
  Instant& until = workers_[worker].wanted[entry.id()];
  until = std::max(until, now.instant + remaining);
}

void AdmissionModel::on_committing(const std::string& worker, Now now, const Entry& entry) {
  on_time(worker, now);
  const Worker& known = workers_[worker];
  const milliseconds ahead = entry.stamp.time.wall() - known.latest;
  if (ahead > limits::kMaxClockSkew) {
    verdict_.fail("stamps", fmt::format("{} stores a stamp {} ms ahead of its clock: {}", worker,
                                        ahead.count(), describe(entry)));
  }
  const auto wanted = known.wanted.find(entry.id());
  if (wanted == known.wanted.end()) {
    verdict_.fail("I2", worker + " stores what nobody asked it to: " + describe(entry));
  } else if (wanted->second <= now.instant) {
    verdict_.fail("deadlines",
                  fmt::format("{} stores what nobody waits for since {} ms: {}", worker,
                              duration_cast<milliseconds>(now.instant - wanted->second).count(),
                              describe(entry)));
  }
}

void AdmissionModel::on_sent(const std::string& client, Duration remaining, Duration waits) {
  if (remaining <= waits) return;
  verdict_.fail("deadlines", fmt::format("{} asks for {} ms, and waits for {}", client,
                                         duration_cast<milliseconds>(remaining).count(),
                                         duration_cast<milliseconds>(waits).count()));
}

}  // namespace kipu::sim

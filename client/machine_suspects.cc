#include "client/machine_suspects.h"

#include <algorithm>

#include "base/check.h"

namespace kipu::client {

bool accuses(ErrorCode code) {
  return code == ErrorCode::unavailable || code == ErrorCode::outcome_unknown ||
         code == ErrorCode::deadline_exceeded || code == ErrorCode::read_only ||
         code == ErrorCode::clock_skew;
}

bool Suspects::raise(WorkerId worker, Instant now) {
  const bool is_new = !contains(worker, now);
  std::erase_if(until_, [now](const auto& item) { return item.second <= now; });
  until_[worker] = now + length_;
  return is_new;
}

bool Suspects::contains(WorkerId worker, Instant now) const {
  const auto found = until_.find(worker);
  return found != until_.end() && found->second > now;
}

WorkerId Suspects::choose(const schema::Replicas& replicas, Instant now) const {
  KIPU_CHECK(!replicas.empty());
  const auto good = std::find_if(replicas.begin(), replicas.end(),
                                 [&](WorkerId id) { return !contains(id, now); });
  if (good != replicas.end()) return *good;
  return *std::min_element(replicas.begin(), replicas.end(),
                           [this](WorkerId a, WorkerId b) { return until_.at(a) < until_.at(b); });
}

}  // namespace kipu::client

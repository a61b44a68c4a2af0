#include "tests/sim/checkers/leases.h"

#include <algorithm>

namespace kipu::sim {

void LeaseModel::on_answered(const std::string& worker, Instant sent, Instant now) {
  if (sent > now) return;  // of a former life
  Instant& until = until_[worker];
  until = std::max(until, sent + length_);
}

void LeaseModel::on_vouched(const std::string& worker, Instant now, const std::string& what) {
  const auto found = until_.find(worker);
  if (found != until_.end() && now < found->second) return;
  verdict_.fail("lease", worker + " has no lease, and " + what);
}

}  // namespace kipu::sim

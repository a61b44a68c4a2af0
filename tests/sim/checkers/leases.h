// That a worker vouches for what it holds only while the broker's word lasts: without a lease it
// acknowledges nothing, tells nobody that it holds anything, and begins no read of several
// replicas.
//
// A lease lasts so long from when the worker sent what the broker answered, by the worker's clock.
#pragma once

#include <map>
#include <string>

#include "base/time.h"
#include "tests/sim/checkers/verdict.h"

namespace kipu::sim {

class LeaseModel {
 public:
  LeaseModel(Verdict& verdict, Duration length) : verdict_(verdict), length_(length) {}

  // A life of it begins: it has no lease, and another clock.
  void on_start(const std::string& worker) { until_.erase(worker); }
  // It got the broker's answer to what it sent then.
  void on_answered(const std::string& worker, Instant sent, Instant now);
  // It does what only a worker with a lease may do.
  void on_vouched(const std::string& worker, Instant now, const std::string& what);

 private:
  Verdict& verdict_;
  const Duration length_;
  std::map<std::string, Instant> until_;
};

}  // namespace kipu::sim

// What a worker may take in as a coordinator, from the outside: told of every request that it gets,
// and of every commit that it begins.
//
//  1  No stamp lies further ahead of its wall clock than is allowed.
//  2  Nothing is stored for which nobody waits any more: a request's time goes on while the request
//     is under way, and while it waits.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/entry.h"
#include "base/time.h"
#include "tests/sim/checkers/verdict.h"

namespace kipu::sim {

class AdmissionModel {
 public:
  explicit AdmissionModel(Verdict& verdict) : verdict_(verdict) {}

  // A life of it begins, with another clock.
  void on_start(const std::string& worker);
  // It looks at its clocks: whatever it checks now, it checks against them.
  void on_time(const std::string& worker, Now now);
  void on_asked(const std::string& worker, Now now, Duration remaining, const Entry& entry);
  // It begins to commit, as coordinator, what no disk had yet.
  void on_committing(const std::string& worker, Now now, const Entry& entry);
  // A client sends a request, and waits for it no longer than that.
  void on_sent(const std::string& client, Duration remaining, Duration waits);

 private:
  struct Worker {
    WallTime latest;                    // that its wall clock showed
    std::map<EntryId, Instant> wanted;  // until then somebody waits
  };
  Verdict& verdict_;
  std::map<std::string, Worker> workers_;
};

}  // namespace kipu::sim

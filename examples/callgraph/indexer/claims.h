// Which parts of the project were read in this run, so that a header that many translation units
// see is read once.
//
// Thread rule: any number of threads at once.
#pragma once

#include <mutex>
#include <string>
#include <unordered_set>

namespace callgraph {

class Claims {
 public:
  // True for the first who asks for `part`; the others need not read it.
  [[nodiscard]] bool take(const std::string& part) {
    const std::lock_guard lock(mutex_);
    return taken_.insert(part).second;
  }

  [[nodiscard]] bool has(const std::string& part) const {
    const std::lock_guard lock(mutex_);
    return taken_.contains(part);
  }

 private:
  mutable std::mutex mutex_;  // guards taken_
  std::unordered_set<std::string> taken_;
};

}  // namespace callgraph

// Paths that some thread is changing: each by one thread at a time.
//
// Thread rule: any number of threads at once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace callgraph {

class BusyPaths {
 public:
  // Gives the paths back when it goes.
  class Claim {
   public:
    Claim(BusyPaths& busy, std::vector<std::string> paths)
        : busy_(&busy), paths_(std::move(paths)) {}
    ~Claim() { busy_->release(paths_); }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

   private:
    BusyPaths* busy_;
    std::vector<std::string> paths_;
  };

  // Waits until all of them are free. They are taken at once, so that no two threads can each hold
  // what the other waits for. REQUIRES: the thread has no other claim.
  Claim claim(std::vector<std::string> paths) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return none_taken(paths); });
    taken_.insert(paths.begin(), paths.end());
    return {*this, std::move(paths)};
  }

 private:
  bool none_taken(const std::vector<std::string>& paths) const {
    for (const std::string& path : paths) {
      if (taken_.contains(path)) return false;
    }
    return true;
  }
  void release(const std::vector<std::string>& paths) {
    {
      const std::lock_guard lock(mutex_);
      for (const std::string& path : paths) taken_.erase(path);
    }
    changed_.notify_all();
  }

  std::mutex mutex_;  // guards taken_
  std::condition_variable changed_;
  std::set<std::string> taken_;
};

}  // namespace callgraph

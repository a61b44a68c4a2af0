// Timers of a machine: at most one per key, due in order of time and then of key.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/time.h"

namespace kipu::client {

template <class Key>
class Timers {
 public:
  // Replaces the timer that `key` has; never() only takes it away.
  void set(const Key& key, Instant at) {
    clear(key);
    if (at == Instant::never()) return;
    by_key_.emplace(key, at);
    by_time_.emplace(at, key);
  }

  void clear(const Key& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    by_time_.erase({found->second, key});
    by_key_.erase(found);
  }

  Instant next() const { return by_time_.empty() ? Instant::never() : by_time_.begin()->first; }

  // Takes the first timer that is due by `now`.
  std::optional<Key> pop_due(Instant now) {
    if (next() > now || by_time_.empty()) return std::nullopt;
    Key key = by_time_.begin()->second;
    clear(key);
    return key;
  }

 private:
  std::map<Key, Instant> by_key_;
  std::set<std::pair<Instant, Key>> by_time_;
};

}  // namespace kipu::client

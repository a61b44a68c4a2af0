// The ways between processes, one each way for any two of them, and what they do to messages: a
// message may be late, out of order, lost, duplicated or altered, and a way may be cut, lose many,
// or be clogged for a while. Each way has randomness of its own, so that what happens on one
// changes nothing on another.
//
// Faults that may happen here: any, on any way. heal() ends them all.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "base/random.h"
#include "schema/messages.h"
#include "tests/sim/alter.h"
#include "tests/sim/process.h"

namespace kipu::sim {

class Paths {
 public:
  explicit Paths(World& world) : world_(world), options_(world.options.network) {}

  // Calls `deliver` with the message when it arrives: never, once or twice.
  template <class Deliver>
  void carry(const Process& from, const Process& to, schema::Message message, Deliver deliver) {
    ++world_.totals.messages;
    Way& way = way_between(from, to);
    if (chance(way, options_.altered) && alter(message, way.rng)) ++world_.totals.altered;
    if (chance(way, options_.duplicated)) {
      post(way, {message.envelope, message.body.copy()}, deliver);
    }
    post(way, std::move(message), std::move(deliver));
  }
  // The transport takes nothing of a message now.
  bool refuses(const Process& from, const Process& to) {
    return chance(way_between(from, to), options_.refused);
  }
  // Another worker gets a copy of a request.
  bool strays(const Process& from, const Process& to) {
    return chance(way_between(from, to), options_.strayed);
  }
  bool chance(const Process& from, const Process& to, std::uint32_t of_ten_thousand) {
    return chance(way_between(from, to), of_ten_thousand);
  }
  Duration delay(const Process& from, const Process& to) { return delay(way_between(from, to)); }
  bool is_cut(const Process& from, const Process& to) {
    return way_between(from, to).cut_until > world_.now();
  }

  // Nothing passes for so long.
  void cut(const Process& from, const Process& to, Duration length);
  // Of 10,000 messages so many are lost, for so long.
  void thin(const Process& from, const Process& to, std::uint32_t lost, Duration length);
  // What is sent arrives only after so long, all at once.
  void clog(const Process& from, const Process& to, Duration length);
  void heal();

 private:
  struct Way {
    explicit Way(std::uint64_t seed) : rng(seed) {}
    Rng rng;
    Duration cut_until{0};
    Duration thin_until{0};
    std::uint32_t thin_lost = 0;
    Duration clogged_until{0};
  };

  template <class Deliver>
  void post(Way& way, schema::Message message, Deliver deliver) {
    if (loses(way)) return;
    world_.scheduler.after(delay(way),
                           [deliver = std::move(deliver), held = std::move(message)]() mutable {
                             deliver(std::move(held));
                           });
  }
  static bool chance(Way& way, std::uint32_t of_ten_thousand) {
    return of_ten_thousand > 0 && way.rng.below(10'000) < of_ten_thousand;
  }
  Way& way_between(const Process& from, const Process& to);
  bool loses(Way& way) const;
  Duration delay(Way& way) const;

  World& world_;
  NetworkOptions options_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Way> ways_;  // by numbers of processes
};

}  // namespace kipu::sim

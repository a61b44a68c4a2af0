// What the parts of the client machine share, and the words for how calls end.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "base/time.h"
#include "client/machine.h"
#include "client/machine_calls.h"
#include "client/machine_session.h"
#include "client/machine_suspects.h"

namespace kipu::client {

// How long to wait before the attempt after `failures` failed ones (at least 1): doubled with each,
// and drawn from the upper half, so that clients do not come back all at once.
[[nodiscard]] Duration backoff(const Config& config, Rng& rng, std::uint32_t failures);

// The time to wait for the attempt after one that went unanswered for `timeout`.
[[nodiscard]] Duration longer(Duration timeout);

struct Core {
  Core(Config with, Rng random, Now now)
      : config(std::move(with)),
        rng(random),
        session(config, rng, ids, now.instant),
        suspects(config.suspicion) {}
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  Core(Core&&) = delete;
  Core& operator=(Core&&) = delete;
  ~Core() = default;

  const Config config;
  Rng rng;
  RequestIds ids;
  Calls calls;
  Session session;
  Suspects suspects;
};

// What a peer's error means for a call.
enum class Treatment : std::uint8_t {
  give_up,    // the answer is final
  try_again,  // after a back-off
  fetch_map,  // and then try again
};
[[nodiscard]] Treatment treat(const Error& error);

// How a write ends whose last answer was `error`: with that, unless an earlier attempt may have
// been done.
[[nodiscard]] Error concluded(const Pending& call, const Error& error);

// How a call ends whose deadline has come.
[[nodiscard]] Error expired(const Pending& call, const Session& session, bool is_write);

// How a call ends that its caller gave up.
[[nodiscard]] Error cancelled(const Pending& call, bool is_write);

}  // namespace kipu::client

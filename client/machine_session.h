// The connection to the brokers: which one is talked to, whether it has answered, and the newest
// cluster map.
//
//  1. Nothing but hellos, pings and status goes to a broker before it has answered a hello with a
//     map of our cluster: so no entry reaches a foreign cluster after a change of brokers.
//  2. The map is only ever replaced by a newer one of the same cluster.
//  3. Without calls under way it sends nothing, but for the first hello.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/error.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "client/machine.h"

namespace kipu::client {

// Ids of requests, never used twice by one machine.
class RequestIds {
 public:
  std::uint64_t next() { return ++last_; }

 private:
  std::uint64_t last_ = 0;
};

class Session {
 public:
  // The references outlive the session.
  Session(const Config& config, Rng& rng, RequestIds& ids, Instant now);

  std::size_t broker() const { return broker_; }
  bool ready() const { return ready_; }
  const MapReply& map() const { return map_; }  // null until the first
  // What kept the broker from answering a hello with a map, if it said so.
  const std::optional<Error>& reason() const { return reason_; }
  bool heard_since(Instant at) const { return heard_ && *heard_ >= at; }

  // Asks for a map that is no older than this moment. fetched(ticket) is true once it is here.
  std::uint64_t want_map();
  bool fetched(std::uint64_t ticket) const { return fetched_ >= ticket; }

  // A message has come from `broker`.
  void heard(Instant now, std::size_t broker);
  // A map has come: `wrong_cluster` if it is not of ours, `malformed` if it is none.
  [[nodiscard]] Status accept(schema::ClusterMap map, Effects& effects);
  // Whether a hello had this request id.
  bool owns(std::uint64_t request_id) const;
  // A hello has been answered with a map that was accepted.
  void on_greeted(std::size_t broker, std::uint64_t request_id, Effects& effects);
  // A hello has been answered with an error, or could not be sent.
  void on_refused(Instant now, std::uint64_t request_id, const Error& error, Effects& effects);
  // This is another cluster, or another protocol: nothing is said until a new call comes.
  void refuse_broker(Instant now);

  // Says hello where it is due. `calls`: there are some under way. `answers`: some wait for one.
  void step(Instant now, bool calls, bool answers, Effects& effects);
  Instant next_tick(bool calls) const;

 private:
  struct Hello {
    std::uint64_t request_id = 0;
    std::uint64_t number = 0;  // of the hellos said; see want_map
    std::size_t broker = 0;
    Instant sent;
  };

  bool hello_wanted(Instant now) const;
  Instant silent_at() const;
  void say_hello(Instant now, Effects& effects);
  void on_unanswered(Instant now, Effects& effects);
  void leave_broker(Instant now);

  const Config& config_;
  Rng& rng_;
  RequestIds& ids_;
  const Instant created_;

  std::size_t broker_ = 0;
  bool ready_ = false;
  MapReply map_;
  std::optional<Error> reason_;
  std::optional<Instant> heard_;  // from any broker

  std::deque<Hello> hellos_;      // the latest, whose answers are taken however late they come
  bool waits_for_hello_ = false;  // for the answer to the last of hellos_
  std::uint64_t said_ = 0;        // hellos
  std::uint64_t wanted_ = 0;      // the number of the hello whose map is wanted
  std::uint64_t fetched_ = 0;     // the number of the last hello that brought a map
  std::uint32_t failures_ = 0;    // brokers left since one answered
  Instant next_hello_;            // while not ready
  std::optional<Instant> heard_current_;  // from the current broker
  std::optional<Instant> awaiting_since_;
};

}  // namespace kipu::client

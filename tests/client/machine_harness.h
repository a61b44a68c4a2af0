// A client machine with its brokers played by the test: virtual time, every message kept until the
// test takes and answers it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/machine.h"
#include "cluster/map.h"
#include "schema/codec.h"

namespace kipu::client {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline const ClusterId kCluster{Uuid{1, 2}};

// A map of workers w1 to w<workers>, 16 partitions, of the given epoch, with the bucket `default`
// (worm, 10 KiB) and any others.
schema::ClusterMap map_of(std::uint32_t workers, std::uint64_t epoch = 1,
                          const std::vector<Bucket>& others = {}, std::uint32_t replicas = 1);
// The same map, all of whose partitions have these replicas in this order.
schema::ClusterMap with_replicas(schema::ClusterMap map, const schema::Replicas& replicas);

// All entries of `key` in the bucket `default`.
PageCall page_call(const std::string& key);

class Harness {
 public:
  explicit Harness(Config config = {}, std::uint64_t seed = 1);

  // Time passes; the machine is ticked exactly when it asked to be.
  void pass(Duration length);
  Now now() const { return now_; }
  // Somebody sets the machine's clock.
  void shift_wall(milliseconds by) { now_.wall += by; }
  // The first hello answered with `map`: the usual beginning of a test.
  void greet(const schema::ClusterMap& map);

  CallId start(Call call, Duration timeout = seconds(5));
  CallId append(const std::string& key, const std::string& value = "v",
                Duration timeout = seconds(5));
  void cancel(CallId id);
  void flush();

  // The oldest message of this kind that the test has not taken; fails the test if there is none.
  Outgoing take(schema::MessageKind kind);
  std::size_t sent(schema::MessageKind kind) const;
  // An append request and its body.
  struct Batch {
    Outgoing outgoing;
    schema::AppendRequest request;
  };
  Batch take_append();
  // The key of a batch's first entry, say, tells batches apart.
  static std::vector<std::string> keys_of(const Batch& batch);
  static WorkerId worker_of(const Outgoing& request) {
    return std::get<WorkerId>(request.message.envelope.destination);
  }

  template <class Body>
  void answer(const Outgoing& request, schema::MessageKind kind, const Body& body) {
    schema::Envelope envelope;
    envelope.kind = kind;
    envelope.request_id = request.message.envelope.request_id;
    deliver(request.broker, schema::make_message(envelope, body));
  }
  void answer_empty(const Outgoing& request, schema::MessageKind kind);
  void refuse(const Outgoing& request, ErrorCode code, const std::string& text = "the reason");
  void acknowledge(const Outgoing& request, std::vector<schema::Refusal> refusals = {});
  void deliver(std::size_t broker, schema::Message message);
  void undeliverable(const Outgoing& request);

  bool completed(CallId id) const { return completions_.contains(id); }
  // Fails the test if it has not completed.
  const Completion& completion(CallId id) const;
  Error error(CallId id) const;
  template <class T>
  T reply(CallId id) const {
    const Completion& done = completion(id);
    return done.reply ? std::get<T>(*done.reply) : T{};
  }
  Duration completed_after(CallId id) const { return completed_at_.at(id).since_start(); }

  Instant next_tick() const { return machine_.next_tick(); }
  std::size_t ticks() const { return ticks_; }
  std::vector<Outgoing> take_all();

 private:
  void collect();

  Now now_{Instant::since_start(Duration::zero()), WallTime(milliseconds(1'700'000'000'000))};
  Machine machine_;
  Effects effects_;
  std::deque<Outgoing> sent_;
  std::map<CallId, Completion> completions_;
  std::map<CallId, Instant> completed_at_;
  std::uint64_t last_call_ = 0;
  std::size_t ticks_ = 0;
};

}  // namespace kipu::client

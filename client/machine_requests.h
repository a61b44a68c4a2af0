// Every call but an append: one message, one answer. Sends it again while it is not answered, or is
// refused with an error that another attempt may cure.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "client/machine_core.h"
#include "client/machine_timers.h"
#include "schema/messages.h"

namespace kipu::client {

// What any cluster would refuse in a call that is no append.
[[nodiscard]] Status check(const Call& call);

class Requests {
 public:
  // The reference outlives this.
  explicit Requests(Core& core) : core_(core) {}

  // The record has its request state.
  void start(Now now, Handle handle, Effects& effects);
  void finish(Handle handle, Result<Reply> reply, Effects& effects);

  bool owns(std::uint64_t request_id) const { return attempts_.contains(request_id); }
  void on_reply(Now now, const schema::Message& message, Effects& effects);
  // The answer to a bucket_create, which the session has accepted.
  void on_map_reply(std::uint64_t request_id, Effects& effects);
  void on_error(Now now, std::uint64_t request_id, const Error& error, Effects& effects);
  void on_undeliverable(Now now, std::uint64_t request_id, const Error& error, Effects& effects);

  // A hello has been answered.
  void on_map(Now now, Effects& effects);
  void on_tick(Now now, Effects& effects);
  Instant next_tick() const { return timers_.next(); }
  bool awaits_answers() const { return in_flight_ > 0; }

 private:
  struct Attempt {
    Handle handle;
    Instant sent;
  };

  void go(Now now, Handle handle, Effects& effects);
  std::size_t broker_for(const Pending& call) const;
  bool passes_bucket(Handle handle, Pending& call, Effects& effects);
  void park(Handle handle, std::uint64_t map_ticket);
  std::optional<schema::Message> build(Now now, Handle handle, Pending& call, Effects& effects);
  std::optional<schema::Message> build(const Pending& pending, PageCall& call) const;
  std::optional<schema::Message> build(const Pending& pending, CountQuery& query) const;
  std::optional<schema::Message> build(Now now, Handle handle, Pending& pending, KeysCall& call,
                                       Effects& effects);
  WorkerId worker_for(Now now, const std::vector<PartitionId>& partitions) const;
  std::optional<schema::Message> build(Handle handle, const Pending& pending, ScanQuery& query,
                                       Effects& effects);
  schema::Destination destination_of(PartitionId partition, const Pending& pending) const;
  Result<Reply> read(Now now, const Pending& call, const Attempt& attempt,
                     const schema::Message& message) const;
  bool passes_worker(Handle handle, Pending& call, Effects& effects);
  void suspect(Now now, const RequestState& request);
  void stop_waiting(RequestState& request);

  Core& core_;
  std::size_t in_flight_ = 0;
  Timers<Handle> timers_;                                // an attempt's end, or a retry
  std::map<std::uint64_t, Handle> parked_;               // in order of start
  std::unordered_map<std::uint64_t, Attempt> attempts_;  // by request id; looked up, never walked
};

}  // namespace kipu::client

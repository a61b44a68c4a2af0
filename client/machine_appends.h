// Appends on their way: routes each entry to the lane of its coordinator (the first of its replicas
// that is not suspect), sends batches, takes their answers, and tries again.
//
//  1. An entry is in one place at a time: its record, or the request of one batch. It is moved,
//     never copied, and a batch is sent again from the same request.
//  2. For each entry the attempts are counted whose outcome is open. Only while there is none, and
//     no answer said `outcome_unknown`, does an entry end with a refusal.
//  3. An answer to any attempt counts, however late: what it acknowledges is complete.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "client/machine_batcher.h"
#include "client/machine_core.h"
#include "client/machine_timers.h"
#include "schema/messages.h"

namespace kipu::client {

class Appends {
 public:
  // The reference outlives this.
  explicit Appends(Core& core) : core_(core), batcher_(core.config, core.calls) {}

  // The record's append state has entry, stamp and level.
  void start(Now now, Handle handle, Effects& effects);
  // Completes the call, wherever its entry is.
  void finish(Handle handle, Result<Reply> reply, Effects& effects);

  // Whether `request_id` is of an attempt whose answer is still taken.
  bool owns(std::uint64_t request_id) const { return attempts_.contains(request_id); }
  void on_reply(Now now, const schema::Message& message, Effects& effects);
  void on_error(Now now, std::uint64_t request_id, const Error& error, Effects& effects);
  void on_undeliverable(Now now, std::uint64_t request_id, const Error& error, Effects& effects);

  // A hello has been answered; `is_new`: with another map than before.
  void on_map(Now now, bool is_new, Effects& effects);
  void flush() { batcher_.flush(); }
  void on_tick(Now now, Effects& effects);
  // Sends what may leave. To be called at the end of each event.
  void pump(Now now, Effects& effects);
  Instant next_tick() const;
  // Whether an answer is waited for.
  bool awaits_answers() const { return in_flight_ > 0; }

 private:
  // Whose entries a request holds, in its order. Shared by the attempts that sent it.
  using Order = std::vector<Handle>;
  struct Batch {
    std::uint64_t id = 0;
    WorkerId worker;
    schema::AppendRequest request;
    std::shared_ptr<const Order> order;
    std::size_t live = 0;                 // entries that have not completed
    Instant deadline;                     // the last of its entries'
    Duration timeout{0};                  // of the next attempt
    std::uint32_t failures = 0;           // attempts that were answered with an error
    std::uint64_t current = 0;            // the attempt that is waited for; 0: none
    std::vector<std::uint64_t> attempts;  // all whose answers are still taken
  };
  struct Attempt {
    std::shared_ptr<const Order> order;
    std::uint64_t batch = 0;
  };
  struct Parked {
    Handle handle;
    std::uint64_t map_ticket = 0;  // 0: any map will do
  };
  // Entries that were refused together, and go on together.
  struct Resting {
    std::vector<Handle> entries;
    std::uint64_t map_ticket = 0;  // 0: needs no newer map
  };

  void route(Now now, Handle handle, Effects& effects);
  bool passes_bucket(Handle handle, Pending& call, Effects& effects);
  void park(Handle handle, std::uint64_t map_ticket);
  void route_all(Now now, const std::vector<Handle>& handles, Effects& effects);

  void send_new(Now now, Batcher::Group group, Effects& effects);
  void send_unanswered(Now now, const Batch& batch, Effects& effects);
  void send(Now now, Batch& batch, Effects& effects);
  void send_again(Now now, std::uint64_t id, Effects& effects);
  void strip(Batch& batch);
  schema::Envelope envelope_for(Now now, const Batch& batch) const;

  static std::optional<bool> was_there(const Pending& call, const schema::AppendReply& reply,
                                       std::size_t index);
  void acknowledge(const Order& order, const schema::AppendReply& reply,
                   const std::vector<const Error*>& refusals, Effects& effects);
  static void note(Pending& call, const Error& error);
  void note(const Order& order, const Error& error);
  void settle_current(Now now, Batch& batch, const std::vector<const Error*>& refusals,
                      Effects& effects);
  void retry_or_end(Now now, Batch& batch, const Error& error, Effects& effects);
  void rest(Now now, std::vector<Handle> entries, std::uint32_t failures, std::uint64_t map_ticket);
  std::vector<Handle> take_apart(Batch& batch);
  WorkerId worker_for(Now now, const Entry& entry) const;
  bool goes_elsewhere(Now now, const Batch& batch);
  void suspect(Now now, WorkerId worker, Effects& effects);
  void wake(Now now, std::uint64_t id, Effects& effects);
  void close(Batch& batch);
  void stop_waiting(Batch& batch);
  std::optional<Attempt> take_attempt(std::uint64_t request_id);
  Batch* batch_waiting_for(const Attempt& attempt, std::uint64_t request_id);
  void forget_strays(Instant now);

  Core& core_;
  Batcher batcher_;
  std::uint64_t last_id_ = 0;  // of batches and of resting groups
  std::map<std::uint64_t, Batch> batches_;
  std::map<std::uint64_t, Resting> resting_;
  Timers<std::uint64_t> batch_timers_;  // an attempt's end, or a retry
  Timers<std::uint64_t> resting_timers_;
  std::size_t in_flight_ = 0;               // batches with a current attempt
  std::vector<std::uint64_t> unsent_;       // batches to be sent again once a broker is ready
  std::map<std::uint64_t, Parked> parked_;  // in order of start
  std::unordered_map<std::uint64_t, Attempt> attempts_;  // by request id; looked up, never walked
  // Attempts whose batch is gone while entries of it are not, and until when they may matter.
  std::multimap<Instant, std::uint64_t> strays_;
};

}  // namespace kipu::client

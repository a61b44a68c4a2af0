// The calls under way, one record each: found by their id or by a handle, and in the order of their
// deadlines. Completing a call takes its record away, and whoever still has its handle finds none.
//
//  1. Each call completes once: complete() is the only maker of completions.
//  2. next_deadline() is that of a call under way, never of one that has completed.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/entry.h"
#include "base/ids.h"
#include "base/time.h"
#include "client/machine.h"

namespace kipu::client {

// Names a record for as long as it lives, and never another one after.
struct Handle {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  // 0: none
  friend auto operator<=>(const Handle&, const Handle&) = default;
};

// Where the entry of an append is.
enum class Place : std::uint8_t {
  nowhere,
  parked,   // waits for a broker, or for a map
  queued,   // in a lane of the batcher
  batched,  // in a batch, which then has `entry`
  resting,  // waits before another attempt
};

struct AppendState {
  Entry entry;
  Stamp stamp;
  Level level = Level::bucket_default;
  bool tell_present = false;
  Place place = Place::nowhere;
  bool map_asked = false;  // for a bucket that the map did not have
  WorkerId worker;         // whose lane it is queued in
  Instant queued;
  std::size_t bytes = 0;    // what it takes in its lane
  std::uint64_t batch = 0;  // the batch that has it
  Duration timeout{0};      // of its next attempt, if it has learnt to wait longer than the first
};

// Any call but an append: one message, and one answer.
struct RequestState {
  Call call;
  bool map_asked = false;
  std::uint64_t map_ticket = 0;         // parked until this map has been fetched; see Session
  std::uint64_t current = 0;            // request id of the attempt that is waited for; 0: none
  std::vector<std::uint64_t> attempts;  // request ids of all that may still be answered
  Duration timeout{0};                  // of the next attempt
  std::uint32_t failures = 0;           // attempts that were answered with an error
  std::optional<WorkerId> asked;        // by the current attempt, if another could be
};

struct Pending {
  CallId id{};
  std::uint64_t sequence = 0;  // in order of start
  Instant started;
  Instant deadline;
  std::uint32_t attempts = 0;          // sent
  std::uint32_t open = 0;              // of these, without an answer that settles them
  std::optional<std::string> unknown;  // the last answer that said that it may have been done
  std::optional<Error> refusal;        // the last answer that was no final one

  AppendState append;
  std::unique_ptr<RequestState> request;  // null: this is an append

  bool may_be_done() const { return open > 0 || unknown.has_value(); }
};

class Calls {
 public:
  // REQUIRES: no call under way has this id.
  Handle add(CallId id, Instant now, Instant deadline);

  // Null once it has completed. The pointer is good until then.
  Pending* find(Handle handle);
  std::optional<Handle> find(CallId id) const;
  // All of them, in order of start.
  std::vector<Handle> all() const;
  bool empty() const { return live_ == 0; }

  // Hands `reply` to the caller and forgets the call. REQUIRES: find(handle) is not null.
  void complete(Handle handle, Result<Reply> reply, Effects& effects);

  Instant next_deadline() const;
  // The call with the earliest deadline, if that has come. It stays until it is completed.
  std::optional<Handle> first_due(Instant now) const;

 private:
  struct Slot {
    std::uint32_t generation = 1;
    bool used = false;
    Pending pending;
  };
  struct Due {
    Instant at;
    std::uint64_t sequence = 0;
    Handle handle;
    friend bool operator>(const Due& a, const Due& b) {
      return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
    }
  };

  bool lives(Handle handle) const;
  void add_deadline(Due due);
  void drop_completed();
  const Due* first_deadline() const;

  std::deque<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::uint64_t, Handle> by_id_;  // looked up, never walked
  std::uint64_t sequence_ = 0;
  std::size_t live_ = 0;
  // Calls mostly come with ascending deadlines: those wait in a plain queue, the others in a heap.
  // The first of each is of a call under way; behind it some may have completed.
  std::deque<Due> ascending_;
  std::vector<Due> heap_;
};

}  // namespace kipu::client

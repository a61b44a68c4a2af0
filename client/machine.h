// The client as a machine: stamps entries, groups them by the worker that coordinates them, sends,
// retries under the same stamp until the deadline, follows the map, changes brokers.
//
//  1. Every call completes exactly once, at the latest at its deadline.
//  2. An entry gets its stamp once, before it is first sent, and keeps it through every retry.
//  3. Once an attempt at an append may have been done, no later refusal of it is reported as such:
//     the call ends as acknowledged or as `outcome_unknown`.
//  4. Errors whose remedy is fix_request or alert end a call; retry and ask_again lead to another
//     attempt after a jittered back-off. So does `unknown_bucket` for a bucket that the map has:
//     that worker is behind.
//  5. A worker that does not answer, or cannot serve, is suspect for a while: what it coordinates
//     goes to the next replica, under the same stamps. Where all are suspect, they take turns.
//
// Thread rule: one thread. No I/O, no clock, no random source but `rng`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bucket.h"
#include "base/log.h"
#include "base/query.h"
#include "base/random.h"
#include "base/result.h"
#include "base/status.h"
#include "base/time.h"
#include "schema/messages.h"

namespace kipu::client {

struct Config {
  std::size_t brokers = 1;  // connections, numbered from 0
  ClusterId cluster;        // none: whatever answers
  Duration linger =
      std::chrono::milliseconds(1);  // how long a batch waits to fill, once others fly
  std::size_t batch_bytes = std::size_t{512} * 1024;
  std::uint32_t batch_entries = 8192;
  std::uint32_t batches_in_flight = 8;                 // per worker
  Duration attempt_timeout = std::chrono::seconds(1);  // unanswered so long: try again
  Duration least_backoff = std::chrono::milliseconds(5);
  Duration most_backoff = std::chrono::milliseconds(500);
  Duration suspicion = std::chrono::seconds(1);  // how long a worker is passed over
};

enum class CallId : std::uint64_t {};

struct AppendCall {
  std::string bucket;
  std::string key;
  EntryKind kind = EntryKind::append;
  Values values;
  std::optional<Stamp> stamp;  // none: the machine makes one
  Level level = Level::bucket_default;
  bool tell_present = false;  // whether it was there before; see Appended
};
// Partitions within queries are filled in by the machine, except where it says otherwise.
struct PageCall {
  PageQuery query;
  std::optional<WorkerId> from = std::nullopt;  // its store alone, as it stands
};
struct CountCall {
  CountQuery query;
};
struct KeysCall {
  WorkerId worker;  // the first replica of all the partitions
  KeysQuery query;
  std::vector<PartitionId> partitions = {};  // ascending; none: all that `worker` coordinates
};
struct ScanCall {
  ScanQuery query;  // its partition is the caller's
};
// Asks a broker, so that the map is not older than the call.
struct MapCall {};
struct BucketCreateCall {
  Bucket bucket;
};
struct PingCall {};
struct StatusCall {};
using Call = std::variant<AppendCall, PageCall, CountCall, KeysCall, ScanCall, MapCall,
                          BucketCreateCall, PingCall, StatusCall>;

struct Appended {
  Stamp stamp;
  std::uint32_t holders = 0;  // replicas that hold it durably; 0 at level `none`
  // Whether it was there before, if that was asked for and is known.
  std::optional<bool> was_there = {};
};
struct Pong {
  Duration round_trip{0};
};
using MapReply = std::shared_ptr<const schema::ClusterMap>;  // immutable, shared with the machine
using Reply = std::variant<Appended, Page, Count, KeysPage, MapReply, Pong, ClusterStatus>;

struct Completion {
  CallId call{};
  Result<Reply> reply;
  // Set for appends also where `reply` is an error, once the entry has one: what to ask again with.
  std::optional<Stamp> stamp;
};

struct Outgoing {
  std::size_t broker = 0;
  schema::Message message;
};

struct Effects {
  std::vector<Outgoing> to_brokers;
  std::vector<Completion> completions;
  std::vector<LogLine> log;
};

class Machine {
 public:
  Machine(Config config, Rng rng, Now now);
  ~Machine();
  Machine(Machine&&) noexcept;
  Machine& operator=(Machine&&) = delete;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void start(Now now, CallId id, Call call, Instant deadline, Effects& effects);
  // Completes with `cancelled` if nothing of it was sent, else, for appends, `outcome_unknown`.
  void cancel(Now now, CallId id, Effects& effects);
  // Sends what lingers, without waiting for batches to fill.
  void flush(Now now, Effects& effects);
  void on_message(Now now, std::size_t broker, schema::Message message, Effects& effects);
  // The transport could not take a message of to_brokers: nothing of it was sent.
  void on_undeliverable(Now now, std::size_t broker, const schema::Envelope& envelope,
                        Effects& effects);
  void on_tick(Now now, Effects& effects);
  Instant next_tick() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kipu::client

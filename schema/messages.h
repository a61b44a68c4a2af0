// Every message of Kipu's protocol as a plain struct. Who sends what to whom, and with which
// answers and errors, is docs/protocol.md; the bytes are schema/*.capnp; codec.h turns one into the
// other. Lengths of time travel in microseconds, wall-clock times in milliseconds since 1970.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bucket.h"
#include "base/buffer.h"
#include "base/entry.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/position.h"
#include "base/query.h"
#include "base/status.h"
#include "base/time.h"

namespace kipu::schema {

inline constexpr std::uint16_t kProtocolVersion = 1;

// The numbers are part of the protocol. A reply answers the request id of its request.
enum class MessageKind : std::uint16_t {
  error = 1,  // the reply to any request that failed: ErrorReply

  // Client to broker, answered by the broker.
  client_hello = 2,   // ClientHello → map
  map = 3,            // ClusterMap: a reply
  bucket_create = 4,  // BucketCreate → map
  ping = 5,           // no body → pong
  pong = 6,           // no body
  status = 7,         // no body → status_reply
  status_reply = 8,   // ClusterStatus

  // Client to worker, through the broker, which reads the envelope only.
  append = 20,        // AppendRequest → append_reply
  append_reply = 21,  // AppendReply
  page = 22,          // PageQuery → page_reply
  page_reply = 23,    // Page
  count = 24,         // CountQuery → count_reply
  count_reply = 25,   // Count
  keys = 26,          // KeysQuery → keys_reply
  keys_reply = 27,    // KeysPage
  scan = 28,          // ScanQuery → page_reply

  // Worker and broker.
  worker_hello = 40,     // WorkerHello, worker to broker → worker_welcome
  worker_welcome = 41,   // WorkerWelcome
  heartbeat = 42,        // Heartbeat, worker to broker → heartbeat_reply
  heartbeat_reply = 43,  // HeartbeatReply
  map_store = 44,        // ClusterMap, broker to worker: keep this map → map_stored
  map_stored = 45,       // MapStored, worker to broker: it is on disk here
  map_in_force = 46,     // MapStored, broker to worker: act on this map; no answer

  // Worker to worker. On the stream (PUB/SUB, lossy), without answers:
  beacon = 60,  // Beacon
  bundle = 61,  // Bundle
  // To the peer socket of the other. Answers go to the peer socket of whoever asked.
  standing = 62,         // Standing; answered by one of its own if it asks for that
  fetch = 63,            // Fetch → fetched
  fetched = 64,          // Fetched
  peer_read = 65,        // PeerRead → peer_read_reply
  peer_read_reply = 66,  // PeerReadReply
  peer_merge = 67,       // PeerMerge → peer_merged
  peer_merged = 68,      // no body: all of it is durable there
};

// What the envelope asks the router to do.
struct ToBroker {
  friend bool operator==(ToBroker, ToBroker) = default;
};
using Destination = std::variant<ToBroker, PartitionId, WorkerId>;

// All that a router reads of a message.
struct Envelope {
  std::uint16_t version = kProtocolVersion;
  MessageKind kind = MessageKind::error;
  std::uint64_t request_id = 0;  // chosen by the sender of the request, echoed in the reply
  Destination destination;
  Duration remaining{0};  // until the sender gives up
  // False for appends of level `none` only: neither a worker nor the broker answers, errors
  // included, and the broker keeps nothing in flight for it.
  bool expects_reply = true;
  friend bool operator==(const Envelope&, const Envelope&) = default;
};

// What sockets carry and machines handle. `body` is still encoded.
struct Message {
  Envelope envelope;
  Buffer body;
};

struct ErrorReply {
  Error error;
  friend bool operator==(const ErrorReply&, const ErrorReply&) = default;
};

struct Endpoints {
  std::string stream;  // of its PUB, as others connect to it; empty in a cluster of one replica
  std::string peer;    // of its ROUTER for other workers; likewise
  friend bool operator==(const Endpoints&, const Endpoints&) = default;
};

enum class WorkerState : std::uint8_t { joined = 1, active = 2, leaving = 3 };

struct Worker {
  WorkerId id;
  StoreId store;
  Endpoints endpoints;
  std::uint32_t weight = 1;
  std::string zone;
  WorkerState state = WorkerState::active;
  friend bool operator==(const Worker&, const Worker&) = default;
};

// The replicas of a partition, in order; the first coordinates while it lives.
using Replicas = std::vector<WorkerId>;

// Who stores what. Functions over it are in cluster/map.h.
struct ClusterMap {
  ClusterId cluster;
  MapVersion version;
  // The map that this one was made from; none at birth. A broker that starts tells by it whether a
  // map that only some workers hold contains what the others hold.
  MapVersion previous;
  std::uint32_t replicas = 1;       // n
  std::vector<Bucket> buckets;      // by name, ascending
  std::vector<Worker> workers;      // by id, ascending
  std::vector<Replicas> placement;  // one per partition
  friend bool operator==(const ClusterMap&, const ClusterMap&) = default;
};

struct ClientHello {
  ClusterId cluster;  // none: the client takes whatever cluster this is
  friend bool operator==(const ClientHello&, const ClientHello&) = default;
};

struct BucketCreate {
  Bucket bucket;
  friend bool operator==(const BucketCreate&, const BucketCreate&) = default;
};

struct AppendRequest {
  MapVersion map;  // the client's: a worker with an older one fetches the newer first
  Level level = Level::bucket_default;
  std::vector<Entry> entries;
  bool tell_present = false;  // say which of them were there already
  friend bool operator==(const AppendRequest&, const AppendRequest&) = default;
};

struct Refusal {
  std::uint32_t index = 0;  // of the entry within its request
  Error error;
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

// Every entry of the request that is not refused here is durable on `holders` replicas.
struct AppendReply {
  std::uint32_t holders = 0;
  std::vector<Refusal> refusals;
  // Which entries the worker had already, by index, ascending: if that was asked for and is known.
  std::optional<std::vector<std::uint32_t>> present = {};
  friend bool operator==(const AppendReply&, const AppendReply&) = default;
};

struct WorkerHello {
  StoreId store;
  ClusterId cluster;  // none: never was in one
  Endpoints endpoints;
  std::uint32_t weight = 1;
  std::string zone;
  std::optional<ClusterMap> map;  // the newest on its disk
  friend bool operator==(const WorkerHello&, const WorkerHello&) = default;
};

struct WorkerWelcome {
  ClusterId cluster;
  WorkerId worker;      // none until a map in force names the store
  MapVersion in_force;  // none until there is one
  friend bool operator==(const WorkerWelcome&, const WorkerWelcome&) = default;
};

struct Heartbeat {
  StoreId store;
  Instant sent;         // by the worker's clock; comes back as `echo`
  MapVersion in_force;  // that the worker acts on
  WorkerHealth health;
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

struct HeartbeatReply {
  Instant echo;
  bool known = false;   // false: the broker does not know this connection; say hello
  MapVersion in_force;  // the broker's
  friend bool operator==(const HeartbeatReply&, const HeartbeatReply&) = default;
};

// Every 250 ms, to each replica of anything that the sender coordinates.
struct Beacon {
  StoreId from;
  StoreId to;
  Position last;  // the last commit that holds anything for `to`; none if there is none
  friend bool operator==(const Beacon&, const Beacon&) = default;
};

// What one commit of `from` holds for `to`. Whoever has all up to `previous` may merge it.
struct Bundle {
  StoreId from;
  StoreId to;
  Position position;
  Position previous;  // the last commit before it that held anything for `to`
  std::vector<Entry> entries;
  friend bool operator==(const Bundle&, const Bundle&) = default;
};

// What the sender knows of itself and of whom it writes to: at each connection, after each merge
// from the stream, and in answer to each beacon.
struct Standing {
  StoreId from;
  Position cursor;        // of `from` on the stream of the receiver: durable up to here
  bool holds = false;     // it has a lease: `cursor` counts as an acknowledgement
  Position acknowledged;  // the last cursor of the receiver, on the stream of `from`, that it knows
  bool answer = false;    // whether it wants one back, with the same request id
  friend bool operator==(const Standing&, const Standing&) = default;
};

struct Fetch {
  StoreId from;
  Position after;
  std::uint32_t max_bytes = limits::kMaxPageBytes;
  friend bool operator==(const Fetch&, const Fetch&) = default;
};

// A read of the receiver's store alone. `query` is a PageQuery, CountQuery, KeysQuery or ScanQuery.
struct PeerRead {
  StoreId from;
  MapVersion map;            // by which `from` asks
  bool digest_only = false;  // answer with the digest of the result instead of the result
  ReadQuery query;
  friend bool operator==(const PeerRead&, const PeerRead&) = default;
};

struct PeerReadReply {
  bool whole = false;        // every partition of the query is whole there
  std::uint64_t digest = 0;  // digest_of(result)
  std::optional<ReadResult> result;
  friend bool operator==(const PeerReadReply&, const PeerReadReply&) = default;
};

// Entries that the receiver lacks, or may lack.
struct PeerMerge {
  StoreId from;
  std::vector<Entry> entries;
  friend bool operator==(const PeerMerge&, const PeerMerge&) = default;
};

struct MapStored {
  MapVersion version;
  friend bool operator==(const MapStored&, const MapStored&) = default;
};

}  // namespace kipu::schema

// Random messages for properties: any bytes, any numbers within the limits of decoding, empty and
// full, with extremes more often than chance would have them.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "base/limits.h"
#include "schema/messages.h"

namespace kipu::schema::arbitrary {

template <class Number>
Number number() {
  return *rc::gen::weightedOneOf<Number>({{8, rc::gen::arbitrary<Number>()},
                                          {1, rc::gen::just(std::numeric_limits<Number>::min())},
                                          {1, rc::gen::just(std::numeric_limits<Number>::max())},
                                          {2, rc::gen::inRange<Number>(0, 100)}});
}

template <class Number>
Number number_below(Number bound) {
  return *rc::gen::weightedOneOf<Number>({{8, rc::gen::inRange<Number>(0, bound)},
                                          {1, rc::gen::just<Number>(0)},
                                          {1, rc::gen::just(static_cast<Number>(bound - 1))}});
}

inline bool coin() {
  return *rc::gen::arbitrary<bool>();
}

// Any bytes, NUL among them; sometimes `most` of them.
inline std::string bytes(std::size_t most) {
  std::string made = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  if (*rc::gen::inRange(0, 20) == 0) made.resize(most, 'x');
  if (made.size() > most) made.resize(most);
  return made;
}

template <class Make>
auto optional(Make make) {
  return coin() ? std::optional(make()) : std::nullopt;
}

template <class Make>
auto several(Make make, std::size_t most = 20) {
  std::vector<decltype(make())> made(*rc::gen::inRange<std::size_t>(0, most));
  for (auto& each : made) each = make();
  return made;
}

template <class Enum>
Enum enumerator(Enum first, Enum last) {
  return static_cast<Enum>(
      *rc::gen::inRange<int>(static_cast<int>(first), static_cast<int>(last) + 1));
}

inline Uuid uuid() {
  return {number<std::uint64_t>(), number<std::uint64_t>()};
}
inline MapVersion map_version() {
  return {number<std::uint64_t>(), number<std::uint64_t>(), number<std::uint64_t>()};
}
inline Level level() {
  return enumerator(Level::bucket_default, Level::none);
}
inline Level query_level() {
  return enumerator(Level::bucket_default, Level::all);
}
inline Position position() {
  return {number<std::uint64_t>(), number<std::uint64_t>()};
}
inline PartitionId partition() {
  return PartitionId{number<std::uint32_t>()};
}
inline WorkerId worker_id() {
  return WorkerId{number<std::uint32_t>()};
}
inline StampTime stamp_time() {
  return StampTime(number<std::uint64_t>());
}
inline EntryId entry_id() {
  return {Stamp{stamp_time(), number<std::uint64_t>()}, Digest{number<std::uint64_t>()}};
}
inline std::string bucket_name() {
  return bytes(limits::kMaxBucketNameBytes);
}
inline std::string key() {
  return bytes(limits::kMaxKeyBytes);
}

// What survives the journey: whole microseconds, and no more than a Duration holds.
inline Duration duration() {
  const std::int64_t most = std::chrono::floor<std::chrono::microseconds>(Duration::max()).count();
  return std::chrono::microseconds(number_below<std::int64_t>(most));
}
inline WallTime wall() {
  return WallTime(std::chrono::milliseconds(number_below<std::int64_t>(std::int64_t{1} << 48U)));
}
inline Instant instant() {
  return Instant::since_start(
      Duration(number_below<std::int64_t>(std::numeric_limits<std::int64_t>::max())));
}

inline Values values() {
  Values made;
  for (const std::string& value : several([] { return bytes(2000); }, 5)) made.push_back(value);
  return made;
}
inline Entry entry() {
  return {bucket_name(),
          key(),
          Stamp{stamp_time(), number<std::uint64_t>()},
          enumerator(EntryKind::append, EntryKind::remove),
          values(),
          Digest{number<std::uint64_t>()}};
}
inline Error error() {
  static const std::vector<std::uint16_t> numbers = [] {
    std::vector<std::uint16_t> known;
    for (std::uint16_t n = 0; n < 1000; ++n) {
      if (error_code_from_number(n)) known.push_back(n);
    }
    return known;
  }();
  return {static_cast<ErrorCode>(*rc::gen::elementOf(numbers)),
          bytes(limits::kMaxMessageTextBytes)};
}
inline Bucket bucket() {
  return {bucket_name(), enumerator(BucketMode::worm, BucketMode::wmrm), level(), level(),
          number<std::uint32_t>()};
}
inline Endpoints endpoints() {
  return {bytes(limits::kMaxEndpointBytes), bytes(limits::kMaxEndpointBytes)};
}
inline Worker worker() {
  return {worker_id(),
          StoreId{uuid()},
          endpoints(),
          number<std::uint32_t>(),
          bytes(limits::kMaxZoneBytes),
          enumerator(WorkerState::joined, WorkerState::leaving)};
}
inline ReplicaLag lag() {
  return {worker_id(), number<std::uint64_t>(), duration()};
}
inline WorkerHealth health() {
  return {number<std::uint64_t>(),
          number<std::uint64_t>(),
          number<std::uint64_t>(),
          number<std::uint64_t>(),
          number<std::uint64_t>(),
          wall(),
          coin(),
          number<std::uint32_t>(),
          bytes(limits::kMaxMessageTextBytes),
          several(lag),
          {number<std::uint64_t>(), wall(), bytes(limits::kMaxMessageTextBytes)}};
}
inline WorkerStatus worker_status() {
  return {worker_id(), StoreId{uuid()},         enumerator(Liveness::never_seen, Liveness::suspect),
          duration(),  number<std::uint32_t>(), number<std::uint32_t>(),
          health()};
}

// A message of type T.
template <class T>
T message();

template <>
inline Envelope message<Envelope>() {
  static const std::vector<std::uint16_t> kinds{1,  2,  3,  4,  5,  6,  7,  8,  20, 21, 22,
                                                23, 24, 25, 26, 27, 28, 40, 41, 42, 43, 44,
                                                45, 46, 60, 61, 62, 63, 64, 65, 66, 67, 68};
  const Destination destinations[] = {ToBroker{}, partition(), worker_id()};
  return {kProtocolVersion,
          static_cast<MessageKind>(*rc::gen::elementOf(kinds)),
          number<std::uint64_t>(),
          destinations[*rc::gen::inRange(0, 3)],
          duration(),
          coin()};
}
template <>
inline ErrorReply message<ErrorReply>() {
  return {error()};
}
template <>
inline ClusterMap message<ClusterMap>() {
  return {ClusterId{uuid()},
          map_version(),
          map_version(),
          number<std::uint32_t>(),
          several(bucket),
          several(worker),
          several([] { return several(worker_id, 4); }, 200)};
}
template <>
inline ClientHello message<ClientHello>() {
  return {ClusterId{uuid()}};
}
template <>
inline BucketCreate message<BucketCreate>() {
  return {bucket()};
}
template <>
inline ClusterStatus message<ClusterStatus>() {
  return {ClusterId{uuid()},
          map_version(),
          number<std::uint32_t>(),
          number<std::uint32_t>(),
          number<std::uint32_t>(),
          wall(),
          duration(),
          bytes(limits::kMaxMessageTextBytes),
          several(worker_status),
          enumerator(ClusterPhase::unsaid, ClusterPhase::in_force),
          map_version(),
          bytes(200),
          bytes(limits::kMaxMessageTextBytes)};
}
inline std::optional<std::vector<std::uint32_t>> ascending_indices() {
  if (*rc::gen::arbitrary<bool>()) return std::nullopt;
  const auto drawn = *rc::gen::arbitrary<std::set<std::uint32_t>>();
  return std::vector<std::uint32_t>(drawn.begin(), drawn.end());
}
template <>
inline AppendRequest message<AppendRequest>() {
  return {map_version(), level(), several(entry), *rc::gen::arbitrary<bool>()};
}
template <>
inline AppendReply message<AppendReply>() {
  return {number<std::uint32_t>(),
          several([] { return Refusal{number<std::uint32_t>(), error()}; }), ascending_indices()};
}
template <>
inline PageQuery message<PageQuery>() {
  return {partition(),
          bucket_name(),
          key(),
          coin(),
          optional(stamp_time),
          optional(stamp_time),
          optional(entry_id),
          number_below<std::uint32_t>(limits::kMaxPageEntries + 1),
          number_below<std::uint32_t>(limits::kMaxPageBytes + 1),
          query_level(),
          coin()};
}
template <>
inline Page message<Page>() {
  return {several(entry), coin()};
}
template <>
inline CountQuery message<CountQuery>() {
  return {partition(),
          bucket_name(),
          key(),
          optional(stamp_time),
          optional(stamp_time),
          optional(entry_id),
          number_below<std::uint32_t>(limits::kMaxCountEntries + 1),
          query_level()};
}
template <>
inline Count message<Count>() {
  return {number<std::uint64_t>(), number<std::uint64_t>(), optional(entry_id)};
}
template <>
inline KeysQuery message<KeysQuery>() {
  return {several(partition, 100),
          bucket_name(),
          key(),
          optional(key),
          coin(),
          number_below<std::uint32_t>(limits::kMaxPageEntries + 1),
          number_below<std::uint32_t>(limits::kMaxPageBytes + 1),
          query_level(),
          coin()};
}
template <>
inline KeysPage message<KeysPage>() {
  KeysPage page{several(key), optional(key)};
  if (!coin()) return page;
  while (page.newest.size() < page.keys.size()) page.newest.push_back({entry_id(), coin()});
  return page;
}
template <>
inline ScanQuery message<ScanQuery>() {
  return {partition(),
          bucket_name(),
          key(),
          optional([] { return ScanQuery::Position{key(), entry_id()}; }),
          number_below<std::uint32_t>(limits::kMaxPageEntries + 1),
          number_below<std::uint32_t>(limits::kMaxPageBytes + 1),
          query_level()};
}
template <>
inline WorkerHello message<WorkerHello>() {
  return {StoreId{uuid()},
          ClusterId{uuid()},
          endpoints(),
          number<std::uint32_t>(),
          bytes(limits::kMaxZoneBytes),
          optional(message<ClusterMap>)};
}
template <>
inline WorkerWelcome message<WorkerWelcome>() {
  return {ClusterId{uuid()}, worker_id(), map_version()};
}
template <>
inline Heartbeat message<Heartbeat>() {
  return {StoreId{uuid()}, instant(), map_version(), health()};
}
template <>
inline HeartbeatReply message<HeartbeatReply>() {
  return {instant(), coin(), map_version()};
}
template <>
inline MapStored message<MapStored>() {
  return {map_version()};
}
template <>
inline Beacon message<Beacon>() {
  return {StoreId{uuid()}, StoreId{uuid()}, position()};
}
template <>
inline Bundle message<Bundle>() {
  return {StoreId{uuid()}, StoreId{uuid()}, position(), position(), several(entry)};
}
template <>
inline Standing message<Standing>() {
  return {StoreId{uuid()}, position(), coin(), position(), coin()};
}
template <>
inline Fetch message<Fetch>() {
  return {StoreId{uuid()}, position(), number_below<std::uint32_t>(limits::kMaxPageBytes + 1)};
}
template <>
inline Fetched message<Fetched>() {
  return {coin(), several([] { return Fetched::Commit{position(), several(entry, 5)}; }, 10),
          position(), position()};
}
template <>
inline PeerRead message<PeerRead>() {
  PeerRead request{StoreId{uuid()}, map_version(), coin(), message<PageQuery>()};
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return request;
    case 1:
      request.query = message<CountQuery>();
      return request;
    case 2:
      request.query = message<KeysQuery>();
      return request;
    default:
      request.query = message<ScanQuery>();
      return request;
  }
}
template <>
inline PeerReadReply message<PeerReadReply>() {
  PeerReadReply reply{coin(), number<std::uint64_t>(), std::nullopt};
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return reply;
    case 1:
      reply.result = message<Page>();
      return reply;
    case 2:
      reply.result = message<Count>();
      return reply;
    default:
      reply.result = message<KeysPage>();
      return reply;
  }
}
template <>
inline PeerMerge message<PeerMerge>() {
  return {StoreId{uuid()}, several(entry)};
}

}  // namespace kipu::schema::arbitrary

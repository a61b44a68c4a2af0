// One message of each type with every field set, the same on every run: for golden bytes, for tests
// that damage messages, and as seeds for the fuzz targets.
#pragma once

#include <string>
#include <vector>

#include "schema/messages.h"

namespace kipu::schema::samples {

inline const ClusterId kCluster{Uuid{0x0123456789abcdef, 0xfedcba9876543210}};
inline const StoreId kStore{Uuid{0x1111111111111111, 0x2222222222222222}};
inline const StoreId kPeer{Uuid{0x3333333333333333, 0x4444444444444444}};
inline const Position kPosition{0x5555555555555555, 9};
inline const Position kPrevious{0x5555555555555555, 7};
inline const MapVersion kVersion{3, 0xc0ffee, 7};

inline WallTime wall() {
  return WallTime(std::chrono::milliseconds(1'700'000'000'000));
}
inline Entry append_entry() {
  return make_entry("default", "fruit", Stamp{StampTime::at(wall()), 0x42}, EntryKind::append,
                    {"apple", "", "pear"});
}
inline Entry remove_entry() {
  return make_entry("docs", std::string("\0\xff", 2), Stamp{StampTime(5), 6}, EntryKind::remove,
                    {});
}
inline WorkerHealth health() {
  return {1000,
          2000,
          3000,
          4000,
          5000,
          wall(),
          true,
          12,
          "waiting for w2",
          {{WorkerId{2}, 17, std::chrono::milliseconds(1500)}},
          {6, wall(), "a block's checksum is wrong"}};
}

template <class T>
T sample();

template <>
inline Envelope sample<Envelope>() {
  return {kProtocolVersion,
          MessageKind::append,
          0x0102030405060708,
          WorkerId{2},
          std::chrono::milliseconds(1500),
          true};
}
template <>
inline ErrorReply sample<ErrorReply>() {
  return {{ErrorCode::unknown_bucket, "no bucket \"fruits\""}};
}
template <>
inline ClusterMap sample<ClusterMap>() {
  const Bucket docs{"docs", BucketMode::wmrm, Level::one, Level::all, 1024};
  const Worker first{WorkerId{1}, kStore, {"tcp://a:1", "tcp://a:2"},
                     1,           "east", WorkerState::active};
  const Worker second{WorkerId{2}, StoreId{Uuid{3, 4}}, {}, 5, "", WorkerState::joined};
  return {kCluster,
          kVersion,
          MapVersion{3, 0xc0ffee, 6},
          1,
          {Bucket{"default"}, docs},
          {first, second},
          {{WorkerId{1}}, {WorkerId{2}}, {WorkerId{1}}, {WorkerId{2}}}};
}
template <>
inline ClientHello sample<ClientHello>() {
  return {kCluster};
}
template <>
inline BucketCreate sample<BucketCreate>() {
  return {{"docs", BucketMode::wmrm, Level::one, Level::all, 65536}};
}
template <>
inline ClusterStatus sample<ClusterStatus>() {
  const WorkerStatus worker{WorkerId{1}, kStore, Liveness::suspect, std::chrono::seconds(2),
                            4,           9,      health()};
  return {kCluster,
          kVersion,
          3,
          1,
          4,
          wall(),
          std::chrono::hours(1),
          "2 more workers",
          {worker},
          ClusterPhase::recovery,
          kVersion,
          R"({"supervisor":7,"processes":[]})",
          "32769 requests of one client are in flight"};
}
template <>
inline AppendRequest sample<AppendRequest>() {
  return {kVersion, Level::quorum, {append_entry(), remove_entry()}, true};
}
template <>
inline AppendReply sample<AppendReply>() {
  return {1, {{1, {ErrorCode::wrong_mode, "remove in a worm bucket"}}}, {{0}}};
}
template <>
inline PageQuery sample<PageQuery>() {
  return {PartitionId{2},      "default", "fruit", true,       StampTime(1), StampTime(99),
          append_entry().id(), 100,       4096,    Level::one, true};
}
template <>
inline Page sample<Page>() {
  return {{append_entry(), remove_entry()}, true};
}
template <>
inline CountQuery sample<CountQuery>() {
  return {PartitionId{2}, "default",           "fruit", StampTime(1),
          StampTime(99),  append_entry().id(), 100,     Level::all};
}
template <>
inline Count sample<Count>() {
  return {200'000, 200'001, append_entry().id()};
}
template <>
inline KeysQuery sample<KeysQuery>() {
  return {{PartitionId{0}, PartitionId{2}},
          "default",
          "fr",
          "fruit",
          false,
          10,
          4096,
          Level::quorum,
          true};
}
template <>
inline KeysPage sample<KeysPage>() {
  const KeysPage::Newest newest{append_entry().id(), false};
  return {{"fruit", std::string("\0\xff", 2), ""},
          "fruits",
          {newest, {remove_entry().id(), true}, newest}};
}
template <>
inline ScanQuery sample<ScanQuery>() {
  return {PartitionId{3}, "default", "f", ScanQuery::Position{"fruit", append_entry().id()}, 10,
          4096,           Level::one};
}
template <>
inline WorkerHello sample<WorkerHello>() {
  return {kStore, kCluster, {"tcp://a:1", "tcp://a:2"}, 2, "east", sample<ClusterMap>()};
}
template <>
inline WorkerWelcome sample<WorkerWelcome>() {
  return {kCluster, WorkerId{1}, kVersion};
}
template <>
inline Heartbeat sample<Heartbeat>() {
  return {kStore, Instant::since_start(std::chrono::nanoseconds(123'456'789)), kVersion, health()};
}
template <>
inline HeartbeatReply sample<HeartbeatReply>() {
  return {Instant::since_start(std::chrono::nanoseconds(123'456'789)), true, kVersion};
}
template <>
inline MapStored sample<MapStored>() {
  return {kVersion};
}
template <>
inline Beacon sample<Beacon>() {
  return {kStore, kPeer, kPosition};
}
template <>
inline Bundle sample<Bundle>() {
  return {kStore, kPeer, kPosition, kPrevious, {append_entry(), remove_entry()}};
}
template <>
inline Standing sample<Standing>() {
  return {kStore, kPrevious, true, kPosition, true};
}
template <>
inline Fetch sample<Fetch>() {
  return {kStore, kPrevious, 4096};
}
template <>
inline Fetched sample<Fetched>() {
  const Position head{kPosition.run, kPosition.counter + 1};
  return {true,
          {{kPrevious, {append_entry()}}, {kPosition, {remove_entry(), append_entry()}}},
          kPosition,
          head};
}
template <>
inline PeerRead sample<PeerRead>() {
  return {kStore, kVersion, true, sample<PageQuery>()};
}
template <>
inline PeerReadReply sample<PeerReadReply>() {
  return {true, 0x0123456789abcdef, sample<Page>()};
}
template <>
inline PeerMerge sample<PeerMerge>() {
  return {kStore, {append_entry(), remove_entry()}};
}

}  // namespace kipu::schema::samples

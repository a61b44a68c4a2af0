#include "schema/capnp.h"
#include "schema/cluster.capnp.h"
#include "schema/codec.h"
#include "schema/common.capnp.h"
#include "schema/frame.h"
#include "schema/map_checksum.h"
#include "schema/parts.h"

namespace kipu::schema {
namespace {

constexpr std::size_t kUuidWords = struct_words<wire::Uuid>();
constexpr std::size_t kMapVersionWords = struct_words<wire::MapVersion>();

// Buckets.

void write(wire::Bucket::Builder to, const Bucket& from) {
  to.setName(text_of(from.name));
  to.setMode(static_cast<std::uint8_t>(from.mode));
  to.setReadLevel(static_cast<std::uint8_t>(from.read_level));
  to.setWriteLevel(static_cast<std::uint8_t>(from.write_level));
  to.setMaxPairBytes(from.max_pair_bytes);
}

Bucket read(wire::Bucket::Reader from) {
  return {bytes_of(from.getName(), limits::kMaxBucketNameBytes),
          enumerator(from.getMode(), BucketMode::worm, BucketMode::wmrm),
          read_level(from.getReadLevel()), read_level(from.getWriteLevel()),
          from.getMaxPairBytes()};
}

std::size_t words(const Bucket& bucket) {
  return text_words(bucket.name.size());
}

// The map.

void write(wire::Worker::Builder to, const Worker& from) {
  to.setId(from.id.number);
  to.setWeight(from.weight);
  to.setState(static_cast<std::uint8_t>(from.state));
  write_uuid(to.initStore(), from.store.id);
  to.setStream(text_of(from.endpoints.stream));
  to.setPeer(text_of(from.endpoints.peer));
  to.setZone(text_of(from.zone));
}

template <class Reader>
Endpoints read_endpoints(Reader from) {
  return {bytes_of(from.getStream(), limits::kMaxEndpointBytes),
          bytes_of(from.getPeer(), limits::kMaxEndpointBytes)};
}

std::size_t words(const Endpoints& endpoints) {
  return text_words(endpoints.stream.size()) + text_words(endpoints.peer.size());
}

Worker read(wire::Worker::Reader from) {
  return {WorkerId{from.getId()},
          StoreId{read_uuid(from.getStore())},
          read_endpoints(from),
          from.getWeight(),
          bytes_of(from.getZone(), limits::kMaxZoneBytes),
          enumerator(from.getState(), WorkerState::joined, WorkerState::leaving)};
}

std::size_t words(const Worker& worker) {
  return kUuidWords + words(worker.endpoints) + text_words(worker.zone.size());
}

std::size_t count_replicas(const ClusterMap& map) {
  std::size_t sum = 0;
  for (const Replicas& replicas : map.placement) sum += replicas.size();
  return sum;
}

void write_placement(wire::ClusterMap::Builder to, const ClusterMap& from) {
  auto counts = to.initReplicaCounts(static_cast<unsigned>(from.placement.size()));
  auto workers = to.initPlacement(static_cast<unsigned>(count_replicas(from)));
  unsigned partition = 0;
  unsigned at = 0;
  for (const Replicas& replicas : from.placement) {
    counts.set(partition++, static_cast<std::uint16_t>(replicas.size()));
    for (const WorkerId worker : replicas) workers.set(at++, worker.number);
  }
}

std::vector<Replicas> read_placement(wire::ClusterMap::Reader from, const FrameReader& frame) {
  const auto counts = from.getReplicaCounts();
  const auto workers = from.getPlacement();
  std::vector<Replicas> placement(
      frame.count(counts, limits::kMaxPartitions, sizeof(std::uint16_t)));
  const std::size_t given = frame.count(workers, limits::kMaxBodyBytes, sizeof(std::uint32_t));
  std::size_t at = 0;
  for (std::size_t partition = 0; partition < placement.size(); ++partition) {
    const std::size_t count = counts[static_cast<unsigned>(partition)];
    if (count > limits::kMaxWorkers) throw Refused("more replicas than there can be workers");
    if (count > given - at) throw Refused("a placement that ends early");
    Replicas& replicas = placement[partition];
    replicas.reserve(count);
    for (const std::size_t end = at + count; at < end; ++at) {
      replicas.push_back(WorkerId{workers[static_cast<unsigned>(at)]});
    }
  }
  if (at != given) throw Refused("a placement with workers to spare");
  return placement;
}

void write(wire::ClusterMap::Builder to, const ClusterMap& from) {
  write_uuid(to.initCluster(), from.cluster.id);
  write_map_version(to.initVersion(), from.version);
  write_map_version(to.initPrevious(), from.previous);
  to.setReplicas(from.replicas);
  to.setChecksum(checksum_of(from));
  auto buckets = to.initBuckets(static_cast<unsigned>(from.buckets.size()));
  for (unsigned at = 0; at < buckets.size(); ++at) write(buckets[at], from.buckets[at]);
  auto workers = to.initWorkers(static_cast<unsigned>(from.workers.size()));
  for (unsigned at = 0; at < workers.size(); ++at) write(workers[at], from.workers[at]);
  write_placement(to, from);
}

void verify_checksum([[maybe_unused]] const ClusterMap& map,
                     [[maybe_unused]] std::uint64_t expected) {
#ifndef KIPU_ANY_MAP_CHECKSUM
  if (checksum_of(map) != expected) throw Refused("its checksum does not match its content");
#endif
}

ClusterMap read(wire::ClusterMap::Reader from, const FrameReader& frame) {
  ClusterMap map;
  map.cluster = ClusterId{read_uuid(from.getCluster())};
  map.version = read_map_version(from.getVersion());
  map.previous = read_map_version(from.getPrevious());
  map.replicas = from.getReplicas();
  const auto buckets = from.getBuckets();
  map.buckets.reserve(frame.count(buckets, limits::kMaxBuckets, kBytesPerWord));
  for (const auto bucket : buckets) map.buckets.push_back(read(bucket));
  const auto workers = from.getWorkers();
  map.workers.reserve(frame.count(workers, limits::kMaxWorkers, kBytesPerWord));
  for (const auto worker : workers) map.workers.push_back(read(worker));
  map.placement = read_placement(from, frame);
  verify_checksum(map, from.getChecksum());
  return map;
}

std::size_t words(const ClusterMap& map) {
  std::size_t sum = kUuidWords + 2 * kMapVersionWords +
                    list_words<wire::Bucket>(map.buckets.size()) +
                    list_words<wire::Worker>(map.workers.size());
  for (const Bucket& bucket : map.buckets) sum += words(bucket);
  for (const Worker& worker : map.workers) sum += words(worker);
  return sum + data_words(map.placement.size() * sizeof(std::uint16_t)) +
         data_words(count_replicas(map) * sizeof(std::uint32_t));
}

// Hellos and small things.

void write(wire::ErrorReply::Builder to, const ErrorReply& from) {
  write_error(to, from.error, limits::kMaxMessageTextBytes);
}

ErrorReply read(wire::ErrorReply::Reader from, const FrameReader& /*frame*/) {
  return {read_error(from)};
}

void write(wire::ClientHello::Builder to, const ClientHello& from) {
  write_uuid(to.initCluster(), from.cluster.id);
}

ClientHello read(wire::ClientHello::Reader from, const FrameReader& /*frame*/) {
  return {ClusterId{read_uuid(from.getCluster())}};
}

void write(wire::BucketCreate::Builder to, const BucketCreate& from) {
  write(to.initBucket(), from.bucket);
}

BucketCreate read(wire::BucketCreate::Reader from, const FrameReader& /*frame*/) {
  return {read(from.getBucket())};
}

void write(wire::WorkerHello::Builder to, const WorkerHello& from) {
  write_uuid(to.initStore(), from.store.id);
  write_uuid(to.initCluster(), from.cluster.id);
  to.setStream(text_of(from.endpoints.stream));
  to.setPeer(text_of(from.endpoints.peer));
  to.setWeight(from.weight);
  to.setZone(text_of(from.zone));
  if (from.map) write(to.getMap().initNewest(), *from.map);
}

WorkerHello read(wire::WorkerHello::Reader from, const FrameReader& frame) {
  WorkerHello hello{StoreId{read_uuid(from.getStore())},
                    ClusterId{read_uuid(from.getCluster())},
                    read_endpoints(from),
                    from.getWeight(),
                    bytes_of(from.getZone(), limits::kMaxZoneBytes),
                    std::nullopt};
  const auto map = from.getMap();
  if (map.isNone()) return hello;
  if (!map.isNewest()) throw Refused("an unknown kind of map");
  hello.map = read(map.getNewest(), frame);
  return hello;
}

std::size_t words(const WorkerHello& hello) {
  return 2 * kUuidWords + words(hello.endpoints) + text_words(hello.zone.size()) +
         (hello.map ? struct_words<wire::ClusterMap>() + words(*hello.map) : 0);
}

void write(wire::WorkerWelcome::Builder to, const WorkerWelcome& from) {
  write_uuid(to.initCluster(), from.cluster.id);
  to.setWorker(from.worker.number);
  write_map_version(to.initInForce(), from.in_force);
}

WorkerWelcome read(wire::WorkerWelcome::Reader from, const FrameReader& /*frame*/) {
  return {ClusterId{read_uuid(from.getCluster())}, WorkerId{from.getWorker()},
          read_map_version(from.getInForce())};
}

void write(wire::MapStored::Builder to, const MapStored& from) {
  write_map_version(to.initVersion(), from.version);
}

MapStored read(wire::MapStored::Reader from, const FrameReader& /*frame*/) {
  return {read_map_version(from.getVersion())};
}

}  // namespace

Buffer encode(const ErrorReply& body) {
  const std::size_t text = std::min(body.error.message.size(), limits::kMaxMessageTextBytes);
  return encode_frame<wire::ErrorReply>(body, text_words(text), write);
}

Buffer encode(const ClusterMap& body) {
  return encode_frame<wire::ClusterMap>(body, words(body), write);
}

Buffer encode(const ClientHello& body) {
  return encode_frame<wire::ClientHello>(body, kUuidWords, write);
}

Buffer encode(const BucketCreate& body) {
  return encode_frame<wire::BucketCreate>(body, struct_words<wire::Bucket>() + words(body.bucket),
                                          write);
}

Buffer encode(const WorkerHello& body) {
  return encode_frame<wire::WorkerHello>(body, words(body), write);
}

Buffer encode(const WorkerWelcome& body) {
  return encode_frame<wire::WorkerWelcome>(body, kUuidWords + kMapVersionWords, write);
}

Buffer encode(const MapStored& body) {
  return encode_frame<wire::MapStored>(body, kMapVersionWords, write);
}

template <>
Result<ErrorReply> decode<ErrorReply>(std::string_view bytes) {
  return decode_frame<wire::ErrorReply, ErrorReply>("ErrorReply", bytes, read);
}

template <>
Result<ClusterMap> decode<ClusterMap>(std::string_view bytes) {
  return decode_frame<wire::ClusterMap, ClusterMap>("ClusterMap", bytes, read);
}

template <>
Result<ClientHello> decode<ClientHello>(std::string_view bytes) {
  return decode_frame<wire::ClientHello, ClientHello>("ClientHello", bytes, read);
}

template <>
Result<BucketCreate> decode<BucketCreate>(std::string_view bytes) {
  return decode_frame<wire::BucketCreate, BucketCreate>("BucketCreate", bytes, read);
}

template <>
Result<WorkerHello> decode<WorkerHello>(std::string_view bytes) {
  return decode_frame<wire::WorkerHello, WorkerHello>("WorkerHello", bytes, read);
}

template <>
Result<WorkerWelcome> decode<WorkerWelcome>(std::string_view bytes) {
  return decode_frame<wire::WorkerWelcome, WorkerWelcome>("WorkerWelcome", bytes, read);
}

template <>
Result<MapStored> decode<MapStored>(std::string_view bytes) {
  return decode_frame<wire::MapStored, MapStored>("MapStored", bytes, read);
}

}  // namespace kipu::schema

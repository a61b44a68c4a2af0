// How workers do: what their heartbeats say, and a status of all of them.
#include "schema/capnp.h"
#include "schema/cluster.capnp.h"
#include "schema/codec.h"
#include "schema/common.capnp.h"
#include "schema/frame.h"
#include "schema/parts.h"

namespace kipu::schema {
namespace {

constexpr std::size_t kUuidWords = struct_words<wire::Uuid>();
constexpr std::size_t kMapVersionWords = struct_words<wire::MapVersion>();
constexpr std::size_t kHealthWords = struct_words<wire::WorkerHealth>();

// Before a map says who belongs, a status names strangers, too.
constexpr std::size_t kMostReported = 2 * std::size_t{limits::kMaxWorkers};
// What the workers of a status may say at length, together.
constexpr std::size_t kStatusTextBytes = limits::kMaxBodyBytes / 4;
constexpr std::size_t kTexts = 2;  // of each
constexpr std::size_t kStatusLagBytes = limits::kMaxBodyBytes / 2;
constexpr std::size_t kLeastLagBytes = kBytesPerWord;

// What of a worker's health is said at length: how many bytes and how many lags it may take.
struct HealthRoom {
  std::size_t text_bytes = limits::kMaxMessageTextBytes;
  std::size_t lags = limits::kMaxWorkers;
};

// A status says of each worker what one of so many may take, so that it stays below kMaxBodyBytes:
// of up to 128 workers, all.
HealthRoom room_in(const ClusterStatus& status) {
  const std::size_t workers = std::max<std::size_t>(status.workers.size(), 1);
  const std::size_t lag_bytes = struct_words<wire::ReplicaLag>() * kBytesPerWord;
  return {std::min(limits::kMaxMessageTextBytes, kStatusTextBytes / kTexts / workers),
          std::min<std::size_t>(limits::kMaxWorkers, kStatusLagBytes / lag_bytes / workers)};
}

std::size_t words(const WorkerHealth& health, HealthRoom room) {
  return text_words(std::min(health.why_not_whole.size(), room.text_bytes)) +
         text_words(std::min(health.unreadable.what.size(), room.text_bytes)) +
         list_words<wire::ReplicaLag>(std::min(health.lags.size(), room.lags));
}

void write(wire::ReplicaLag::Builder to, const ReplicaLag& from) {
  to.setReplica(from.replica.number);
  to.setEntries(from.entries);
  to.setAgeMicroseconds(microseconds(from.age));
}

void write(wire::WorkerHealth::Builder to, const WorkerHealth& from, HealthRoom room) {
  to.setEntriesEstimate(from.entries_estimate);
  to.setDiskBytes(from.disk_bytes);
  to.setFreeBytes(from.free_bytes);
  to.setPendingBytes(from.pending_bytes);
  to.setCommitMicroseconds(from.commit_microseconds);
  to.setWallMilliseconds(milliseconds(from.wall));
  to.setReadOnly(from.read_only);
  to.setNotWhole(from.not_whole);
  to.setWhyNotWhole(text_of(std::string(readable_part(from.why_not_whole, room.text_bytes))));
  auto lags = to.initLags(static_cast<unsigned>(std::min(from.lags.size(), room.lags)));
  for (unsigned at = 0; at < lags.size(); ++at) write(lags[at], from.lags[at]);
  to.setUnreadableReads(from.unreadable.count);
  to.setUnreadableSinceMilliseconds(milliseconds(from.unreadable.since));
  to.setWhyUnreadable(text_of(std::string(readable_part(from.unreadable.what, room.text_bytes))));
}

WorkerHealth read(wire::WorkerHealth::Reader from, const FrameReader& frame) {
  WorkerHealth health{from.getEntriesEstimate(),
                      from.getDiskBytes(),
                      from.getFreeBytes(),
                      from.getPendingBytes(),
                      from.getCommitMicroseconds(),
                      read_wall(from.getWallMilliseconds()),
                      from.getReadOnly(),
                      from.getNotWhole(),
                      bytes_of(from.getWhyNotWhole(), limits::kMaxMessageTextBytes),
                      {},
                      {from.getUnreadableReads(), read_wall(from.getUnreadableSinceMilliseconds()),
                       bytes_of(from.getWhyUnreadable(), limits::kMaxMessageTextBytes)}};
  const auto lags = from.getLags();
  health.lags.reserve(frame.count(lags, limits::kMaxWorkers, kLeastLagBytes));
  for (const auto lag : lags) {
    health.lags.push_back(
        {WorkerId{lag.getReplica()}, lag.getEntries(), read_duration(lag.getAgeMicroseconds())});
  }
  return health;
}

void write(wire::WorkerStatus::Builder to, const WorkerStatus& from, HealthRoom room) {
  to.setId(from.id.number);
  write_uuid(to.initStore(), from.store.id);
  to.setLiveness(static_cast<std::uint8_t>(from.liveness));
  to.setSilentMicroseconds(microseconds(from.silent));
  to.setPartitions(from.partitions);
  to.setInFlight(from.in_flight);
  write(to.initHealth(), from.health, room);
}

WorkerStatus read(wire::WorkerStatus::Reader from, const FrameReader& frame) {
  return {WorkerId{from.getId()},
          StoreId{read_uuid(from.getStore())},
          enumerator(from.getLiveness(), Liveness::never_seen, Liveness::suspect),
          read_duration(from.getSilentMicroseconds()),
          from.getPartitions(),
          from.getInFlight(),
          read(from.getHealth(), frame)};
}

// Cut, it would be no report any more.
std::string_view processes_of(const ClusterStatus& status) {
  const bool fits = status.processes.size() <= limits::kMaxProcessesBytes;
  return fits ? std::string_view(status.processes) : std::string_view();
}

// A phase of a later version is one that this version cannot name.
ClusterPhase read_phase(std::uint8_t number) {
  const auto last = static_cast<std::uint8_t>(ClusterPhase::in_force);
  return number <= last ? static_cast<ClusterPhase>(number) : ClusterPhase::unsaid;
}

void write(wire::ClusterStatus::Builder to, const ClusterStatus& from) {
  write_uuid(to.initCluster(), from.cluster.id);
  write_map_version(to.initInForce(), from.in_force);
  to.setExpectedWorkers(from.expected_workers);
  to.setReplicas(from.replicas);
  to.setPartitions(from.partitions);
  to.setWallMilliseconds(milliseconds(from.wall));
  to.setUptimeMicroseconds(microseconds(from.uptime));
  to.setWaitingFor(
      text_of(std::string(readable_part(from.waiting_for, limits::kMaxMessageTextBytes))));
  auto workers = to.initWorkers(static_cast<unsigned>(from.workers.size()));
  const HealthRoom room = room_in(from);
  for (unsigned at = 0; at < workers.size(); ++at) write(workers[at], from.workers[at], room);
  to.setPhase(static_cast<std::uint8_t>(from.phase));
  write_map_version(to.initWanted(), from.wanted);
  to.setProcesses(data_of(processes_of(from)));
  to.setRefusing(text_of(std::string(readable_part(from.refusing, limits::kMaxMessageTextBytes))));
}

ClusterStatus read(wire::ClusterStatus::Reader from, const FrameReader& frame) {
  ClusterStatus status;
  status.cluster = ClusterId{read_uuid(from.getCluster())};
  status.in_force = read_map_version(from.getInForce());
  status.expected_workers = from.getExpectedWorkers();
  status.replicas = from.getReplicas();
  status.partitions = from.getPartitions();
  status.wall = read_wall(from.getWallMilliseconds());
  status.uptime = read_duration(from.getUptimeMicroseconds());
  status.waiting_for = bytes_of(from.getWaitingFor(), limits::kMaxMessageTextBytes);
  const auto workers = from.getWorkers();
  status.workers.reserve(frame.count(workers, kMostReported, kBytesPerWord));
  // Of all workers together, because several may point at the same lags.
  std::size_t room = frame.room_for(kLeastLagBytes);
  for (const auto worker : workers) {
    status.workers.push_back(read(worker, frame));
    const std::size_t lags = status.workers.back().health.lags.size();
    if (lags > room) throw Refused("more lags than the message holds");
    room -= lags;
  }
  status.phase = read_phase(from.getPhase());
  status.wanted = read_map_version(from.getWanted());
  status.processes = bytes_of(from.getProcesses(), limits::kMaxProcessesBytes);
  status.refusing = bytes_of(from.getRefusing(), limits::kMaxMessageTextBytes);
  return status;
}

std::size_t words(const ClusterStatus& status) {
  const std::size_t text = std::min(status.waiting_for.size(), limits::kMaxMessageTextBytes);
  std::size_t sum = kUuidWords + 2 * kMapVersionWords + text_words(text) +
                    list_words<wire::WorkerStatus>(status.workers.size()) +
                    data_words(processes_of(status).size()) +
                    text_words(std::min(status.refusing.size(), limits::kMaxMessageTextBytes));
  const HealthRoom room = room_in(status);
  for (const WorkerStatus& worker : status.workers) {
    sum += kUuidWords + kHealthWords + words(worker.health, room);
  }
  return sum;
}

void write(wire::Heartbeat::Builder to, const Heartbeat& from) {
  write_uuid(to.initStore(), from.store.id);
  to.setSentNanoseconds(nanoseconds(from.sent));
  write_map_version(to.initInForce(), from.in_force);
  write(to.initHealth(), from.health, HealthRoom{});
}

Heartbeat read(wire::Heartbeat::Reader from, const FrameReader& frame) {
  return {StoreId{read_uuid(from.getStore())}, read_instant(from.getSentNanoseconds()),
          read_map_version(from.getInForce()), read(from.getHealth(), frame)};
}

void write(wire::HeartbeatReply::Builder to, const HeartbeatReply& from) {
  to.setEchoNanoseconds(nanoseconds(from.echo));
  to.setKnown(from.known);
  write_map_version(to.initInForce(), from.in_force);
}

HeartbeatReply read(wire::HeartbeatReply::Reader from, const FrameReader& /*frame*/) {
  return {read_instant(from.getEchoNanoseconds()), from.getKnown(),
          read_map_version(from.getInForce())};
}

}  // namespace

Buffer encode(const ClusterStatus& body) {
  return encode_frame<wire::ClusterStatus>(body, words(body), write);
}

Buffer encode(const Heartbeat& body) {
  const std::size_t health = kHealthWords + words(body.health, HealthRoom{});
  return encode_frame<wire::Heartbeat>(body, kUuidWords + kMapVersionWords + health, write);
}

Buffer encode(const HeartbeatReply& body) {
  return encode_frame<wire::HeartbeatReply>(body, kMapVersionWords, write);
}

template <>
Result<ClusterStatus> decode<ClusterStatus>(std::string_view bytes) {
  return decode_frame<wire::ClusterStatus, ClusterStatus>("ClusterStatus", bytes, read);
}

template <>
Result<Heartbeat> decode<Heartbeat>(std::string_view bytes) {
  return decode_frame<wire::Heartbeat, Heartbeat>("Heartbeat", bytes, read);
}

template <>
Result<HeartbeatReply> decode<HeartbeatReply>(std::string_view bytes) {
  return decode_frame<wire::HeartbeatReply, HeartbeatReply>("HeartbeatReply", bytes, read);
}

}  // namespace kipu::schema

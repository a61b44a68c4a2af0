#include "schema/map_checksum.h"

#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/little_endian.h"

namespace kipu::schema {
namespace {

void append_count(std::string& to, std::size_t count) {
  append_le(to, static_cast<std::uint32_t>(count));
}

void append_sized(std::string& to, std::string_view bytes) {
  append_count(to, bytes.size());
  to.append(bytes);
}

void append_uuid(std::string& to, const Uuid& id) {
  append_le(to, id.high);
  append_le(to, id.low);
}

void append_version(std::string& to, const MapVersion& version) {
  append_le(to, version.generation);
  append_le(to, version.nonce);
  append_le(to, version.epoch);
}

void append_bucket(std::string& to, const Bucket& bucket) {
  append_sized(to, bucket.name);
  append_le(to, static_cast<std::uint8_t>(bucket.mode));
  append_le(to, static_cast<std::uint8_t>(bucket.read_level));
  append_le(to, static_cast<std::uint8_t>(bucket.write_level));
  append_le(to, bucket.max_pair_bytes);
}

void append_worker(std::string& to, const Worker& worker) {
  append_le(to, worker.id.number);
  append_uuid(to, worker.store.id);
  append_sized(to, worker.endpoints.stream);
  append_sized(to, worker.endpoints.peer);
  append_le(to, worker.weight);
  append_sized(to, worker.zone);
  append_le(to, static_cast<std::uint8_t>(worker.state));
}

void append_replicas(std::string& to, const Replicas& replicas) {
  append_count(to, replicas.size());
  for (const WorkerId worker : replicas) append_le(to, worker.number);
}

}  // namespace

std::uint64_t checksum_of(const ClusterMap& map) {
  std::string content;
  append_uuid(content, map.cluster.id);
  append_version(content, map.version);
  append_version(content, map.previous);
  append_le(content, map.replicas);
  append_count(content, map.buckets.size());
  for (const Bucket& bucket : map.buckets) append_bucket(content, bucket);
  append_count(content, map.workers.size());
  for (const Worker& worker : map.workers) append_worker(content, worker);
  append_count(content, map.placement.size());
  for (const Replicas& replicas : map.placement) append_replicas(content, replicas);
  return hash64(content);
}

}  // namespace kipu::schema

// Where appends go: the part of Appends that asks the map and knows the suspects.
#include <string>
#include <utility>

#include <fmt/format.h>

#include "client/machine_appends.h"
#include "cluster/map.h"

namespace kipu::client {
namespace {

// `wrong_mode` or `too_large` where the bucket can never take `entry`; a worker would say the same.
Status check_bucket(const Bucket& bucket, const Entry& entry) {
  const bool is_worm = bucket.mode == BucketMode::worm;
  if (is_worm && entry.kind != EntryKind::append) {
    return fail(ErrorCode::wrong_mode,
                fmt::format("bucket {} is write-once (worm): append to it, or put and remove in a "
                            "bucket of mode wmrm",
                            bucket.name));
  }
  if (!is_worm && entry.kind == EntryKind::append) {
    return fail(ErrorCode::wrong_mode,
                fmt::format("bucket {} is of mode wmrm: put into it, or append to a bucket of mode "
                            "worm",
                            bucket.name));
  }
  if (entry.pair_bytes() > bucket.max_pair_bytes) {
    return fail(ErrorCode::too_large,
                fmt::format("key and values have {} bytes together; bucket {} takes at most {}",
                            entry.pair_bytes(), bucket.name, bucket.max_pair_bytes));
  }
  return {};
}

}  // namespace

void Appends::route(Now now, Handle handle, Effects& effects) {
  Pending* call = core_.calls.find(handle);
  if (call == nullptr) return;
  call->append.place = Place::nowhere;
  if (core_.session.map() == nullptr) return park(handle, 0);
  if (!passes_bucket(handle, *call, effects)) return;
  batcher_.push(now.instant, worker_for(now, call->append.entry), handle);
}

// REQUIRES: there is a map.
WorkerId Appends::worker_for(Now now, const Entry& entry) const {
  const auto& placement = core_.session.map()->placement;
  const PartitionId partition =
      cluster::partition_of(entry.bucket, entry.key, static_cast<std::uint32_t>(placement.size()));
  return core_.suspects.choose(placement[partition.number], now.instant);
}

// What waits for a worker that has just become suspect need not find out for itself.
void Appends::suspect(Now now, WorkerId worker, Effects& effects) {
  const bool is_new = core_.suspects.raise(worker, now.instant);
  if (!is_new || core_.session.map()->replicas == 1) return;
  route_all(now, batcher_.drain(worker), effects);
}

// Whether a batch is better taken apart than sent again to its worker.
bool Appends::goes_elsewhere(Now now, const Batch& batch) {
  if (batch.request.map != core_.session.map()->version) return true;
  if (!core_.suspects.contains(batch.worker, now.instant)) return false;
  for (std::size_t i = 0; i < batch.order->size(); ++i) {
    if (core_.calls.find((*batch.order)[i]) == nullptr) continue;
    if (worker_for(now, batch.request.entries[i]) != batch.worker) return true;
  }
  return false;
}

// False if the call has been completed, or waits for a map that may have its bucket.
bool Appends::passes_bucket(Handle handle, Pending& call, Effects& effects) {
  AppendState& append = call.append;
  const Bucket* bucket = cluster::find_bucket(*core_.session.map(), append.entry.bucket);
  if (bucket == nullptr && !append.map_asked) {
    append.map_asked = true;
    park(handle, core_.session.want_map());
    return false;
  }
  Status fits;
  if (bucket == nullptr) {
    fits = fail(ErrorCode::unknown_bucket,
                fmt::format("there is no bucket {}; create it first", append.entry.bucket));
  } else {
    fits = check_bucket(*bucket, append.entry);
  }
  if (!fits) {
    finish(handle, fail(concluded(call, fits.error())), effects);
    return false;
  }
  const bool is_unanswered =
      append.level == Level::bucket_default && bucket->write_level == Level::none;
  if (is_unanswered) append.level = Level::none;
  return true;
}

void Appends::park(Handle handle, std::uint64_t map_ticket) {
  Pending& call = *core_.calls.find(handle);
  call.append.place = Place::parked;
  parked_.emplace(call.sequence, Parked{handle, map_ticket});
}

void Appends::route_all(Now now, const std::vector<Handle>& handles, Effects& effects) {
  for (const Handle handle : handles) route(now, handle, effects);
}

void Appends::on_map(Now now, bool is_new, Effects& effects) {
  if (is_new) route_all(now, batcher_.drain(), effects);
  std::vector<Handle> ready;
  std::erase_if(parked_, [&](const auto& item) {
    const bool waits = !core_.session.fetched(item.second.map_ticket);
    if (!waits) ready.push_back(item.second.handle);
    return !waits;
  });
  route_all(now, ready, effects);
}

}  // namespace kipu::client

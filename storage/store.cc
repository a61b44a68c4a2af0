#include "storage/store.h"

#include <set>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace kipu::storage {
namespace {

template <class T>
Result<ReadResult> as_result(Result<T> read) {
  if (!read) return fail(std::move(read.error()));
  return ReadResult(std::move(*read));
}

struct Reader {
  const Store& store;

  Result<ReadResult> operator()(const PageQuery& query) const {
    return as_result(store.page(query));
  }
  Result<ReadResult> operator()(const CountQuery& query) const {
    return as_result(store.count(query));
  }
  Result<ReadResult> operator()(const KeysQuery& query) const {
    return as_result(store.keys(query));
  }
  Result<ReadResult> operator()(const ScanQuery& query) const {
    return as_result(store.scan(query));
  }
  Result<ReadResult> operator()(const FetchQuery& query) const {
    return as_result(store.fetch(query));
  }
};

std::optional<std::vector<std::uint32_t>> present_of(const Store& store, const Change& change) {
  std::vector<std::uint32_t> present;
  std::set<std::tuple<PartitionId, std::string_view, std::string_view, EntryId>> met;
  for (const std::uint32_t index : change.asked) {
    const PlacedEntry& placed = change.entries[index];
    const Entry& entry = placed.entry;
    const bool again = !met.emplace(placed.partition, entry.bucket, entry.key, entry.id()).second;
    const Result<bool> there = store.has(placed);
    if (!there) return std::nullopt;
    if (again || *there) present.push_back(index);
  }
  return present;
}

}  // namespace

Merged merge_and_tell(Store& store, const Change& change) {
  Merged merged;
  if (!change.asked.empty()) merged.present = present_of(store, change);
  merged.status = store.merge(change);
  return merged;
}

StoreInfo make_store_info(Rng& rng, StoreId instead_of) {
  StoreInfo info;
  info.store = instead_of.is_none() ? StoreId{Uuid::random(rng)} : instead_of;
  if (!instead_of.is_none()) info.whole.kind = Wholeness::Kind::none;
  return info;
}

void add_run(StoreInfo& info, Rng& rng) {
  if (info.runs.size() >= kMaxRuns) {
    const auto surplus = info.runs.size() - kMaxRuns + 1;
    info.runs.erase(info.runs.begin(), info.runs.begin() + static_cast<std::ptrdiff_t>(surplus));
    info.forgotten_runs += surplus;
  }
  std::uint64_t run = 0;  // which is that of no position
  while (run == 0) run = rng.next();
  info.runs.push_back({run});
}

void end_runs(StoreInfo& info, const Position& head) {
  for (std::size_t i = info.runs.size() - 1; i-- > 0;) {
    Run& run = info.runs[i];
    run.last = run.number == head.run ? head.counter : 0;
    if (run.number == head.run) return;
  }
}

Status check_cluster(const StoreInfo& info, ClusterId cluster) {
  if (cluster.is_none()) {
    return fail(ErrorCode::invalid_argument, "a map names its cluster, and this one names none");
  }
  if (!info.cluster.is_none() && info.cluster != cluster) {
    return fail(ErrorCode::wrong_cluster,
                fmt::format("store {} belongs to cluster {}, and the map to cluster {}",
                            info.store.id.to_string(), info.cluster.id.to_string(),
                            cluster.id.to_string()));
  }
  return {};
}

Status Store::merge(std::span<const PlacedEntry> entries) {
  Change change;
  change.entries.assign(entries.begin(), entries.end());
  return merge(change);
}

Result<ReadResult> read(const Store& store, const ReadQuery& query) {
  return std::visit(Reader{store}, query);
}

}  // namespace kipu::storage

#include "tests/sim/disk.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace kipu::sim {

Disk::Disk(World& world, Model& model, Process& owner)
    : world_(world), model_(model), owner_(owner), store_(storage::make_memory_store(world.rng)) {}

void Disk::merge(std::vector<storage::PlacedEntry> entries, Done done) {
  submit({std::move(entries), {}, {}, std::move(done)});
}

void Disk::save_map(ClusterId cluster, std::string map, Done done) {
  submit({{}, cluster, std::move(map), std::move(done)});
}

void Disk::submit(Write write) {
  writes_.push_back(std::move(write));
  begin_next();
}

void Disk::begin_next() {
  if (busy_ || writes_.empty()) return;
  busy_ = true;
  const DiskOptions& options = world_.options.disk;
  const Duration stalled = std::max(stalled_until_ - world_.now(), Duration::zero());
  const Duration length = stalled + world_.rng.between(options.least_delay, options.most_delay);
  if (world_.options.plant == Plant::acknowledge_before_sync && writes_.front().map.empty()) {
    owner_.post(Duration::zero(), [done = std::exchange(writes_.front().done, {})] { done({}); });
  }
  owner_.post(length, [this] { finish(); });
}

void Disk::finish() {
  Write write = std::move(writes_.front());
  writes_.pop_front();
  busy_ = false;
  const Status status = apply(write);
  if (!status) failed_ = true;
  // The thread that wrote tells the loop, which may be at something else.
  if (write.done) {
    owner_.post(std::chrono::microseconds(world_.rng.below(500)),
                [done = std::move(write.done), status] { done(status); });
  }
  begin_next();
}

Status Disk::apply(Write& write) {
  if (failed_) return fail(ErrorCode::closed, "the store accepts no more writes");
  if (std::exchange(fail_next_, false)) {
    if (world_.rng.one_in(2)) return fail(ErrorCode::io_error, "a planted fault, not done");
    failed_ = true;
  }
  if (!write.map.empty()) {
    if (auto saved = store_->save_map(write.cluster, std::move(write.map)); !saved) return saved;
  } else {
    plant(write);
    if (auto merged = store_->merge(write.entries); !merged) return merged;
    for (const auto& placed : write.entries) model_.on_stored(placed.entry);
    world_.note(owner_.name(), "stored", write.entries.size());
  }
  if (failed_) return fail(ErrorCode::io_error, "a planted fault, done all the same");
  return {};
}

void Disk::plant(Write& write) {
  if (world_.options.plant == Plant::nothing || !world_.rng.one_in(5)) return;
  storage::PlacedEntry& first = write.entries.front();
  switch (world_.options.plant) {
    case Plant::drop_commit:
      write.entries.clear();
      break;
    case Plant::second_stamp: {
      storage::PlacedEntry again = first;
      again.entry.stamp.time = again.entry.stamp.time.plus(1);
      again.entry.digest = digest_of(again.entry);
      write.entries.push_back(std::move(again));
      break;
    }
    case Plant::alter_value:
      if (first.entry.kind == EntryKind::remove) break;
      first.entry.values = Values{"altered"};
      first.entry.digest = digest_of(first.entry);
      break;
    default:
      break;
  }
}

Result<ReadResult> Disk::read(const ReadQuery& query) const {
  auto result = storage::read(*store_, query);
  if (!result) return result;
  auto* page = std::get_if<Page>(&*result);
  if (page != nullptr && world_.options.plant == Plant::shorten_page && page->entries.size() > 1) {
    page->entries.pop_back();
    page->complete = true;
  }
  if (page != nullptr && world_.options.plant == Plant::read_before_sync && busy_) {
    const auto* asked = std::get_if<PageQuery>(&query);
    for (const auto& placed : writes_.front().entries) {
      const bool fits = asked != nullptr && !asked->reverse && page->complete && !asked->since &&
                        !asked->until && placed.entry.key == asked->key &&
                        placed.entry.bucket == asked->bucket &&
                        (page->entries.empty() || page->entries.back().id() < placed.entry.id());
      if (fits && page->entries.size() < asked->max_entries) page->entries.push_back(placed.entry);
    }
  }
  return result;
}

storage::StoreStats Disk::stats() const {
  storage::StoreStats stats = store_->stats();
  stats.free_bytes = free_bytes_;
  return stats;
}

void Disk::crash() {
  if (busy_ && !failed_ && world_.rng.one_in(2)) {
    fail_next_ = false;
    const Status done = apply(writes_.front());
    KIPU_CHECK(done.has_value());
  }
  writes_.clear();
  busy_ = false;
  failed_ = false;  // the next process opens the store anew
  fail_next_ = false;
}

}  // namespace kipu::sim

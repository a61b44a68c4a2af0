#include "tests/sim/disk.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "schema/codec.h"

namespace kipu::sim {

using storage::Change;
using storage::Wholeness;

bool touches(const ReadQuery& query, PartitionId partition) {
  return std::visit(
      [&](const auto& one) {
        if constexpr (requires { one.partitions; }) {
          return std::ranges::find(one.partitions, partition) != one.partitions.end();
        } else {
          return one.partition == partition;
        }
      },
      query);
}

Disk::Disk(World& world, Model& model, StreamModel& streams, Places& places, Process& owner,
           std::size_t number)
    : world_(world),
      model_(model),
      streams_(streams),
      places_(places),
      owner_(owner),
      number_(number),
      store_(make_empty({})) {}

std::unique_ptr<storage::MemoryStore> Disk::make_empty(StoreId instead_of) const {
  return storage::make_memory_store(world_.rng,
                                    {.instead_of = instead_of, .log = world_.options.log});
}

void Disk::merge(Change change, Done done) {
  submit({std::move(change), std::move(done)});
}

void Disk::save_map(ClusterId cluster, std::string map, Done done) {
  submit({SaveMap{cluster, std::move(map)}, std::move(done)});
}

void Disk::save_wholeness(Wholeness whole, Done done) {
  submit({std::move(whole), std::move(done)});
}

const Change* Disk::change_under_way() const {
  return busy_ ? std::get_if<Change>(&writes_.front().what) : nullptr;
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
  if (world_.options.plant == Plant::acknowledge_before_sync && change_under_way() != nullptr) {
    owner_.post(Duration::zero(), [done = std::exchange(writes_.front().done, {})] { done({}); });
  }
  owner_.post(length, [this] { finish(); });
}

void Disk::finish() {
  Write write = std::move(writes_.front());
  writes_.pop_front();
  busy_ = false;
  told_.reset();
  storage::Merged merged = apply(write);
  merged.present = std::exchange(told_, std::nullopt);
  if (!merged.status) failed_ = true;
  // The thread that wrote tells the loop, which may be at something else.
  if (write.done) {
    owner_.post(std::chrono::microseconds(world_.rng.below(500)),
                [done = std::move(write.done), merged = std::move(merged)] { done(merged); });
  }
  begin_next();
}

Status Disk::apply(Write& write) {
  if (failed_) return fail(ErrorCode::closed, "the store accepts no more writes");
  if (std::exchange(fail_next_, false)) {
    if (world_.rng.one_in(2)) return fail(ErrorCode::io_error, "a planted fault, not done");
    failed_ = true;
  }
  const Status done = std::visit([this](auto& what) { return carry_out(what); }, write.what);
  if (!done) return done;
  if (failed_) return fail(ErrorCode::io_error, "a planted fault, done all the same");
  return {};
}

Status Disk::carry_out(SaveMap& save) {
  const auto map = schema::decode<schema::ClusterMap>(save.map);
  if (map) places_.on_map(*map);
  return store_->save_map(save.cluster, std::move(save.map));
}

Status Disk::carry_out(Wholeness& whole) {
  note_wholeness(whole);
  return store_->save_wholeness(std::move(whole));
}

void Disk::note_wholeness(const Wholeness& whole) const {
  using Kind = Wholeness::Kind;
  const Wholeness& before = store_->info().whole;
  const bool was_born = before.kind == Kind::all_but;
  if (whole.kind != Kind::all_but) return;
  if (was_born && whole.missing.size() > before.missing.size()) world_.marks.hit(Mark::loss_learnt);
  if (was_born && whole.missing.size() < before.missing.size()) world_.marks.hit(Mark::reconciled);
}

Status Disk::carry_out(Change& change) {
  const bool copies = world_.options.faults.on[index_of(Fault::roll_back_disk)];
  if (copies && world_.options.replicas > 1 && world_.rng.one_in(30) && may_be_copied()) {
    copy_ = store_->clone();
  }
  plant(change);
  storage::Merged merged = storage::merge_and_tell(*store_, change);
  if (!merged.status) {
    world_.verdict.fail(
        "worker", owner_.name() + " stores what no store takes: " + merged.status.error().message);
    return merged.status;
  }
  told_ = std::move(merged.present);
  record(change);
  return {};
}

// Not as long as it stands where another store lost what it had: once that one has forgotten that
// it ever was there, it would take the copy's word for a second loss.
bool Disk::may_be_copied() const {
  if (!world_.settled()) return false;
  for (const auto& [origin, cursor] : info().stream.cursors) {
    if (streams_.is_lost(origin, cursor)) return false;
  }
  return true;
}

void Disk::record(const Change& change) {
  for (const auto& placed : change.entries) model_.on_stored(placed.entry, number_);
  const StoreId store = info().store;
  if (change.position) {
    std::vector<Entry> logged;
    for (std::size_t i = 0; i < change.logged && i < change.entries.size(); ++i) {
      logged.push_back(change.entries[i].entry);
    }
    streams_.on_commit(store, *change.position, std::move(logged));
  }
  for (const auto& [origin, cursor] : change.cursors) streams_.on_cursor(store, origin, cursor);
  world_.note(owner_.name(), "stored", change.entries.size());
}

void Disk::plant(Change& change) {
  if (world_.options.plant == Plant::nothing || !world_.rng.one_in(5)) return;
  if (change.entries.empty()) return;
  storage::PlacedEntry& first = change.entries.front();
  switch (world_.options.plant) {
    case Plant::drop_commit:
      change.entries.clear();
      break;
    case Plant::second_stamp: {
      storage::PlacedEntry again = first;
      again.entry.stamp.time = again.entry.stamp.time.plus(1);
      again.entry.digest = digest_of(again.entry);
      change.entries.push_back(std::move(again));
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
  if (rotten_ && touches(query, *rotten_)) {
    world_.marks.hit(Mark::unreadable);
    return fail(ErrorCode::unreadable, "planted rot");
  }
  auto result = storage::read(*store_, query);
  if (!result) return result;
  if (auto* page = std::get_if<Page>(&*result); page != nullptr) plant_in_page(query, *page);
  return result;
}

void Disk::plant_in_page(const ReadQuery& query, Page& page) const {
  if (world_.options.plant == Plant::shorten_page && page.entries.size() > 1) {
    page.entries.pop_back();
    page.complete = true;
  }
  const Change* change = change_under_way();
  if (world_.options.plant != Plant::read_before_sync || change == nullptr) return;
  const auto* asked = std::get_if<PageQuery>(&query);
  for (const auto& placed : change->entries) {
    const bool fits = asked != nullptr && !asked->reverse && page.complete && !asked->since &&
                      !asked->until && placed.entry.key == asked->key &&
                      placed.entry.bucket == asked->bucket &&
                      (page.entries.empty() || page.entries.back().id() < placed.entry.id());
    if (fits && page.entries.size() < asked->max_entries) page.entries.push_back(placed.entry);
  }
}

storage::StoreStats Disk::stats() const {
  storage::StoreStats stats = store_->stats();
  stats.free_bytes = free_bytes_;
  return stats;
}

void Disk::open() {
  const std::uint32_t revived = world_.options.disk.revived;
  if (revived > 0 && world_.rng.below(10'000) < revived) store_->revive(world_.rng);
  store_->reopen(world_.rng);
}

void Disk::crash() {
  if (busy_ && !failed_ && world_.rng.one_in(2)) {
    fail_next_ = false;
    const Status done = apply(writes_.front());
    KIPU_CHECK(done.has_value());
    world_.marks.hit(Mark::kept_at_crash);
  }
  writes_.clear();
  busy_ = false;
  failed_ = false;  // the next process opens the store anew
  fail_next_ = false;
}

bool Disk::may_be_lost(bool emptied) const {
  return !info().map.empty() && (emptied || copy_ != nullptr);
}

void Disk::lose(bool emptied) {
  KIPU_CHECK(!owner_.up());
  mend();
  const ClusterId cluster = info().cluster;
  std::string map = info().map;
  store_ = emptied ? make_empty(info().store) : copy_->clone();
  if (!emptied && store_->info().map != map) {
    const Status saved = store_->save_map(cluster, std::move(map));
    KIPU_CHECK(saved.has_value());
  }
  if (emptied) copy_.reset();
  store_->reopen(world_.rng);
  model_.on_disk_lost(number_, contents());
  streams_.on_disk_lost(info().store, info().stream);
}

bool Disk::has_all_it_had() const {
  const Wholeness& whole = info().whole;
  return whole.kind == Wholeness::Kind::all_but && whole.missing.empty() &&
         model_.owed_to(number_) == 0;
}

std::vector<Entry> Disk::contents() const {
  std::vector<Entry> entries;
  if (!places_.is_known()) return entries;
  const schema::ClusterMap& map = places_.map();
  for (std::uint32_t number = 0; number < map.placement.size(); ++number) {
    for (const Bucket& bucket : map.buckets) {
      add_contents(PartitionId{number}, bucket.name, entries);
    }
  }
  return entries;
}

void Disk::add_contents(PartitionId partition, const std::string& bucket,
                        std::vector<Entry>& entries) const {
  ScanQuery query;
  query.partition = partition;
  query.bucket = bucket;
  for (bool complete = false; !complete;) {
    auto page = store_->scan(query);
    if (!page) return world_.verdict.fail("I6", "a disk cannot be read");
    complete = page->complete || page->entries.empty();
    if (page->entries.empty()) break;
    const Entry& last = page->entries.back();
    if (places_.partition_of(last) != partition) {
      world_.verdict.fail("I1", "stored where nobody looks: " + describe(last));
    }
    query.after = ScanQuery::Position{last.key, last.id()};
    std::move(page->entries.begin(), page->entries.end(), std::back_inserter(entries));
  }
}

}  // namespace kipu::sim

#include "worker/reconciler.h"

#include <algorithm>
#include <utility>

#include "worker/checks.h"
#include "worker/page_merge.h"

namespace kipu::worker {
namespace {

bool says_damaged(const Result<schema::PeerReadReply>& reply) {
  return !reply && is_damage(reply.error().code);
}

Instant from_when(const std::map<PartitionId, Instant>& held, PartitionId partition) {
  const auto found = held.find(partition);
  return found == held.end() ? Instant() : found->second;
}

}  // namespace

void Reconciler::set_buckets(std::vector<std::string> buckets) {
  if (buckets == buckets_) return;
  buckets_ = std::move(buckets);
  for (auto& [partition, want] : wants_) want.walked.clear();
  for (auto& [store, source] : sources_) {
    source.walk.reset();
    source.doing = Source::Doing::nothing;
    if (!source.catch_up) continue;
    const std::vector<PartitionId>& shared = source.catch_up->shared;
    source.catch_up->left = {shared.begin(), shared.end()};
  }
}

void Reconciler::want(PartitionId partition, std::vector<StoreId> from, std::size_t needed,
                      bool any) {
  const auto found = wants_.find(partition);
  const bool is_same = found != wants_.end() && found->second.from == from &&
                       found->second.needed == needed && found->second.any == any;
  if (is_same) return;
  for (const StoreId store : from) sources_.try_emplace(store);
  wants_[partition] = Want{std::move(from), needed, any, {}, ++last_serial_};
}

void Reconciler::restart(PartitionId partition) {
  const auto found = wants_.find(partition);
  if (found == wants_.end()) return;
  found->second.walked.clear();
  found->second.serial = ++last_serial_;
}

void Reconciler::catch_up(StoreId origin, Position head, const std::vector<PartitionId>& shared) {
  Source& source = sources_[origin];
  if (source.catch_up) return;
  source.catch_up = CatchUp{head, shared, {shared.begin(), shared.end()}};
  if (!shared.empty()) return;
  caught_up_.push_back({origin, head});
  source.catch_up.reset();
}

void Reconciler::on_tick(Instant now, ReconcileSteps& steps) {
  for (auto& [store, source] : sources_) {
    const bool silent = source.doing == Source::Doing::asking && now >= overdue(source);
    if (silent) ask_again(now, store, source, steps);
    if (source.doing == Source::Doing::nothing) go_on(now, store, source, steps);
  }
}

Instant Reconciler::next_tick() const {
  Instant next = Instant::never();
  for (const auto& [store, source] : sources_) {
    if (source.doing == Source::Doing::merging) continue;
    if (source.doing == Source::Doing::asking) {
      next = std::min(next, overdue(source));
      continue;
    }
    next = std::min(next, next_walk(store, source));
  }
  return next;
}

Instant Reconciler::next_walk(StoreId store, const Source& source) const {
  if (source.walk) return source.resume;
  Instant next = Instant::never();
  if (source.catch_up) {
    for (const PartitionId partition : source.catch_up->left) {
      next = std::min(next, from_when(source.damaged, partition));
    }
  }
  for (const auto& [partition, want] : wants_) {
    if (!is_wanted_from(want, store)) continue;
    next = std::min(next, std::max(from_when(source.not_before, partition),
                                   from_when(source.damaged, partition)));
  }
  return std::max(next, source.resume);
}

void Reconciler::on_reply(Instant now, StoreId from, std::uint64_t number,
                          Result<schema::PeerReadReply> reply, ReconcileSteps& steps) {
  const auto found = sources_.find(from);
  if (found == sources_.end()) return;
  Source& source = found->second;
  if (source.doing != Source::Doing::asking || source.number != number) return;
  source.doing = Source::Doing::nothing;
  if (says_damaged(reply)) {
    damaged(now, source);
    return go_on(now, from, source, steps);
  }
  const Page* page = reply && reply->result ? std::get_if<Page>(&*reply->result) : nullptr;
  if (page == nullptr || !check_page(query_of(*source.walk), *page)) return failed(now, source);
  source.wait = Duration{0};
  source.resume = now;
  take(now, from, source, std::move(*reply), steps);
}

void Reconciler::take(Instant now, StoreId store, Source& source, schema::PeerReadReply reply,
                      ReconcileSteps& steps) {
  Walk& walk = *source.walk;
  walk.whole = walk.whole && reply.whole;
  if (!walk.whole && !walk.catches_up && !takes_any(walk.partition)) {
    not_whole(now, source);
    return go_on(now, store, source, steps);
  }
  Page page = std::get<Page>(std::move(*reply.result));
  walk.last_page = page.complete;
  if (page.entries.empty()) {
    page_done(store, source);
    return go_on(now, store, source, steps);
  }
  walk.after = {page.entries.back().key, page.entries.back().id()};
  source.doing = Source::Doing::merging;
  const bool fills = (walk.whole || takes_any(walk.partition)) && walk.serial != 0;
  steps.merges.push_back({store, source.number, std::move(page.entries), fills});
}

void Reconciler::on_merged(Instant now, StoreId from, std::uint64_t number, ReconcileSteps& steps) {
  const auto found = sources_.find(from);
  if (found == sources_.end()) return;
  Source& source = found->second;
  if (source.doing != Source::Doing::merging || source.number != number) return;
  source.doing = Source::Doing::nothing;
  page_done(from, source);
  go_on(now, from, source, steps);
}

std::vector<PartitionId> Reconciler::take_filled() {
  return std::exchange(filled_, {});
}

std::vector<Reconciler::CaughtUp> Reconciler::take_caught_up() {
  return std::exchange(caught_up_, {});
}

bool Reconciler::lacks_only_damaged(StoreId origin) const {
  const auto found = sources_.find(origin);
  if (found == sources_.end() || !found->second.catch_up) return false;
  const Source& source = found->second;
  return std::ranges::all_of(source.catch_up->left, [&](PartitionId partition) {
    return source.damaged.contains(partition);
  });
}

std::set<StoreId> Reconciler::not_whole_either(Instant now) const {
  std::set<StoreId> stores;
  for (const auto& [partition, want] : wants_) {
    if (want.any) continue;
    std::set<StoreId> lacking;
    for (const StoreId store : want.from) {
      const bool lacks = !want.walked.contains(store) && is_not_whole(now, store, partition);
      if (lacks) lacking.insert(store);
    }
    if (want.from.size() - lacking.size() < want.needed) stores.merge(lacking);
  }
  return stores;
}

// As it said a little while ago: it is asked again and again.
bool Reconciler::is_not_whole(Instant now, StoreId store, PartitionId partition) const {
  const auto source = sources_.find(store);
  if (source == sources_.end()) return false;
  const auto said = source->second.not_before.find(partition);
  return said != source->second.not_before.end() &&
         now < said->second + rules_.longest_retry + rules_.timeout;
}

std::set<StoreId> Reconciler::waiting_for() const {
  std::set<StoreId> stores;
  for (const auto& [partition, want] : wants_) {
    for (const StoreId store : want.from) {
      if (!want.walked.contains(store)) stores.insert(store);
    }
  }
  return stores;
}

// Asks for the next page of the walk, or of the next one; what has failed rests for a while.
void Reconciler::go_on(Instant now, StoreId store, Source& source, ReconcileSteps& steps) {
  if (now < source.resume || buckets_.empty()) return;
  if (!source.walk && !begin_walk(now, store, source)) return;
  ask(now, store, source, steps);
}

bool Reconciler::begin_walk(Instant now, StoreId store, Source& source) {
  std::optional<PartitionId> partition = left_of(now, source);
  const bool catches_up = partition.has_value();
  if (!partition) partition = wanted_from(now, store, source);
  if (!partition) return false;
  source.walk = Walk{};
  source.walk->partition = *partition;
  source.walk->catches_up = catches_up;
  const auto want = wants_.find(*partition);
  if (want != wants_.end() && is_wanted_from(want->second, store)) {
    source.walk->serial = want->second.serial;
  }
  return true;
}

std::optional<PartitionId> Reconciler::left_of(Instant now, const Source& source) {
  if (!source.catch_up) return std::nullopt;
  for (const PartitionId partition : source.catch_up->left) {
    if (now >= from_when(source.damaged, partition)) return partition;
  }
  return std::nullopt;
}

std::optional<PartitionId> Reconciler::wanted_from(Instant now, StoreId store,
                                                   const Source& source) const {
  for (const auto& [partition, want] : wants_) {
    if (!is_wanted_from(want, store)) continue;
    if (now < from_when(source.not_before, partition)) continue;
    if (now >= from_when(source.damaged, partition)) return partition;
  }
  return std::nullopt;
}

bool Reconciler::is_wanted_from(const Want& want, StoreId store) const {
  return !want.walked.contains(store) &&
         std::find(want.from.begin(), want.from.end(), store) != want.from.end();
}

bool Reconciler::takes_any(PartitionId partition) const {
  const auto want = wants_.find(partition);
  return want != wants_.end() && want->second.any;
}

void Reconciler::ask(Instant now, StoreId store, Source& source, ReconcileSteps& steps) {
  source.doing = Source::Doing::asking;
  source.number = ++last_number_;
  source.asked = now;
  steps.asks.push_back({store, source.number, query_of(*source.walk)});
}

// It may be lost, or take long: whoever is at it is not told to begin anew.
void Reconciler::ask_again(Instant now, StoreId store, Source& source, ReconcileSteps& steps) {
  source.wait = std::clamp(source.wait * 2, rules_.retry, rules_.longest_retry);
  source.asked = now;
  steps.asks.push_back({store, source.number, query_of(*source.walk)});
}

Instant Reconciler::overdue(const Source& source) const {
  return source.asked + rules_.timeout + source.wait;
}

// The walk goes on where it stands.
void Reconciler::failed(Instant now, Source& source) const {
  source.doing = Source::Doing::nothing;
  source.wait = std::clamp(source.wait * 2, rules_.retry, rules_.longest_retry);
  source.resume = now + source.wait;
}

void Reconciler::not_whole(Instant now, Source& source) const {
  source.not_before[source.walk->partition] = now + rules_.longest_retry;
  source.walk.reset();
}

void Reconciler::damaged(Instant now, Source& source) const {
  source.damaged[source.walk->partition] = now + rules_.damaged_retry;
  source.walk.reset();
}

// All of a page is durable here.
void Reconciler::page_done(StoreId store, Source& source) {
  Walk& walk = *source.walk;
  if (!walk.last_page) return;
  walk.after.reset();
  if (++walk.bucket == buckets_.size()) walked(store, source);
}

void Reconciler::walked(StoreId store, Source& source) {
  const Walk walk = *std::exchange(source.walk, std::nullopt);
  source.not_before.erase(walk.partition);
  source.damaged.erase(walk.partition);
  const auto want = wants_.find(walk.partition);
  const bool is_wanted = want != wants_.end() && want->second.serial == walk.serial;
  if (is_wanted && (walk.whole || want->second.any)) {
    want->second.walked.insert(store);
    if (want->second.walked.size() >= want->second.needed) {
      filled_.push_back(walk.partition);
      wants_.erase(want);
    }
  }
  if (!walk.catches_up || !source.catch_up) return;
  source.catch_up->left.erase(walk.partition);
  if (!source.catch_up->left.empty()) return;
  caught_up_.push_back({store, source.catch_up->head});
  source.catch_up.reset();
}

ScanQuery Reconciler::query_of(const Walk& walk) const {
  ScanQuery query;
  query.partition = walk.partition;
  query.bucket = buckets_[walk.bucket];
  query.after = walk.after;
  query.level = Level::one;
  return query;
}

}  // namespace kipu::worker

#include "worker/origin.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace kipu::worker {
namespace {

// So many commits are told apart in what a destination lacks; more are one.
constexpr std::size_t kMostBehind = 4096;
// A destination that has all, but stands so many commits or entries back, is moved on, since the
// log is kept from where it stands. So it costs a fetch now and then, and the log stays short.
constexpr std::uint64_t kIdleCommits = 64;
constexpr std::uint64_t kIdleEntries = 4096;

std::size_t bytes_of(const std::vector<Entry>& entries) {
  return std::accumulate(
      entries.begin(), entries.end(), std::size_t{0},
      [](std::size_t sum, const Entry& entry) { return sum + entry.message_bytes(); });
}

}  // namespace

Origin::Origin(const storage::StoreInfo& info, std::size_t window_bytes)
    : self_(info.store),
      window_bytes_(window_bytes),
      runs_(info.runs),
      run_(info.runs.empty() ? 0 : info.runs.back().number),
      head_(info.stream.head),
      remembered_(info.stream.acknowledged) {}

std::optional<Origin::Rank> Origin::rank(const Position& position) const {
  if (position.is_none()) return Rank{0, 0};
  const auto found = std::find_if(runs_.rbegin(), runs_.rend(), [&](const storage::Run& run) {
    return run.number == position.run;
  });
  if (found == runs_.rend()) return std::nullopt;
  return Rank{static_cast<std::size_t>(runs_.rend() - found), position.counter};
}

// What is under way counts: a fetch reads it from the store as soon as it is durable, which may be
// before this object is told.
bool Origin::knows(const Position& position) const {
  if (position.is_none()) return true;
  if (position.run == run_) return position.counter <= counter_;
  const auto ranked = rank(position);
  return ranked && position.counter <= runs_[ranked->first - 1].last;
}

void Origin::take(const PeerBook& peers) {
  std::map<StoreId, Destination> destinations;
  for (const auto& [store, peer] : peers.all()) {
    if (peer.shared.empty()) continue;
    if (const auto known = destinations_.find(store); known != destinations_.end()) {
      destinations[store] = std::move(known->second);
      continue;
    }
    Destination& fresh = destinations[store];
    fresh.last = head_;
    fresh.logged_at_last = logged_;
    const auto remembered = remembered_.find(store);
    if (remembered != remembered_.end() && knows(remembered->second)) {
      fresh.acknowledged = fresh.cursor = remembered->second;
    }
  }
  destinations_ = std::move(destinations);
}

void Origin::begin(Instant now, const PeerBook& peers, storage::Change& change) {
  KIPU_CHECK(!under_way_);
  UnderWay commit{{}, now, 0, {}};
  for (const storage::PlacedEntry& placed : change.entries) {
    for (const StoreId other : peers.others(placed.partition)) {
      commit.entries[other].push_back(placed.entry);
    }
  }
  if (commit.entries.empty()) return;
  KIPU_CHECK(run_ != 0);
  commit.position = {run_, ++counter_};
  change.position = commit.position;
  change.logged = commit.logged = change.entries.size();
  for (auto& [store, destination] : destinations_) {
    if (std::exchange(destination.unsaved, false)) {
      change.acknowledged[store] = destination.acknowledged;
    }
  }
  change.trim_through = trim_through();
  under_way_ = std::move(commit);
}

// Up to where every destination has acknowledged.
std::optional<Position> Origin::trim_through() const {
  std::optional<Position> least;
  for (const auto& [store, destination] : destinations_) {
    if (!least || before(destination.acknowledged, *least)) least = destination.acknowledged;
  }
  return least && !least->is_none() ? least : std::nullopt;
}

std::vector<schema::Bundle> Origin::committed() {
  std::vector<schema::Bundle> bundles;
  if (!under_way_) return bundles;
  UnderWay commit = std::move(*std::exchange(under_way_, std::nullopt));
  head_ = commit.position;
  logged_ += commit.logged;
  for (auto& [store, entries] : commit.entries) {
    const auto found = destinations_.find(store);
    if (found == destinations_.end()) continue;
    Destination& destination = found->second;
    const std::size_t bytes = bytes_of(entries);
    const Position previous = std::exchange(destination.last, commit.position);
    destination.logged_at_last = logged_;
    destination.skipping |= destination.bytes > 0 && destination.bytes + bytes > window_bytes_;
    append(destination, {commit.position, entries.size(), bytes, commit.began});
    if (destination.skipping) continue;
    bundles.push_back({self_, store, commit.position, previous, std::move(entries)});
  }
  return bundles;
}

void Origin::append(Destination& destination, Unacknowledged commit) const {
  destination.bytes += commit.bytes;
  if (destination.behind.size() < kMostBehind) {
    return destination.behind.push_back(commit);
  }
  Unacknowledged& last = destination.behind.back();
  last.position = commit.position;
  last.entries += commit.entries;
  last.bytes += commit.bytes;
}

std::vector<schema::Beacon> Origin::beacons() {
  std::vector<schema::Beacon> beacons;
  for (auto& [store, destination] : destinations_) {
    const bool has_all = destination.behind.empty() && destination.acknowledged == destination.last;
    if (has_all && is_far_back(destination)) {
      destination.last = head_;
      destination.logged_at_last = logged_;
    }
    beacons.push_back({self_, store, destination.last});
  }
  return beacons;
}

bool Origin::is_far_back(const Destination& destination) const {
  return destination.last.run != head_.run ||
         destination.last.counter + kIdleCommits < head_.counter ||
         destination.logged_at_last + kIdleEntries < logged_;
}

// What this store must have lost if a destination has been at `cursor`; said once for each.
std::optional<StreamEvent> Origin::check(StoreId from, Destination& destination,
                                         const Position& cursor) const {
  if (knows(cursor) || std::exchange(destination.unknown, cursor) == cursor) return std::nullopt;
  return SelfLost{from, {}, cursor.run};
}

std::optional<StreamEvent> Origin::on_fetch(StoreId from, const Position& after) {
  const auto found = destinations_.find(from);
  return found == destinations_.end() ? std::nullopt : check(from, found->second, after);
}

std::optional<StreamEvent> Origin::on_standing(const schema::Standing& standing) {
  const auto found = destinations_.find(standing.from);
  if (found == destinations_.end()) return std::nullopt;
  Destination& destination = found->second;
  if (auto lost = check(standing.from, destination, standing.cursor)) return lost;
  if (!knows(standing.cursor)) return std::nullopt;
  destination.unknown = {};
  if (before(standing.cursor, destination.acknowledged)) return PeerLost{standing.from};
  advance(destination, standing.cursor);
  if (standing.holds && before(destination.acknowledged, standing.cursor)) {
    destination.acknowledged = standing.cursor;
    destination.unsaved = true;
  }
  return std::nullopt;
}

void Origin::advance(Destination& destination, const Position& cursor) {
  if (before(destination.cursor, cursor)) destination.cursor = cursor;
  if (before(destination.last, cursor)) destination.last = cursor;
  auto& behind = destination.behind;
  while (!behind.empty() && !before(cursor, behind.front().position)) {
    destination.bytes -= behind.front().bytes;
    behind.pop_front();
  }
  if (destination.bytes <= window_bytes_ / 2) destination.skipping = false;
}

Position Origin::acknowledged(StoreId peer) const {
  const auto found = destinations_.find(peer);
  if (found == destinations_.end()) return {};
  const Destination& known = found->second;
  // It stands where this store never was: what is remembered here of it is older.
  if (!known.unknown.is_none()) return {};
  return before(known.acknowledged, known.cursor) ? known.cursor : known.acknowledged;
}

std::vector<ReplicaLag> Origin::lags(Instant now, const PeerBook& peers) const {
  std::vector<ReplicaLag> lags;
  for (const auto& [store, destination] : destinations_) {
    const PeerBook::Peer* peer = peers.find(store);
    if (peer == nullptr || destination.behind.empty()) continue;
    ReplicaLag lag{peer->worker, 0, now - destination.behind.front().since};
    for (const Unacknowledged& commit : destination.behind) lag.entries += commit.entries;
    lags.push_back(lag);
  }
  std::sort(lags.begin(), lags.end(),
            [](const ReplicaLag& a, const ReplicaLag& b) { return a.replica < b.replica; });
  return lags;
}

}  // namespace kipu::worker

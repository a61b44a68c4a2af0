#include "worker/follower.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "cluster/map.h"

namespace kipu::worker {
namespace {

// Bundles that wait for the end of a fetch, of one origin.
constexpr std::size_t kMostAhead = 256;

std::size_t bytes_of(const std::vector<storage::PlacedEntry>& entries) {
  std::size_t sum = 0;
  for (const storage::PlacedEntry& placed : entries) sum += placed.entry.message_bytes();
  return sum;
}

}  // namespace

Follower::Follower(const storage::StoreInfo& info, std::size_t max_bytes,
                   std::uint64_t first_request, Duration patience)
    : max_bytes_(max_bytes), patience_(patience), last_request_(first_request) {
  for (const auto& [origin, cursor] : info.stream.cursors) {
    streams_[origin].cursor = streams_[origin].next = cursor;
  }
}

void Follower::take(const PeerBook& peers) {
  for (auto& [origin, stream] : streams_) stream.followed = false;
  for (const auto& [store, peer] : peers.all()) {
    if (!peer.shared.empty()) streams_[store].followed = true;
  }
  for (auto& [origin, stream] : streams_) {
    if (stream.followed) continue;
    drop_ahead(stream);
    stream.fetching.reset();
    stream.comparing.reset();
    stream.gap = false;
  }
}

Follower::Stream* Follower::find(StoreId origin) {
  const auto found = streams_.find(origin);
  return found != streams_.end() && found->second.followed ? &found->second : nullptr;
}

bool Follower::covers(const Position& cursor, const Position& position) {
  return position.is_none() || (cursor.run == position.run && position.counter <= cursor.counter);
}

bool Follower::follows(const Position& cursor, const Position& previous, const Position& position) {
  if (previous == cursor) return true;
  return previous.run == cursor.run && position.run == cursor.run &&
         previous.counter <= cursor.counter && cursor.counter < position.counter;
}

// The entries with their partitions, if all of them are what their digests say.
std::optional<std::vector<storage::PlacedEntry>> Follower::place(StoreId origin,
                                                                 std::vector<Entry> entries,
                                                                 std::uint32_t partitions,
                                                                 std::vector<LogLine>& log) const {
  std::vector<storage::PlacedEntry> placed;
  placed.reserve(entries.size());
  for (Entry& entry : entries) {
    if (const Status sound = validate(entry); !sound) {
      log.push_back({LogLevel::error,
                     fmt::format("store {} sent an entry that is none, which is not taken: {}: {}",
                                 origin.id.to_string(), error_name(sound.error().code),
                                 sound.error().message)});
      return std::nullopt;
    }
    const PartitionId partition = cluster::partition_of(entry.bucket, entry.key, partitions);
    placed.push_back({partition, std::move(entry)});
  }
  return placed;
}

void Follower::Stream::hear(const Position& position) {
  if (position.is_none()) return;
  if (position.run != heard.run && position.run != heard_before.run) {
    heard_before = std::exchange(heard, position);
    return;
  }
  Position& known = position.run == heard.run ? heard : heard_before;
  known.counter = std::max(known.counter, position.counter);
}

std::vector<Position> Follower::heard_past_cursor(StoreId origin) const {
  const auto found = streams_.find(origin);
  if (found == streams_.end()) return {};
  const Stream& stream = found->second;
  std::vector<Position> positions;
  for (const Position& heard : {stream.heard, stream.heard_before}) {
    if (!covers(stream.cursor, heard)) positions.push_back(heard);
  }
  return positions;
}

void Follower::on_bundle(schema::Bundle bundle, std::uint32_t partitions,
                         std::vector<LogLine>& log) {
  Stream* stream = find(bundle.from);
  if (stream != nullptr) stream->hear(bundle.position);
  if (stream == nullptr || stream->trimmed || covers(stream->next, bundle.position)) return;
  const bool in_order = follows(stream->next, bundle.previous, bundle.position);
  if (!in_order) stream->gap = true;
  if (in_order ? bytes_ > max_bytes_
               : bytes_ > max_bytes_ / 2 || stream->ahead.size() >= kMostAhead) {
    stream->gap = true;
    return;
  }
  auto placed = place(bundle.from, std::move(bundle.entries), partitions, log);
  if (!placed) {
    stream->gap = true;
    return;
  }
  Piece piece{bundle.from, bundle.position, std::move(*placed), 0};
  piece.bytes = bytes_of(piece.entries);
  bytes_ += piece.bytes;
  if (in_order && !stream->fetching) {
    enqueue(*stream, std::move(piece));
    return take_ahead(*stream);
  }
  stream->ahead.push_back({bundle.previous, std::move(piece)});
}

void Follower::enqueue(Stream& stream, Piece piece) {
  stream.next = piece.cursor;
  waiting_.push_back(std::move(piece));
}

// What came in the meantime, as far as it follows now. A gap remains if some of it does not.
void Follower::take_ahead(Stream& stream) {
  std::deque<Ahead> kept;
  for (Ahead& ahead : stream.ahead) {
    if (covers(stream.next, ahead.piece.cursor)) {
      bytes_ -= ahead.piece.bytes;
    } else if (follows(stream.next, ahead.previous, ahead.piece.cursor)) {
      enqueue(stream, std::move(ahead.piece));
    } else {
      kept.push_back(std::move(ahead));
    }
  }
  stream.ahead = std::move(kept);
  if (!stream.ahead.empty()) stream.gap = true;
}

void Follower::drop_ahead(Stream& stream) {
  for (const Ahead& ahead : stream.ahead) bytes_ -= ahead.piece.bytes;
  stream.ahead.clear();
}

void Follower::on_beacon(const schema::Beacon& beacon) {
  Stream* stream = find(beacon.from);
  if (stream != nullptr) stream->hear(beacon.last);
  if (stream == nullptr || covers(stream->next, beacon.last)) return;
  stream->gap = true;
}

std::vector<Follower::Ask> Follower::fetches(Instant now) {
  std::vector<Ask> asks;
  for (auto& [origin, stream] : streams_) {
    if (!stream.followed || stream.trimmed) continue;
    if (!stream.fetching) {
      if (!stream.gap) continue;
      // What came ahead of its turn makes room for what has to come first.
      if (bytes_ > max_bytes_) drop_ahead(stream);
      if (bytes_ > max_bytes_) continue;
      stream.gap = false;
      stream.fetching = Fetching{++last_request_, stream.next, std::nullopt};
    }
    Fetching& fetching = *stream.fetching;
    if (fetching.sent && now - *fetching.sent < patience_) continue;
    fetching.sent = now;
    asks.push_back({origin, fetching.request, fetching.after});
  }
  return asks;
}

std::optional<StreamEvent> Follower::on_fetched(std::uint64_t request, Fetched fetched,
                                                std::uint32_t partitions,
                                                std::vector<LogLine>& log) {
  const auto asked = std::find_if(streams_.begin(), streams_.end(), [&](const auto& known) {
    return known.second.fetching && known.second.fetching->request == request;
  });
  if (asked == streams_.end()) return std::nullopt;
  const StoreId from = asked->first;
  Stream* const stream = &asked->second;
  const Position after = stream->next;
  stream->hear(fetched.head);
  if (fetched.trimmed) {
    stream->fetching.reset();
    stream->trimmed = true;
    drop_ahead(*stream);
    return Trimmed{from, fetched.head};
  }
  std::vector<Entry> entries;
  for (Fetched::Commit& commit : fetched.commits) {
    std::move(commit.entries.begin(), commit.entries.end(), std::back_inserter(entries));
  }
  auto placed = place(from, std::move(entries), partitions, log);
  if (!placed) return std::nullopt;  // and it is asked for again after a while
  stream->fetching.reset();
  if (fetched.through != after && !fetched.through.is_none()) {
    Piece piece{from, fetched.through, std::move(*placed), 0};
    piece.bytes = bytes_of(piece.entries);
    bytes_ += piece.bytes;
    enqueue(*stream, std::move(piece));
    take_ahead(*stream);
    stream->gap = !stream->ahead.empty() || !covers(stream->next, fetched.head);
  } else {
    take_ahead(*stream);
    stream->gap = false;  // nothing came of it: the next beacon tells whether there is more
  }
  return std::nullopt;
}

bool Follower::Comparing::stood_at(const Position& position) const {
  const auto found = stood.find(position.run);
  return position.is_none() || (found != stood.end() && position.counter <= found->second);
}

std::vector<Follower::Ask> Follower::comparisons() {
  std::vector<Ask> asks;
  for (auto& [peer, stream] : streams_) {
    if (!stream.followed || stream.compared) continue;
    if (!stream.comparing) stream.comparing = Comparing{++last_request_, {}};
    stream.comparing->stand(stream.cursor);
    asks.push_back({peer, stream.comparing->request, stream.cursor});
  }
  return asks;
}

std::optional<StreamEvent> Follower::on_acknowledged(StoreId peer, std::uint64_t request,
                                                     const Position& acknowledged) {
  Stream* stream = find(peer);
  if (stream == nullptr) return std::nullopt;
  const bool behind = !covers(stream->cursor, acknowledged);
  if (!stream->comparing || stream->comparing->request != request) {
    // It may be out of date: compare anew.
    if (behind && acknowledged != stream->told_lost && !stream->comparing) stream->compared = false;
    return std::nullopt;
  }
  const bool lost = behind && !stream->comparing->stood_at(acknowledged);
  stream->comparing.reset();
  stream->compared = true;
  if (!lost || std::exchange(stream->told_lost, acknowledged) == acknowledged) return std::nullopt;
  stream->fetching.reset();
  stream->trimmed = true;
  stream->regains = true;
  drop_ahead(*stream);
  return SelfLost{peer, acknowledged};
}

bool Follower::compared(StoreId peer) const {
  const auto found = streams_.find(peer);
  return found != streams_.end() && found->second.compared;
}

void Follower::reconciled(StoreId origin, const Position& head) {
  Stream* stream = find(origin);
  if (stream == nullptr || !stream->trimmed) return;
  stream->trimmed = false;
  stream->gap = true;
  if (head.is_none()) {
    stream->regains = false;
  } else {
    enqueue(*stream, Piece{origin, head, {}, 0, stream->regains});
  }
}

bool Follower::regains(StoreId origin) const {
  const auto found = streams_.find(origin);
  return found != streams_.end() && found->second.regains;
}

void Follower::begin(storage::Change& change, std::size_t most_bytes) {
  KIPU_CHECK(under_way_.empty());
  std::size_t taken = 0;
  while (!waiting_.empty() && (taken == 0 || taken + waiting_.front().bytes <= most_bytes)) {
    Piece& piece = waiting_.front();
    taken += piece.bytes;
    bytes_ -= piece.bytes;
    under_way_[piece.origin] = piece.cursor;
    if (piece.regained) regained_.insert(piece.origin);
    std::move(piece.entries.begin(), piece.entries.end(), std::back_inserter(change.entries));
    waiting_.pop_front();
  }
  for (const auto& [origin, cursor] : under_way_) change.cursors[origin] = cursor;
}

std::vector<StoreId> Follower::committed() {
  std::vector<StoreId> moved;
  for (const auto& [origin, cursor] : std::exchange(under_way_, {})) {
    Stream& stream = streams_[origin];
    stream.cursor = cursor;
    if (stream.comparing) stream.comparing->stand(cursor);
    moved.push_back(origin);
  }
  for (const StoreId origin : std::exchange(regained_, {})) streams_[origin].regains = false;
  return moved;
}

Position Follower::cursor(StoreId origin) const {
  const auto found = streams_.find(origin);
  return found == streams_.end() ? Position{} : found->second.cursor;
}

}  // namespace kipu::worker

#include <algorithm>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/check.h"
#include "schema/codec.h"
#include "schema/data_parts.h"
#include "schema/parts.h"
#include "schema/peer.capnp.h"

namespace kipu::schema {
namespace {

using schema::read;
using schema::words;
using schema::write;

constexpr std::size_t kUuidWords = struct_words<wire::Uuid>();
constexpr std::size_t kPositionWords = struct_words<wire::Position>();
// A commit takes at least the pointers to its position and to its entries.
constexpr std::size_t kLeastCommitBytes = 2 * kBytesPerWord;

// What one commit holds is bounded by bytes alone: as many entries as a body can hold.
std::vector<Entry> read_commit(capnp::List<wire::Entry>::Reader from, const FrameReader& frame) {
  return read(from, frame, frame.room_for(kLeastEntryBytes));
}

// The stream.

void write(wire::Beacon::Builder to, const Beacon& from) {
  write_uuid(to.initFrom(), from.from.id);
  write_uuid(to.initTo(), from.to.id);
  write_position(to.initLast(), from.last);
}

Beacon read(wire::Beacon::Reader from, const FrameReader& /*frame*/) {
  return {StoreId{read_uuid(from.getFrom())}, StoreId{read_uuid(from.getTo())},
          read_position(from.getLast())};
}

void write(wire::Bundle::Builder to, const Bundle& from) {
  write_uuid(to.initFrom(), from.from.id);
  write_uuid(to.initTo(), from.to.id);
  write_position(to.initPosition(), from.position);
  write_position(to.initPrevious(), from.previous);
  write(to.initEntries(static_cast<unsigned>(from.entries.size())), from.entries);
}

Bundle read(wire::Bundle::Reader from, const FrameReader& frame) {
  return {StoreId{read_uuid(from.getFrom())}, StoreId{read_uuid(from.getTo())},
          read_position(from.getPosition()), read_position(from.getPrevious()),
          read_commit(from.getEntries(), frame)};
}

void write(wire::Standing::Builder to, const Standing& from) {
  write_uuid(to.initFrom(), from.from.id);
  write_position(to.initCursor(), from.cursor);
  to.setHolds(from.holds);
  write_position(to.initAcknowledged(), from.acknowledged);
  to.setAnswer(from.answer);
}

Standing read(wire::Standing::Reader from, const FrameReader& /*frame*/) {
  return {StoreId{read_uuid(from.getFrom())}, read_position(from.getCursor()), from.getHolds(),
          read_position(from.getAcknowledged()), from.getAnswer()};
}

void write(wire::Fetch::Builder to, const Fetch& from) {
  write_uuid(to.initFrom(), from.from.id);
  write_position(to.initAfter(), from.after);
  to.setMaxBytes(from.max_bytes);
}

Fetch read(wire::Fetch::Reader from, const FrameReader& /*frame*/) {
  constexpr auto kMost = static_cast<std::uint32_t>(limits::kMaxPageBytes);
  return {StoreId{read_uuid(from.getFrom())}, read_position(from.getAfter()),
          std::min(from.getMaxBytes(), kMost)};
}

std::size_t words(const Fetched& fetched) {
  std::size_t sum = 2 * kPositionWords + list_words<wire::Fetched::Commit>(fetched.commits.size());
  for (const Fetched::Commit& commit : fetched.commits) {
    sum += kPositionWords + words(commit.entries);
  }
  return sum;
}

void write(wire::Fetched::Builder to, const Fetched& from) {
  to.setTrimmed(from.trimmed);
  auto commits = to.initCommits(static_cast<unsigned>(from.commits.size()));
  unsigned at = 0;
  for (const Fetched::Commit& commit : from.commits) {
    auto written = commits[at++];
    write_position(written.initPosition(), commit.position);
    write(written.initEntries(static_cast<unsigned>(commit.entries.size())), commit.entries);
  }
  write_position(to.initThrough(), from.through);
  write_position(to.initHead(), from.head);
}

Fetched read(wire::Fetched::Reader from, const FrameReader& frame) {
  Fetched fetched;
  fetched.trimmed = from.getTrimmed();
  const auto commits = from.getCommits();
  fetched.commits.reserve(frame.count(commits, limits::kMaxBodyBytes, kLeastCommitBytes));
  // Of all commits together, because several may point at the same entries.
  std::size_t room = frame.room_for(kLeastEntryBytes);
  for (const auto commit : commits) {
    fetched.commits.push_back(
        {read_position(commit.getPosition()), read(commit.getEntries(), frame, room)});
    room -= fetched.commits.back().entries.size();
  }
  fetched.through = read_position(from.getThrough());
  fetched.head = read_position(from.getHead());
  return fetched;
}

// Reads.

// What a value takes beside the pointer to its struct.
std::size_t pointed(const PageQuery& query) {
  return struct_words<wire::PageQuery>() + words(query);
}
std::size_t pointed(const CountQuery& query) {
  return struct_words<wire::CountQuery>() + words(query);
}
std::size_t pointed(const KeysQuery& query) {
  return struct_words<wire::KeysQuery>() + words(query);
}
std::size_t pointed(const ScanQuery& query) {
  return struct_words<wire::ScanQuery>() + words(query);
}
std::size_t pointed(const FetchQuery& /*query*/) {
  KIPU_CHECK(false && "a FetchQuery travels as a Fetch");
  return 0;
}
std::size_t pointed(const Page& page) {
  return struct_words<wire::Page>() + words(page);
}
std::size_t pointed(const Count& count) {
  return struct_words<wire::Count>() + words(count);
}
std::size_t pointed(const KeysPage& page) {
  return struct_words<wire::KeysPage>() + words(page);
}
std::size_t pointed(const Fetched& /*fetched*/) {
  KIPU_CHECK(false && "a Fetched travels by itself");
  return 0;
}

// Fills in the field that stands for one alternative of a variant.
class QueryWriter {
 public:
  explicit QueryWriter(wire::PeerRead::Query::Builder to) : to_(to) {}
  void operator()(const PageQuery& from) { write(to_.initPage(), from); }
  void operator()(const CountQuery& from) { write(to_.initCount(), from); }
  void operator()(const KeysQuery& from) { write(to_.initKeys(), from); }
  void operator()(const ScanQuery& from) { write(to_.initScan(), from); }
  void operator()(const FetchQuery& /*from*/) {}

 private:
  wire::PeerRead::Query::Builder to_;
};

class ResultWriter {
 public:
  explicit ResultWriter(wire::PeerReadReply::Result::Builder to) : to_(to) {}
  void operator()(const Page& from) { write(to_.initPage(), from); }
  void operator()(const Count& from) { write(to_.initCount(), from); }
  void operator()(const KeysPage& from) { write(to_.initKeys(), from); }
  void operator()(const Fetched& /*from*/) {}

 private:
  wire::PeerReadReply::Result::Builder to_;
};

std::size_t words(const PeerRead& request) {
  const auto query = std::visit([](const auto& one) { return pointed(one); }, request.query);
  return kUuidWords + kMapVersionWords + query;
}

void write(wire::PeerRead::Builder to, const PeerRead& from) {
  write_uuid(to.initFrom(), from.from.id);
  write_map_version(to.initMap(), from.map);
  to.setDigestOnly(from.digest_only);
  std::visit(QueryWriter(to.getQuery()), from.query);
}

ReadQuery read_query(wire::PeerRead::Query::Reader from, const FrameReader& frame) {
  switch (from.which()) {
    case wire::PeerRead::Query::PAGE:
      return read(from.getPage(), frame);
    case wire::PeerRead::Query::COUNT:
      return read(from.getCount(), frame);
    case wire::PeerRead::Query::KEYS:
      return read(from.getKeys(), frame);
    case wire::PeerRead::Query::SCAN:
      return read(from.getScan(), frame);
  }
  throw Refused("an unknown kind of query");
}

PeerRead read(wire::PeerRead::Reader from, const FrameReader& frame) {
  return {StoreId{read_uuid(from.getFrom())}, read_map_version(from.getMap()), from.getDigestOnly(),
          read_query(from.getQuery(), frame)};
}

std::size_t words(const PeerReadReply& reply) {
  if (!reply.result) return 0;
  return std::visit([](const auto& one) { return pointed(one); }, *reply.result);
}

void write(wire::PeerReadReply::Builder to, const PeerReadReply& from) {
  to.setWhole(from.whole);
  to.setDigest(from.digest);
  if (from.result) std::visit(ResultWriter(to.getResult()), *from.result);
}

std::optional<ReadResult> read_result(wire::PeerReadReply::Result::Reader from,
                                      const FrameReader& frame) {
  switch (from.which()) {
    case wire::PeerReadReply::Result::NONE:
      return std::nullopt;
    case wire::PeerReadReply::Result::PAGE:
      return read(from.getPage(), frame);
    case wire::PeerReadReply::Result::COUNT:
      return read(from.getCount(), frame);
    case wire::PeerReadReply::Result::KEYS:
      return read(from.getKeys(), frame);
  }
  throw Refused("an unknown kind of result");
}

PeerReadReply read(wire::PeerReadReply::Reader from, const FrameReader& frame) {
  return {from.getWhole(), from.getDigest(), read_result(from.getResult(), frame)};
}

void write(wire::PeerMerge::Builder to, const PeerMerge& from) {
  write_uuid(to.initFrom(), from.from.id);
  write(to.initEntries(static_cast<unsigned>(from.entries.size())), from.entries);
}

PeerMerge read(wire::PeerMerge::Reader from, const FrameReader& frame) {
  return {StoreId{read_uuid(from.getFrom())}, read_commit(from.getEntries(), frame)};
}

}  // namespace

Buffer encode(const Beacon& body) {
  return encode_frame<wire::Beacon>(body, 2 * kUuidWords + kPositionWords, write);
}

Buffer encode(const Bundle& body) {
  const std::size_t fixed = 2 * kUuidWords + 2 * kPositionWords;
  return encode_frame<wire::Bundle>(body, fixed + words(body.entries), write);
}

Buffer encode(const Standing& body) {
  return encode_frame<wire::Standing>(body, kUuidWords + 2 * kPositionWords, write);
}

Buffer encode(const Fetch& body) {
  return encode_frame<wire::Fetch>(body, kUuidWords + kPositionWords, write);
}

Buffer encode(const Fetched& body) {
  return encode_frame<wire::Fetched>(body, words(body), write);
}

Buffer encode(const PeerRead& body) {
  return encode_frame<wire::PeerRead>(body, words(body), write);
}

Buffer encode(const PeerReadReply& body) {
  return encode_frame<wire::PeerReadReply>(body, words(body), write);
}

Buffer encode(const PeerMerge& body) {
  return encode_frame<wire::PeerMerge>(body, kUuidWords + words(body.entries), write);
}

template <>
Result<Beacon> decode<Beacon>(std::string_view bytes) {
  return decode_frame<wire::Beacon, Beacon>("Beacon", bytes, read);
}

template <>
Result<Bundle> decode<Bundle>(std::string_view bytes) {
  return decode_frame<wire::Bundle, Bundle>("Bundle", bytes, read);
}

template <>
Result<Standing> decode<Standing>(std::string_view bytes) {
  return decode_frame<wire::Standing, Standing>("Standing", bytes, read);
}

template <>
Result<Fetch> decode<Fetch>(std::string_view bytes) {
  return decode_frame<wire::Fetch, Fetch>("Fetch", bytes, read);
}

template <>
Result<Fetched> decode<Fetched>(std::string_view bytes) {
  return decode_frame<wire::Fetched, Fetched>("Fetched", bytes, read);
}

template <>
Result<PeerRead> decode<PeerRead>(std::string_view bytes) {
  return decode_frame<wire::PeerRead, PeerRead>("PeerRead", bytes, read);
}

template <>
Result<PeerReadReply> decode<PeerReadReply>(std::string_view bytes) {
  return decode_frame<wire::PeerReadReply, PeerReadReply>("PeerReadReply", bytes, read);
}

template <>
Result<PeerMerge> decode<PeerMerge>(std::string_view bytes) {
  return decode_frame<wire::PeerMerge, PeerMerge>("PeerMerge", bytes, read);
}

}  // namespace kipu::schema

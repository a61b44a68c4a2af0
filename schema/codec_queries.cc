#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "schema/codec.h"
#include "schema/data_parts.h"
#include "schema/parts.h"

namespace kipu::schema {
namespace {

template <class Union>
void write_time(Union to, const std::optional<StampTime>& from) {
  if (from) to.setTime(from->bits());
}

template <class Union>
std::optional<StampTime> read_time(Union from) {
  if (from.isNone()) return std::nullopt;
  if (!from.isTime()) throw Refused("an unknown kind of time bound");
  return StampTime(from.getTime());
}

template <class Union>
void write_after(Union to, const std::optional<EntryId>& from) {
  if (from) write(to.initEntry(), *from);
}

template <class Union>
std::optional<EntryId> read_after(Union from) {
  if (from.isNone()) return std::nullopt;
  if (!from.isEntry()) throw Refused("an unknown kind of cursor");
  return read(from.getEntry());
}

std::size_t words(const std::optional<EntryId>& id) {
  return id ? kEntryIdWords : 0;
}

// A larger page than there can be asks for the largest.
std::uint32_t at_most(std::uint32_t wanted, std::size_t limit) {
  return std::min(wanted, static_cast<std::uint32_t>(limit));
}

// Reads are always answered, so `none` is no level of theirs.
Level read_query_level(std::uint8_t number) {
  return enumerator(number, Level::bucket_default, Level::all);
}

template <class Query>
std::size_t key_query_words(const Query& query) {
  return text_words(query.bucket.size()) + data_words(query.key.size()) + words(query.after);
}

std::optional<ScanQuery::Position> read_scan_position(wire::ScanQuery::After::Reader from) {
  if (from.isNone()) return std::nullopt;
  if (!from.isPosition()) throw Refused("an unknown kind of cursor");
  const auto position = from.getPosition();
  return ScanQuery::Position{bytes_of(position.getKey(), limits::kMaxKeyBytes),
                             read(position.getId())};
}

}  // namespace

std::size_t words(const PageQuery& query) {
  return key_query_words(query);
}

void write(wire::PageQuery::Builder to, const PageQuery& from) {
  to.setPartition(from.partition.number);
  to.setBucket(text_of(from.bucket));
  to.setKey(data_of(from.key));
  to.setReverse(from.reverse);
  write_time(to.getSince(), from.since);
  write_time(to.getUntil(), from.until);
  write_after(to.getAfter(), from.after);
  to.setMaxEntries(from.max_entries);
  to.setMaxBytes(from.max_bytes);
  to.setLevel(static_cast<std::uint8_t>(from.level));
  to.setAsItStands(from.as_it_stands);
}

PageQuery read(wire::PageQuery::Reader from, const FrameReader& /*frame*/) {
  return {PartitionId{from.getPartition()},
          bytes_of(from.getBucket(), limits::kMaxBucketNameBytes),
          bytes_of(from.getKey(), limits::kMaxKeyBytes),
          from.getReverse(),
          read_time(from.getSince()),
          read_time(from.getUntil()),
          read_after(from.getAfter()),
          at_most(from.getMaxEntries(), limits::kMaxPageEntries),
          at_most(from.getMaxBytes(), limits::kMaxPageBytes),
          read_query_level(from.getLevel()),
          from.getAsItStands()};
}

std::size_t words(const Page& page) {
  return words(page.entries);
}

void write(wire::Page::Builder to, const Page& from) {
  write(to.initEntries(static_cast<unsigned>(from.entries.size())), from.entries);
  to.setComplete(from.complete);
}

Page read(wire::Page::Reader from, const FrameReader& frame) {
  return {read(from.getEntries(), frame, limits::kMaxPageEntries), from.getComplete()};
}

std::size_t words(const CountQuery& query) {
  return key_query_words(query);
}

void write(wire::CountQuery::Builder to, const CountQuery& from) {
  to.setPartition(from.partition.number);
  to.setBucket(text_of(from.bucket));
  to.setKey(data_of(from.key));
  write_time(to.getSince(), from.since);
  write_time(to.getUntil(), from.until);
  write_after(to.getAfter(), from.after);
  to.setMaxEntries(from.max_entries);
  to.setLevel(static_cast<std::uint8_t>(from.level));
}

CountQuery read(wire::CountQuery::Reader from, const FrameReader& /*frame*/) {
  return {PartitionId{from.getPartition()},
          bytes_of(from.getBucket(), limits::kMaxBucketNameBytes),
          bytes_of(from.getKey(), limits::kMaxKeyBytes),
          read_time(from.getSince()),
          read_time(from.getUntil()),
          read_after(from.getAfter()),
          at_most(from.getMaxEntries(), limits::kMaxCountEntries),
          read_query_level(from.getLevel())};
}

std::size_t words(const Count& count) {
  return words(count.next_after);
}

void write(wire::Count::Builder to, const Count& from) {
  to.setEntries(from.entries);
  to.setValues(from.values);
  if (from.next_after) write(to.getNext().initAfter(), *from.next_after);
}

Count read(wire::Count::Reader from, const FrameReader& /*frame*/) {
  Count count{from.getEntries(), from.getValues(), std::nullopt};
  const auto next = from.getNext();
  if (next.isNone()) return count;
  if (!next.isAfter()) throw Refused("an unknown kind of cursor");
  count.next_after = read(next.getAfter());
  return count;
}

std::size_t words(const KeysQuery& query) {
  return data_words(query.partitions.size() * sizeof(std::uint32_t)) +
         text_words(query.bucket.size()) + data_words(query.prefix.size()) +
         (query.after ? data_words(query.after->size()) : 0);
}

void write(wire::KeysQuery::Builder to, const KeysQuery& from) {
  auto partitions = to.initPartitions(static_cast<unsigned>(from.partitions.size()));
  unsigned at = 0;
  for (const PartitionId partition : from.partitions) partitions.set(at++, partition.number);
  to.setBucket(text_of(from.bucket));
  to.setPrefix(data_of(from.prefix));
  if (from.after) to.getAfter().setKey(data_of(*from.after));
  to.setSkipRemoved(from.skip_removed);
  to.setWithNewest(from.with_newest);
  to.setMaxKeys(from.max_keys);
  to.setMaxBytes(from.max_bytes);
  to.setLevel(static_cast<std::uint8_t>(from.level));
}

KeysQuery read(wire::KeysQuery::Reader from, const FrameReader& frame) {
  KeysQuery query;
  const auto partitions = from.getPartitions();
  query.partitions.reserve(frame.count(partitions, limits::kMaxPartitions, sizeof(std::uint32_t)));
  for (const std::uint32_t number : partitions) query.partitions.push_back(PartitionId{number});
  query.bucket = bytes_of(from.getBucket(), limits::kMaxBucketNameBytes);
  query.prefix = bytes_of(from.getPrefix(), limits::kMaxKeyBytes);
  const auto after = from.getAfter();
  if (after.isKey()) {
    query.after = bytes_of(after.getKey(), limits::kMaxKeyBytes);
  } else if (!after.isNone()) {
    throw Refused("an unknown kind of cursor");
  }
  query.skip_removed = from.getSkipRemoved();
  query.with_newest = from.getWithNewest();
  query.max_keys = at_most(from.getMaxKeys(), limits::kMaxPageEntries);
  query.max_bytes = at_most(from.getMaxBytes(), limits::kMaxPageBytes);
  query.level = read_query_level(from.getLevel());
  return query;
}

constexpr std::size_t kNewestWords = struct_words<wire::NewestEntry>() + kEntryIdWords;

std::size_t words(const KeysPage& page) {
  std::size_t sum = page.keys.size() + (page.next_after ? data_words(page.next_after->size()) : 0);
  for (const std::string& key : page.keys) sum += data_words(key.size());
  if (!page.newest.empty()) sum += 1 + page.newest.size() * kNewestWords;
  return sum;
}

void write(wire::KeysPage::Builder to, const KeysPage& from) {
  auto keys = to.initKeys(static_cast<unsigned>(from.keys.size()));
  unsigned at = 0;
  for (const std::string& key : from.keys) keys.set(at++, data_of(key));
  if (from.next_after) to.getNext().setAfter(data_of(*from.next_after));
  if (from.newest.empty()) return;
  auto newest = to.initNewest(static_cast<unsigned>(from.newest.size()));
  at = 0;
  for (const KeysPage::Newest& one : from.newest) {
    write(newest[at].initId(), one.id);
    newest[at++].setRemoves(one.removes);
  }
}

KeysPage read(wire::KeysPage::Reader from, const FrameReader& frame) {
  KeysPage page;
  const auto keys = from.getKeys();
  page.keys.reserve(frame.count(keys, limits::kMaxPageEntries, kBytesPerWord));
  for (const auto key : keys) page.keys.push_back(bytes_of(key, limits::kMaxKeyBytes));
  const auto newest = from.getNewest();
  if (newest.size() != 0 && newest.size() != keys.size()) {
    throw Refused("the newest entry of some keys, and not of others");
  }
  page.newest.reserve(frame.count(newest, limits::kMaxPageEntries, kNewestWords * kBytesPerWord));
  for (const auto one : newest) page.newest.push_back({read(one.getId()), one.getRemoves()});
  const auto next = from.getNext();
  if (next.isNone()) return page;
  if (!next.isAfter()) throw Refused("an unknown kind of cursor");
  page.next_after = bytes_of(next.getAfter(), limits::kMaxKeyBytes);
  return page;
}

std::size_t words(const ScanQuery& query) {
  const std::size_t after = query.after ? struct_words<wire::ScanPosition>() + kEntryIdWords +
                                              data_words(query.after->key.size())
                                        : 0;
  return after + text_words(query.bucket.size()) + data_words(query.prefix.size());
}

void write(wire::ScanQuery::Builder to, const ScanQuery& from) {
  to.setPartition(from.partition.number);
  to.setBucket(text_of(from.bucket));
  to.setPrefix(data_of(from.prefix));
  if (from.after) {
    auto position = to.getAfter().initPosition();
    position.setKey(data_of(from.after->key));
    write(position.initId(), from.after->id);
  }
  to.setMaxEntries(from.max_entries);
  to.setMaxBytes(from.max_bytes);
  to.setLevel(static_cast<std::uint8_t>(from.level));
}

ScanQuery read(wire::ScanQuery::Reader from, const FrameReader& /*frame*/) {
  return {PartitionId{from.getPartition()},
          bytes_of(from.getBucket(), limits::kMaxBucketNameBytes),
          bytes_of(from.getPrefix(), limits::kMaxKeyBytes),
          read_scan_position(from.getAfter()),
          at_most(from.getMaxEntries(), limits::kMaxPageEntries),
          at_most(from.getMaxBytes(), limits::kMaxPageBytes),
          read_query_level(from.getLevel())};
}

Buffer encode(const PageQuery& body) {
  return encode_frame<wire::PageQuery>(body, words(body), write);
}

Buffer encode(const Page& body) {
  return encode_frame<wire::Page>(body, words(body), write);
}

Buffer encode(const CountQuery& body) {
  return encode_frame<wire::CountQuery>(body, words(body), write);
}

Buffer encode(const Count& body) {
  return encode_frame<wire::Count>(body, words(body), write);
}

Buffer encode(const KeysQuery& body) {
  return encode_frame<wire::KeysQuery>(body, words(body), write);
}

Buffer encode(const KeysPage& body) {
  return encode_frame<wire::KeysPage>(body, words(body), write);
}

Buffer encode(const ScanQuery& body) {
  return encode_frame<wire::ScanQuery>(body, words(body), write);
}

template <>
Result<PageQuery> decode<PageQuery>(std::string_view bytes) {
  return decode_frame<wire::PageQuery, PageQuery>("PageQuery", bytes, read);
}

template <>
Result<Page> decode<Page>(std::string_view bytes) {
  return decode_frame<wire::Page, Page>("Page", bytes, read);
}

template <>
Result<CountQuery> decode<CountQuery>(std::string_view bytes) {
  return decode_frame<wire::CountQuery, CountQuery>("CountQuery", bytes, read);
}

template <>
Result<Count> decode<Count>(std::string_view bytes) {
  return decode_frame<wire::Count, Count>("Count", bytes, read);
}

template <>
Result<KeysQuery> decode<KeysQuery>(std::string_view bytes) {
  return decode_frame<wire::KeysQuery, KeysQuery>("KeysQuery", bytes, read);
}

template <>
Result<KeysPage> decode<KeysPage>(std::string_view bytes) {
  return decode_frame<wire::KeysPage, KeysPage>("KeysPage", bytes, read);
}

template <>
Result<ScanQuery> decode<ScanQuery>(std::string_view bytes) {
  return decode_frame<wire::ScanQuery, ScanQuery>("ScanQuery", bytes, read);
}

}  // namespace kipu::schema

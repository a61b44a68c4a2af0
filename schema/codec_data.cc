#include "schema/capnp.h"
#include "schema/cluster.capnp.h"
#include "schema/codec.h"
#include "schema/data.capnp.h"
#include "schema/frame.h"
#include "schema/parts.h"

namespace kipu::schema {
namespace {

// All refusals of a reply have this much room for their texts, so that the largest reply stays
// below kMaxBodyBytes.
constexpr std::size_t kRefusalTextBytes = limits::kMaxBodyBytes / 2;

constexpr std::size_t kEntryIdWords = struct_words<wire::EntryId>();
constexpr std::size_t kMapVersionWords = struct_words<wire::MapVersion>();
// An entry takes at least its four words of data; a list element of any other kind, its pointer.
constexpr std::size_t kLeastEntryBytes = 4 * kBytesPerWord;

// Entries.

void write(wire::EntryId::Builder to, const EntryId& from) {
  to.setTime(from.stamp.time.bits());
  to.setWriter(from.stamp.writer);
  to.setDigest(from.digest.bits);
}

EntryId read(wire::EntryId::Reader from) {
  return {Stamp{StampTime(from.getTime()), from.getWriter()}, Digest{from.getDigest()}};
}

void write(wire::Entry::Builder to, const Entry& from) {
  to.setTime(from.stamp.time.bits());
  to.setWriter(from.stamp.writer);
  to.setDigest(from.digest.bits);
  to.setKind(static_cast<std::uint8_t>(from.kind));
  to.setBucket(text_of(from.bucket));
  to.setKey(data_of(from.key));
  to.setValues(data_of(from.values.packed()));
}

Entry read(wire::Entry::Reader from) {
  auto values = Values::parse(bytes_of(from.getValues(), limits::kMaxBodyBytes));
  if (!values) throw Refused(values.error().message);
  return {bytes_of(from.getBucket(), limits::kMaxBucketNameBytes),
          bytes_of(from.getKey(), limits::kMaxKeyBytes),
          Stamp{StampTime(from.getTime()), from.getWriter()},
          enumerator(from.getKind(), EntryKind::append, EntryKind::remove),
          std::move(*values),
          Digest{from.getDigest()}};
}

std::size_t words(const std::vector<Entry>& entries) {
  std::size_t sum = list_words<wire::Entry>(entries.size());
  for (const Entry& entry : entries) {
    sum += text_words(entry.bucket.size()) + data_words(entry.key.size()) +
           data_words(entry.values.packed().size());
  }
  return sum;
}

void write(capnp::List<wire::Entry>::Builder to, const std::vector<Entry>& from) {
  unsigned at = 0;
  for (const Entry& entry : from) write(to[at++], entry);
}

std::vector<Entry> read(capnp::List<wire::Entry>::Reader from, const FrameReader& frame,
                        std::size_t most) {
  std::vector<Entry> entries;
  entries.reserve(frame.count(from, most, kLeastEntryBytes));
  for (const auto entry : from) entries.push_back(read(entry));
  return entries;
}

// What queries have in common.

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

// Messages.

void write(wire::AppendRequest::Builder to, const AppendRequest& from) {
  write_map_version(to.initMap(), from.map);
  to.setLevel(static_cast<std::uint8_t>(from.level));
  write(to.initEntries(static_cast<unsigned>(from.entries.size())), from.entries);
}

AppendRequest read(wire::AppendRequest::Reader from, const FrameReader& frame) {
  return {read_map_version(from.getMap()), read_level(from.getLevel()),
          read(from.getEntries(), frame, limits::kMaxBatchEntries)};
}

std::size_t refusal_text_bytes(const AppendReply& reply) {
  return std::min(limits::kMaxMessageTextBytes,
                  kRefusalTextBytes / std::max<std::size_t>(reply.refusals.size(), 1));
}

std::size_t words(const AppendReply& reply) {
  std::size_t sum = list_words<wire::Refusal>(reply.refusals.size());
  const std::size_t most = refusal_text_bytes(reply);
  for (const Refusal& refusal : reply.refusals) {
    sum += text_words(std::min(refusal.error.message.size(), most));
  }
  return sum;
}

void write(wire::AppendReply::Builder to, const AppendReply& from) {
  to.setHolders(from.holders);
  auto refusals = to.initRefusals(static_cast<unsigned>(from.refusals.size()));
  const std::size_t most = refusal_text_bytes(from);
  unsigned at = 0;
  for (const Refusal& refusal : from.refusals) {
    auto written = refusals[at++];
    written.setIndex(refusal.index);
    write_error(written, refusal.error, most);
  }
}

AppendReply read(wire::AppendReply::Reader from, const FrameReader& frame) {
  AppendReply reply;
  reply.holders = from.getHolders();
  const auto refusals = from.getRefusals();
  reply.refusals.reserve(frame.count(refusals, limits::kMaxBatchEntries, kBytesPerWord));
  for (const auto refusal : refusals) {
    reply.refusals.push_back({refusal.getIndex(), read_error(refusal)});
  }
  return reply;
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
          at_most(from.getMaxBytes(), limits::kMaxPageBytes)};
}

void write(wire::Page::Builder to, const Page& from) {
  write(to.initEntries(static_cast<unsigned>(from.entries.size())), from.entries);
  to.setComplete(from.complete);
}

Page read(wire::Page::Reader from, const FrameReader& frame) {
  return {read(from.getEntries(), frame, limits::kMaxPageEntries), from.getComplete()};
}

void write(wire::CountQuery::Builder to, const CountQuery& from) {
  to.setPartition(from.partition.number);
  to.setBucket(text_of(from.bucket));
  to.setKey(data_of(from.key));
  write_time(to.getSince(), from.since);
  write_time(to.getUntil(), from.until);
  write_after(to.getAfter(), from.after);
  to.setMaxEntries(from.max_entries);
}

CountQuery read(wire::CountQuery::Reader from, const FrameReader& /*frame*/) {
  return {PartitionId{from.getPartition()},
          bytes_of(from.getBucket(), limits::kMaxBucketNameBytes),
          bytes_of(from.getKey(), limits::kMaxKeyBytes),
          read_time(from.getSince()),
          read_time(from.getUntil()),
          read_after(from.getAfter()),
          at_most(from.getMaxEntries(), limits::kMaxCountEntries)};
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

void write(wire::KeysQuery::Builder to, const KeysQuery& from) {
  auto partitions = to.initPartitions(static_cast<unsigned>(from.partitions.size()));
  unsigned at = 0;
  for (const PartitionId partition : from.partitions) partitions.set(at++, partition.number);
  to.setBucket(text_of(from.bucket));
  to.setPrefix(data_of(from.prefix));
  if (from.after) to.getAfter().setKey(data_of(*from.after));
  to.setSkipRemoved(from.skip_removed);
  to.setMaxKeys(from.max_keys);
  to.setMaxBytes(from.max_bytes);
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
  query.max_keys = at_most(from.getMaxKeys(), limits::kMaxPageEntries);
  query.max_bytes = at_most(from.getMaxBytes(), limits::kMaxPageBytes);
  return query;
}

std::size_t words(const KeysPage& page) {
  std::size_t sum = page.keys.size() + (page.next_after ? data_words(page.next_after->size()) : 0);
  for (const std::string& key : page.keys) sum += data_words(key.size());
  return sum;
}

void write(wire::KeysPage::Builder to, const KeysPage& from) {
  auto keys = to.initKeys(static_cast<unsigned>(from.keys.size()));
  unsigned at = 0;
  for (const std::string& key : from.keys) keys.set(at++, data_of(key));
  if (from.next_after) to.getNext().setAfter(data_of(*from.next_after));
}

KeysPage read(wire::KeysPage::Reader from, const FrameReader& frame) {
  KeysPage page;
  const auto keys = from.getKeys();
  page.keys.reserve(frame.count(keys, limits::kMaxPageEntries, kBytesPerWord));
  for (const auto key : keys) page.keys.push_back(bytes_of(key, limits::kMaxKeyBytes));
  const auto next = from.getNext();
  if (next.isNone()) return page;
  if (!next.isAfter()) throw Refused("an unknown kind of cursor");
  page.next_after = bytes_of(next.getAfter(), limits::kMaxKeyBytes);
  return page;
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
}

std::optional<ScanQuery::Position> read_position(wire::ScanQuery::After::Reader from) {
  if (from.isNone()) return std::nullopt;
  if (!from.isPosition()) throw Refused("an unknown kind of cursor");
  const auto position = from.getPosition();
  return ScanQuery::Position{bytes_of(position.getKey(), limits::kMaxKeyBytes),
                             read(position.getId())};
}

ScanQuery read(wire::ScanQuery::Reader from, const FrameReader& /*frame*/) {
  return {PartitionId{from.getPartition()},
          bytes_of(from.getBucket(), limits::kMaxBucketNameBytes),
          bytes_of(from.getPrefix(), limits::kMaxKeyBytes),
          read_position(from.getAfter()),
          at_most(from.getMaxEntries(), limits::kMaxPageEntries),
          at_most(from.getMaxBytes(), limits::kMaxPageBytes)};
}

std::size_t words(const ScanQuery& query) {
  const std::size_t after = query.after ? struct_words<wire::ScanPosition>() + kEntryIdWords +
                                              data_words(query.after->key.size())
                                        : 0;
  return after + text_words(query.bucket.size()) + data_words(query.prefix.size());
}

std::size_t words(const KeysQuery& query) {
  return data_words(query.partitions.size() * sizeof(std::uint32_t)) +
         text_words(query.bucket.size()) + data_words(query.prefix.size()) +
         (query.after ? data_words(query.after->size()) : 0);
}

template <class Query>
std::size_t key_query_words(const Query& query) {
  return text_words(query.bucket.size()) + data_words(query.key.size()) + words(query.after);
}

}  // namespace

Buffer encode(const AppendRequest& body) {
  return encode_frame<wire::AppendRequest>(body, kMapVersionWords + words(body.entries), write);
}

Buffer encode(const AppendReply& body) {
  return encode_frame<wire::AppendReply>(body, words(body), write);
}

Buffer encode(const PageQuery& body) {
  return encode_frame<wire::PageQuery>(body, key_query_words(body), write);
}

Buffer encode(const Page& body) {
  return encode_frame<wire::Page>(body, words(body.entries), write);
}

Buffer encode(const CountQuery& body) {
  return encode_frame<wire::CountQuery>(body, key_query_words(body), write);
}

Buffer encode(const Count& body) {
  return encode_frame<wire::Count>(body, words(body.next_after), write);
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
Result<AppendRequest> decode<AppendRequest>(std::string_view bytes) {
  return decode_frame<wire::AppendRequest, AppendRequest>("AppendRequest", bytes, read);
}

template <>
Result<AppendReply> decode<AppendReply>(std::string_view bytes) {
  return decode_frame<wire::AppendReply, AppendReply>("AppendReply", bytes, read);
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

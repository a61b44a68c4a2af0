#include "schema/codec.h"
#include "schema/data_parts.h"
#include "schema/parts.h"

namespace kipu::schema {
namespace {

// All refusals of a reply have this much room for their texts, so that the largest reply stays
// below kMaxBodyBytes.
constexpr std::size_t kRefusalTextBytes = limits::kMaxBodyBytes / 2;

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

}  // namespace

// Entries.

void write(wire::EntryId::Builder to, const EntryId& from) {
  to.setTime(from.stamp.time.bits());
  to.setWriter(from.stamp.writer);
  to.setDigest(from.digest.bits);
}

EntryId read(wire::EntryId::Reader from) {
  return {Stamp{StampTime(from.getTime()), from.getWriter()}, Digest{from.getDigest()}};
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

namespace {

using schema::read;
using schema::write;

// Appends.

void write(wire::AppendRequest::Builder to, const AppendRequest& from) {
  write_map_version(to.initMap(), from.map);
  to.setLevel(static_cast<std::uint8_t>(from.level));
  write(to.initEntries(static_cast<unsigned>(from.entries.size())), from.entries);
  to.setTellPresent(from.tell_present);
}

// What a worker commits together must fit the bundle in which its replicas get it.
void check_batch(const std::vector<Entry>& entries) {
  std::size_t bytes = 0;
  for (const Entry& entry : entries) bytes += entry.message_bytes();
  if (entries.size() > 1 && bytes > limits::kMaxBatchBytes) {
    throw Refused("a batch of more bytes than its limit");
  }
}

AppendRequest read(wire::AppendRequest::Reader from, const FrameReader& frame) {
  AppendRequest request{read_map_version(from.getMap()), read_level(from.getLevel()),
                        read(from.getEntries(), frame, limits::kMaxBatchEntries),
                        from.getTellPresent()};
  check_batch(request.entries);
  return request;
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
  if (reply.present) sum += (reply.present->size() + 1) / 2;  // two to a word
  return sum;
}

void write_present(wire::AppendReply::Builder to, const AppendReply& from) {
  if (!from.present) return;
  to.setToldPresent(true);
  auto present = to.initPresent(static_cast<unsigned>(from.present->size()));
  unsigned at = 0;
  for (const std::uint32_t index : *from.present) present.set(at++, index);
}

void read_present(wire::AppendReply::Reader from, const FrameReader& frame, AppendReply& into) {
  if (!from.getToldPresent()) return;
  const auto present = from.getPresent();
  into.present.emplace();
  into.present->reserve(frame.count(present, limits::kMaxBatchEntries, sizeof(std::uint32_t)));
  for (const std::uint32_t index : present) {
    if (!into.present->empty() && index <= into.present->back()) {
      throw Refused("indices that do not ascend");
    }
    into.present->push_back(index);
  }
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
  write_present(to, from);
}

AppendReply read(wire::AppendReply::Reader from, const FrameReader& frame) {
  AppendReply reply;
  reply.holders = from.getHolders();
  const auto refusals = from.getRefusals();
  reply.refusals.reserve(frame.count(refusals, limits::kMaxBatchEntries, kBytesPerWord));
  for (const auto refusal : refusals) {
    reply.refusals.push_back({refusal.getIndex(), read_error(refusal)});
  }
  read_present(from, frame, reply);
  return reply;
}

}  // namespace

Buffer encode(const AppendRequest& body) {
  return encode_frame<wire::AppendRequest>(body, kMapVersionWords + words(body.entries), write);
}

Buffer encode(const AppendReply& body) {
  return encode_frame<wire::AppendReply>(body, words(body), write);
}

template <>
Result<AppendRequest> decode<AppendRequest>(std::string_view bytes) {
  return decode_frame<wire::AppendRequest, AppendRequest>("AppendRequest", bytes, read);
}

template <>
Result<AppendReply> decode<AppendReply>(std::string_view bytes) {
  return decode_frame<wire::AppendReply, AppendReply>("AppendReply", bytes, read);
}

}  // namespace kipu::schema

#include "storage/key_codec.h"

#include <cstdint>

#include <fmt/format.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/little_endian.h"

namespace kipu::storage {
namespace {

constexpr char kEscape = '\0';
constexpr char kEscapedNul = '\xff';  // greater than what any other byte after a NUL could be,
constexpr char kEnd = '\x01';         // so that a key stands before the keys that it begins
constexpr char kPastEnd = '\x02';
constexpr std::size_t kPartitionBytes = 2;
constexpr std::size_t kKeyEndBytes = 2;

tl::unexpected<Error> not_a_record(std::string_view why) {
  return fail(ErrorCode::corrupt, fmt::format("a record's key is damaged: {}", why));
}

}  // namespace

void append_bucket_prefix(std::string& to, PartitionId partition, std::string_view bucket) {
  KIPU_CHECK_OP(partition.number, <, limits::kMaxPartitions);
  to.push_back(space::kEntry);
  append_be(to, static_cast<std::uint16_t>(partition.number));
  to.append(bucket);
  to.push_back('\0');
}

void append_escaped(std::string& to, std::string_view key) {
  while (true) {
    const std::size_t nul = key.find('\0');
    to.append(key.substr(0, nul));
    if (nul == std::string_view::npos) return;
    to.push_back(kEscape);
    to.push_back(kEscapedNul);
    key.remove_prefix(nul + 1);
  }
}

void append_key_end(std::string& to) {
  to.push_back(kEscape);
  to.push_back(kEnd);
}

void append_past_key(std::string& to) {
  to.push_back(kEscape);
  to.push_back(kPastEnd);
}

void move_past_key(std::string& prefix) {
  KIPU_CHECK(prefix.ends_with(kEnd));
  prefix.back() = kPastEnd;
}

void append_id(std::string& to, const EntryId& id) {
  append_be(to, id.stamp.time.bits());
  append_be(to, id.stamp.writer);
  append_be(to, id.digest.bits);
}

std::string key_prefix(PartitionId partition, std::string_view bucket, std::string_view key) {
  std::string prefix;
  append_bucket_prefix(prefix, partition, bucket);
  append_escaped(prefix, key);
  append_key_end(prefix);
  return prefix;
}

std::string encode_record_key(const RecordKey& record) {
  std::string bytes = key_prefix(record.partition, record.bucket, record.key);
  append_id(bytes, record.id);
  return bytes;
}

Result<RecordKey> decode_record_key(std::string_view bytes) {
  constexpr std::size_t kHeadBytes = 1 + kPartitionBytes;
  if (bytes.size() < kHeadBytes + kEncodedIdBytes || bytes.front() != space::kEntry) {
    return not_a_record("too short, or of another kind");
  }
  RecordKey record;
  record.partition.number = load_be<std::uint16_t>(bytes.data() + 1);
  record.id = decode_id(bytes.substr(bytes.size() - kEncodedIdBytes));
  const std::string_view names =
      bytes.substr(kHeadBytes, bytes.size() - kHeadBytes - kEncodedIdBytes);
  const std::size_t bucket_end = names.find('\0');
  if (bucket_end == std::string_view::npos) return not_a_record("its bucket does not end");
  record.bucket = names.substr(0, bucket_end);
  if (Status ok = decode_key(names.substr(bucket_end + 1), record.key); !ok) {
    return fail(std::move(ok.error()));
  }
  return record;
}

Status decode_key(std::string_view bytes, std::string& key) {
  if (bytes.size() < kKeyEndBytes || bytes[bytes.size() - 2] != kEscape || bytes.back() != kEnd) {
    return not_a_record("its key does not end");
  }
  bytes.remove_suffix(kKeyEndBytes);
  key.clear();
  while (true) {
    const std::size_t nul = bytes.find(kEscape);
    key.append(bytes.substr(0, nul));
    if (nul == std::string_view::npos) return {};
    if (nul + 1 == bytes.size() || bytes[nul + 1] != kEscapedNul) {
      return not_a_record("an escape of its key is unknown");
    }
    key.push_back('\0');
    bytes.remove_prefix(nul + 2);
  }
}

EntryId decode_id(std::string_view bytes) {
  KIPU_CHECK_OP(bytes.size(), ==, kEncodedIdBytes);
  const char* at = bytes.data();
  return {Stamp{StampTime(load_be<std::uint64_t>(at)), load_be<std::uint64_t>(at + 8)},
          Digest{load_be<std::uint64_t>(at + 16)}};
}

std::string printable(std::string_view bytes) {
  constexpr std::size_t kMostBytes = 64;
  std::string text = "'";
  for (const char c : bytes.substr(0, kMostBytes)) {
    if (c >= ' ' && c <= '~' && c != '\\' && c != '\'') {
      text.push_back(c);
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  text.push_back('\'');
  if (bytes.size() > kMostBytes) text += fmt::format("... ({} bytes)", bytes.size());
  return text;
}

}  // namespace kipu::storage

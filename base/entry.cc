#include "base/entry.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/little_endian.h"

namespace kipu {
namespace {

void append_sized(std::string& to, std::string_view bytes) {
  append_le(to, static_cast<std::uint32_t>(bytes.size()));
  to.append(bytes);
}

bool has_its_values(const Entry& entry) {
  switch (entry.kind) {
    case EntryKind::append:
      return !entry.values.empty();
    case EntryKind::put:
      return entry.values.size() == 1;
    case EntryKind::remove:
      return entry.values.empty();
  }
  return false;
}

}  // namespace

Digest digest_of(const Entry& entry) {
  // Reused, because every process computes a digest for every entry that passes through it.
  thread_local std::string buffer;
  buffer.clear();
  append_sized(buffer, entry.bucket);
  append_sized(buffer, entry.key);
  append_le(buffer, entry.stamp.time.bits());
  append_le(buffer, entry.stamp.writer);
  append_le(buffer, static_cast<std::uint8_t>(entry.kind));
  append_le(buffer, entry.values.size());
  buffer.append(entry.values.packed());
  return Digest{hash64(buffer)};
}

Entry make_entry(std::string bucket, std::string key, Stamp stamp, EntryKind kind, Values values) {
  Entry entry{std::move(bucket), std::move(key), stamp, kind, std::move(values), {}};
  entry.digest = digest_of(entry);
  return entry;
}

Status validate(const Entry& entry) {
  if (!is_bucket_name(entry.bucket)) {
    return fail(ErrorCode::invalid_argument,
                "a bucket name has 1 to 64 characters of A-Z a-z 0-9 . _ -");
  }
  if (entry.key.empty()) return fail(ErrorCode::empty_key, "a key has at least one byte");
  if (entry.key.size() > limits::kMaxKeyBytes) {
    return fail(ErrorCode::too_large, fmt::format("a key has at most {} bytes, and this one has {}",
                                                  limits::kMaxKeyBytes, entry.key.size()));
  }
  if (!has_its_values(entry)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("an entry of kind {} cannot have {} values",
                            static_cast<int>(entry.kind), entry.values.size()));
  }
  if (entry.values.size() > limits::kMaxValuesPerEntry) {
    return fail(ErrorCode::too_large,
                fmt::format("an entry has at most {} values, and this one has {}",
                            limits::kMaxValuesPerEntry, entry.values.size()));
  }
  if (entry.pair_bytes() > limits::kLargestMaxPairBytes) {
    return fail(ErrorCode::too_large,
                fmt::format("key and values have {} bytes together; no bucket allows more than {}",
                            entry.pair_bytes(), limits::kLargestMaxPairBytes));
  }
  if (digest_of(entry) != entry.digest) {
    return fail(ErrorCode::bad_digest, "the entry's digest does not match its content");
  }
  return {};
}

bool is_bucket_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= limits::kMaxBucketNameBytes &&
         std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace kipu

// Entries: what Kipu stores. An entry never changes, and a store only ever adds entries.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "base/stamp.h"
#include "base/values.h"

namespace kipu {

// The numbers are part of the protocol, of the storage format and of the digest.
enum class EntryKind : std::uint8_t {
  append = 1,  // adds values; worm buckets
  put = 2,     // its one value is the key's value while this entry is its newest; wmrm buckets
  remove = 3,  // no values; the key is absent while this entry is its newest; wmrm buckets
};

// An entry's place among the entries of its key: the order of a key, and a page cursor.
struct EntryId {
  Stamp stamp;
  Digest digest;
  friend constexpr auto operator<=>(const EntryId&, const EntryId&) = default;
};

struct Entry {
  std::string bucket;
  std::string key;
  Stamp stamp;
  EntryKind kind = EntryKind::append;
  Values values;
  Digest digest;

  EntryId id() const { return {stamp, digest}; }
  // What the largest pair of a bucket bounds: key and values together.
  std::size_t pair_bytes() const { return key.size() + values.value_bytes(); }
  // About what it takes in a message: what bounds pages and batches.
  std::size_t message_bytes() const {
    return 64 + bucket.size() + key.size() + values.packed().size();
  }

  friend bool operator==(const Entry&, const Entry&) = default;
};

// XXH3-64 (seed 0) over, in this order, integers little-endian:
//   u32 length of bucket, bucket, u32 length of key, key, u64 stamp time, u64 stamp writer,
//   u8 kind, u32 number of values, packed values (base/values.h).
// docs/protocol.md has test vectors.
[[nodiscard]] Digest digest_of(const Entry& entry);

// An entry with its digest. The arguments are not checked: validate() does that.
[[nodiscard]] Entry make_entry(std::string bucket, std::string key, Stamp stamp, EntryKind kind,
                               Values values);

// What is true of every entry in every bucket: bucket name and key within limits, the kind known
// and with as many values as it takes, at most kLargestMaxPairBytes, the digest right.
// `empty_key`, `too_large`, `invalid_argument` or `bad_digest` otherwise. Whether the bucket exists
// and allows the kind and size is the coordinator's to know.
[[nodiscard]] Status validate(const Entry& entry);

// 1 to 64 characters of [A-Za-z0-9._-].
[[nodiscard]] bool is_bucket_name(std::string_view name);

}  // namespace kipu

#include "client/cli/backup_tally.h"

#include "base/ids.h"
#include "base/little_endian.h"

namespace kipu::cli {
namespace {

Hash128 plus(Hash128 a, Hash128 b) {
  const std::uint64_t low = a.low + b.low;
  return {a.high + b.high + (low < a.low ? 1 : 0), low};
}

}  // namespace

void Tally::add(const Entry& entry) {
  thread_local std::string identity;
  identity.clear();
  append_le(identity, static_cast<std::uint8_t>(entry.bucket.size()));
  identity += entry.bucket;
  append_le(identity, static_cast<std::uint32_t>(entry.key.size()));
  identity += entry.key;
  append_le(identity, entry.stamp.time.bits());
  append_le(identity, entry.stamp.writer);
  append_le(identity, entry.digest.bits);
  add({1, hash128(identity)});
}

void Tally::add(const Tally& other) {
  entries += other.entries;
  sum = plus(sum, other.sum);
}

std::string Tally::digest() const {
  return Uuid{sum.high, sum.low}.to_string();
}

std::optional<Hash128> Tally::parse_digest(std::string_view hex) {
  const auto number = Uuid::parse(hex);
  if (!number) return std::nullopt;
  return Hash128{number->high, number->low};
}

}  // namespace kipu::cli

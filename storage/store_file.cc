#include "storage/store_file.h"

#include <optional>

#include <fmt/format.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/little_endian.h"

namespace kipu::storage {
namespace {

constexpr std::string_view kMagic = "KIPUSTOR";
constexpr std::size_t kHeadBytes = kMagic.size() + sizeof(std::uint32_t);
constexpr std::size_t kChecksumBytes = sizeof(std::uint64_t);

void append_uuid(std::string& to, const Uuid& id) {
  append_be(to, id.high);
  append_be(to, id.low);
}

// Takes from the front of bytes; once something is missing, everything after it is.
class Parser {
 public:
  explicit Parser(std::string_view bytes) : left_(bytes) {}

  template <class T>
  T take_le() {
    const std::string_view bytes = take(sizeof(T));
    return bytes.empty() ? T{0} : load_le<T>(bytes.data());
  }

  Uuid take_uuid() {
    const std::string_view bytes = take(2 * sizeof(std::uint64_t));
    if (bytes.empty()) return {};
    return {load_be<std::uint64_t>(bytes.data()), load_be<std::uint64_t>(bytes.data() + 8)};
  }

  std::string_view take(std::size_t size) {
    if (left_.size() < size) {
      is_short_ = true;
      left_ = {};
      return {};
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  bool ended_well() const { return !is_short_ && left_.empty(); }

 private:
  std::string_view left_;
  bool is_short_ = false;
};

Status check_head(std::string_view bytes) {
  if (bytes.size() < kHeadBytes + kChecksumBytes || !bytes.starts_with(kMagic)) {
    return fail(ErrorCode::corrupt, "it is not a store file");
  }
  const std::size_t end = bytes.size() - kChecksumBytes;
  if (load_le<std::uint64_t>(bytes.data() + end) != hash64(bytes.substr(0, end))) {
    return fail(ErrorCode::corrupt, "its checksum does not match");
  }
  const auto version = load_le<std::uint32_t>(bytes.data() + kMagic.size());
  if (version > kFormatVersion) {
    return fail(ErrorCode::newer_format,
                fmt::format("it has format version {}, and this Kipu knows {} at most", version,
                            kFormatVersion));
  }
  if (version == 0) return fail(ErrorCode::corrupt, "it has format version 0, which never was");
  return {};
}

// Beside the kind, in one byte.
constexpr std::uint8_t kAcceptsLoss = 0x80;

void append_wholeness(std::string& to, const Wholeness& whole) {
  const auto kind = static_cast<std::uint8_t>(whole.kind);
  to.push_back(static_cast<char>(whole.accepts_loss ? kind | kAcceptsLoss : kind));
  append_le(to, static_cast<std::uint32_t>(whole.missing.size()));
  for (const PartitionId partition : whole.missing) append_le(to, partition.number);
  append_le(to, static_cast<std::uint32_t>(whole.lost_runs.size()));
  for (const std::uint64_t run : whole.lost_runs) append_le(to, run);
}

// False if it is not what append_wholeness() makes.
bool take_wholeness(Parser& parser, Wholeness& whole) {
  const auto head = parser.take_le<std::uint8_t>();
  const std::uint8_t kind = head & static_cast<std::uint8_t>(~kAcceptsLoss);
  whole.accepts_loss = (head & kAcceptsLoss) != 0;
  const auto missing = parser.take_le<std::uint32_t>();
  if (kind > static_cast<std::uint8_t>(Wholeness::Kind::all_but)) return false;
  whole.kind = static_cast<Wholeness::Kind>(kind);
  const bool names_any = whole.kind == Wholeness::Kind::all_but;
  if (missing > (names_any ? limits::kMaxPartitions : 0)) return false;
  for (std::uint32_t left = missing; left > 0; --left) {
    const PartitionId partition{parser.take_le<std::uint32_t>()};
    const bool ascends = whole.missing.empty() || whole.missing.back() < partition;
    if (!ascends || partition.number >= limits::kMaxPartitions) return false;
    whole.missing.push_back(partition);
  }
  const auto lost = parser.take_le<std::uint32_t>();
  if (lost > kMaxRuns) return false;
  whole.lost_runs.resize(lost);
  for (std::uint64_t& run : whole.lost_runs) run = parser.take_le<std::uint64_t>();
  return true;
}

}  // namespace

std::string encode_store_file(const StoreInfo& info) {
  KIPU_CHECK_OP(info.runs.size(), <=, kMaxRuns);
  std::string bytes(kMagic);
  append_le(bytes, kFormatVersion);
  append_uuid(bytes, info.store.id);
  append_uuid(bytes, info.cluster.id);
  append_le(bytes, static_cast<std::uint32_t>(info.runs.size()));
  for (const Run& run : info.runs) append_le(bytes, run.number);
  append_le(bytes, static_cast<std::uint32_t>(info.map.size()));
  bytes += info.map;
  append_le(bytes, info.forgotten_runs);
  for (const Run& run : info.runs) append_le(bytes, run.last);
  append_wholeness(bytes, info.whole);
  append_le(bytes, hash64(bytes));
  return bytes;
}

Result<StoreInfo> decode_store_file(std::string_view bytes) {
  if (Status head = check_head(bytes); !head) return fail(std::move(head.error()));
  const auto version = load_le<std::uint32_t>(bytes.data() + kMagic.size());
  bytes.remove_prefix(kHeadBytes);
  bytes.remove_suffix(kChecksumBytes);
  Parser parser(bytes);
  StoreInfo info;
  info.store.id = parser.take_uuid();
  info.cluster.id = parser.take_uuid();
  const auto runs = parser.take_le<std::uint32_t>();
  if (runs > kMaxRuns) return fail(ErrorCode::corrupt, fmt::format("it claims {} runs", runs));
  info.runs.resize(runs);
  for (Run& run : info.runs) run.number = parser.take_le<std::uint64_t>();
  info.map = parser.take(parser.take_le<std::uint32_t>());
  if (version == 1) {
    if (!info.map.empty()) info.whole.kind = Wholeness::Kind::all_but;
  } else {
    info.forgotten_runs = parser.take_le<std::uint64_t>();
    for (Run& run : info.runs) run.last = parser.take_le<std::uint64_t>();
    if (!take_wholeness(parser, info.whole)) {
      return fail(ErrorCode::corrupt, "what it says of its partitions cannot be");
    }
  }
  if (!parser.ended_well() || info.store.is_none()) {
    return fail(ErrorCode::corrupt, "its content does not fit its checksum");
  }
  return info;
}

std::uint32_t format_of_store_file(std::string_view bytes) {
  KIPU_CHECK_OP(bytes.size(), >=, kHeadBytes);
  return load_le<std::uint32_t>(bytes.data() + kMagic.size());
}

}  // namespace kipu::storage

#include "examples/files/manifest.h"

#include <algorithm>
#include <optional>

#include "examples/files/chunker.h"

namespace files {
namespace {

using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;

constexpr std::uint8_t kFormat = 1;

void put(std::string& out, std::uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out += static_cast<char>(static_cast<unsigned char>(number >> static_cast<unsigned>(8 * i)));
  }
}

void put(std::string& out, const Ref& ref) {
  put(out, static_cast<std::uint64_t>(ref.kind), 1);
  put(out, ref.length, 8);
  if (ref.kind != RefKind::hole) out += bytes_of(ref.id);
}

void put(std::string& out, std::span<const Ref> refs) {
  put(out, refs.size(), 4);
  for (const Ref& ref : refs) put(out, ref);
}

// Takes fields from the front; once anything was missing, nothing is there any more.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t number(int bytes) {
    const std::string_view field = take(static_cast<std::size_t>(bytes));
    std::uint64_t number = 0;
    for (std::size_t i = field.size(); i-- > 0;) {
      number = (number << 8U) | static_cast<unsigned char>(field[i]);
    }
    return number;
  }
  Sum sum() {
    Sum sum{};
    std::ranges::copy(take(sum.size()), sum.begin());
    return sum;
  }
  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) {
      missing_ = true;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::size_t left() const { return bytes_.size(); }
  bool whole() const { return !missing_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool missing_ = false;
};

std::optional<Ref> take_ref(Fields& fields) {
  const std::uint64_t kind = fields.number(1);
  if (kind > 2) return std::nullopt;
  Ref ref{static_cast<RefKind>(kind), fields.number(8), {}};
  if (ref.kind != RefKind::hole) ref.id = fields.sum();
  const bool too_long = ref.kind == RefKind::data && ref.length > kChunkSizes.most;
  if (ref.length == 0 || too_long) return std::nullopt;
  return ref;
}

// All refs up to the end, which have to be as many as they say and to cover `length` bytes.
std::optional<std::vector<Ref>> take_refs(Fields& fields, std::uint64_t length) {
  constexpr std::size_t kLeastRefBytes = 9;
  const std::uint64_t count = fields.number(4);
  if (count > fields.left() / kLeastRefBytes) return std::nullopt;
  std::vector<Ref> refs;
  refs.reserve(count);
  std::uint64_t left = length;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto ref = take_ref(fields);
    if (!ref || ref->length > left) return std::nullopt;
    left -= ref->length;
    refs.push_back(*ref);
  }
  if (left != 0 || !fields.whole()) return std::nullopt;
  return refs;
}

kipu::Status check_format(Fields& fields) {
  const std::uint64_t format = fields.number(1);
  if (format == kFormat) return {};
  if (format == 0) return fail(ErrorCode::corrupt, "it has no format");
  return fail(ErrorCode::newer_format, "a later kipu-files wrote it: use that one");
}

}  // namespace

std::string encode(const Version& version) {
  std::string out;
  put(out, kFormat, 1);
  put(out, static_cast<std::uint64_t>(version.type), 1);
  put(out, version.mode, 4);
  put(out, static_cast<std::uint64_t>(version.seconds), 8);
  put(out, version.nanoseconds, 4);
  put(out, version.size, 8);
  out += bytes_of(version.content);
  put(out, version.name.size(), 4);
  out += version.name;
  put(out, std::span<const Ref>(version.refs));
  return out;
}

Result<Version> decode_version(std::string_view bytes) {
  Fields fields(bytes);
  if (auto known = check_format(fields); !known) return fail(std::move(known).error());
  Version version;
  const std::uint64_t type = fields.number(1);
  version.type = static_cast<FileType>(type);
  version.mode = static_cast<std::uint32_t>(fields.number(4));
  version.seconds = static_cast<std::int64_t>(fields.number(8));
  version.nanoseconds = static_cast<std::uint32_t>(fields.number(4));
  version.size = fields.number(8);
  version.content = fields.sum();
  version.name = fields.take(fields.number(4));
  auto refs = take_refs(fields, version.size);
  if (!refs || type < 1 || type > 3 || version.nanoseconds >= 1'000'000'000) {
    return fail(ErrorCode::corrupt, "its bytes are no version of a file");
  }
  version.refs = std::move(*refs);
  return version;
}

std::string encode_list(std::span<const Ref> refs) {
  std::string out;
  put(out, kFormat, 1);
  put(out, refs);
  return out;
}

Result<std::vector<Ref>> decode_list(std::string_view bytes, std::uint64_t length) {
  Fields fields(bytes);
  if (auto known = check_format(fields); !known) return fail(std::move(known).error());
  auto refs = take_refs(fields, length);
  if (!refs) return fail(ErrorCode::corrupt, "its bytes are no list of chunks");
  return std::move(*refs);
}

}  // namespace files

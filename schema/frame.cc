#include "schema/frame.h"

#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "base/little_endian.h"

namespace kipu::schema {
namespace {

// The table of segments, if there is one segment: their number less one, and its size in words.
constexpr std::size_t kTableBytes = 8;
// What stock Cap'n Proto readers allow.
constexpr std::uint32_t kMaxSegments = 512;

kj::ArrayPtr<capnp::word> segment_of(std::string& frame) {
  return {reinterpret_cast<capnp::word*>(frame.data() + kTableBytes),
          (frame.size() - kTableBytes) / kBytesPerWord};
}

// The reader wants its words aligned, and a frame from a socket may lie anywhere.
const capnp::word* aligned(std::string_view bytes) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(capnp::word) == 0) {
    return reinterpret_cast<const capnp::word*>(bytes.data());
  }
  // One decode at a time per thread, and no Reader outlives it; it grows to kMaxBodyBytes at most.
  thread_local std::vector<std::uint64_t> scratch;
  if (scratch.size() < bytes.size() / kBytesPerWord) scratch.resize(bytes.size() / kBytesPerWord);
  std::memcpy(scratch.data(), bytes.data(), bytes.size());
  return reinterpret_cast<const capnp::word*>(scratch.data());
}

kj::ArrayPtr<const capnp::word> words_of(std::string_view bytes, std::size_t most_bytes) {
  if (bytes.size() > most_bytes) throw Refused("more bytes than a message may have");
  if (bytes.size() < kTableBytes || bytes.size() % kBytesPerWord != 0) {
    throw Refused("not a whole number of words");
  }
  if (load_le<std::uint32_t>(bytes.data()) >= kMaxSegments) throw Refused("too many segments");
  return {aligned(bytes), bytes.size() / kBytesPerWord};
}

// Every getter counts what it visits, a list with all its structs at once. Everything is visited
// once, so the size of the frame would do; twice that leaves room for the library's own rounding.
// Nesting: the deepest message of ours has 5 levels.
capnp::ReaderOptions options_for(std::size_t words) {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 2 * words + 64;
  options.nestingLimit = 16;
  return options;
}

}  // namespace

FrameWriter::FrameWriter(std::size_t words)
    : frame_(kTableBytes + (1 + words) * kBytesPerWord, '\0'), builder_(segment_of(frame_)) {}

Buffer FrameWriter::finish() {
  const auto segments = builder_.getSegmentsForOutput();
  KIPU_CHECK_OP(segments.size(), ==, 1U);
  const std::size_t words = segments[0].size();
  const auto size = static_cast<std::uint32_t>(words);
  std::memcpy(frame_.data() + sizeof size, &size, sizeof size);
  frame_.resize(kTableBytes + words * kBytesPerWord);
  return Buffer(std::move(frame_));
}

FrameReader::FrameReader(std::string_view bytes, std::size_t most_bytes)
    : FrameReader(words_of(bytes, most_bytes), bytes.size()) {}

FrameReader::FrameReader(kj::ArrayPtr<const capnp::word> words, std::size_t bytes)
    : bytes_(bytes), reader_(words, options_for(words.size())) {
  if (reader_.getEnd() != words.end()) throw Refused("bytes after the end");
}

tl::unexpected<Error> malformed(std::string_view type, std::string_view reason) {
  return fail(ErrorCode::malformed, fmt::format("bytes that are no {}: {}", type, reason));
}

}  // namespace kipu::schema

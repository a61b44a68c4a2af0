// Frames: one Cap'n Proto message as the bytes of one frame, in the standard stream framing (a
// table of segments, then the segments), which every Cap'n Proto library reads. Private to schema/.
//
// Writing: one segment, written straight into the frame, whose size is computed beforehand.
// Reading: whatever is wrong is thrown, as kj::Exception by the library and as Refused by us, and
// caught at one place, decode_frame.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/result.h"
#include "schema/capnp.h"

namespace kipu::schema {

// Why bytes that Cap'n Proto accepts are no message of ours. Leaves schema/ as `malformed`.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline constexpr std::size_t kBytesPerWord = sizeof(capnp::word);

// What things take in a message, in words, beside the pointer to them.
constexpr std::size_t data_words(std::size_t bytes) {
  return (bytes + kBytesPerWord - 1) / kBytesPerWord;
}
constexpr std::size_t text_words(std::size_t bytes) {
  return data_words(bytes + 1);  // with its NUL
}
template <class Wire>
constexpr std::size_t struct_words() {
  return Wire::_capnpPrivate::dataWordSize + Wire::_capnpPrivate::pointerCount;
}
template <class Wire>
constexpr std::size_t list_words(std::size_t size) {
  return 1 + size * struct_words<Wire>();
}

// A frame being written.
class FrameWriter {
 public:
  // `words` is what the message takes beside its root pointer, or a little more.
  explicit FrameWriter(std::size_t words);

  template <class Wire>
  typename Wire::Builder root() {
    return builder_.initRoot<Wire>();
  }
  // The frame, cut to what was written. The writer is of no use after this.
  Buffer finish();

 private:
  std::string frame_;
  capnp::FlatMessageBuilder builder_;
};

// `words`: what `value` takes beside its root struct. `write` fills in that struct.
template <class Wire, class Value>
Buffer encode_frame(const Value& value, std::size_t words,
                    void (*write)(typename Wire::Builder, const Value&)) {
  FrameWriter frame(struct_words<Wire>() + words);
  write(frame.root<Wire>(), value);
  return frame.finish();
}

// A frame being read.
class FrameReader {
 public:
  // Throws if `bytes` are no frame, or more than `most_bytes`.
  FrameReader(std::string_view bytes, std::size_t most_bytes);

  template <class Wire>
  typename Wire::Reader root() {
    return reader_.getRoot<Wire>();
  }

  // How many elements of that size there can be in this frame.
  std::size_t room_for(std::size_t least_bytes_each) const { return bytes_ / least_bytes_each; }

  // The size of `list`. Throws if it is more than `most`, or than the bytes of this frame can hold:
  // so that what is allocated for a list is in proportion to what was received.
  template <class List>
  std::size_t count(const List& list, std::size_t most, std::size_t least_bytes_each) const {
    const std::size_t size = list.size();
    if (size > most) throw Refused("a list is longer than its limit");
    if (size > room_for(least_bytes_each)) throw Refused("a list is longer than the message");
    return size;
  }

 private:
  FrameReader(kj::ArrayPtr<const capnp::word> words, std::size_t bytes);

  std::size_t bytes_;
  capnp::FlatArrayMessageReader reader_;
};

// `malformed`, naming the type and what is wrong with it.
[[nodiscard]] tl::unexpected<Error> malformed(std::string_view type, std::string_view reason);

template <class Wire, class Value>
Result<Value> decode_frame(std::string_view type, std::string_view bytes,
                           Value (*read)(typename Wire::Reader, const FrameReader&),
                           std::size_t most_bytes = limits::kMaxBodyBytes) {
  try {
    FrameReader frame(bytes, most_bytes);
    return read(frame.root<Wire>(), frame);
  } catch (const Refused& refused) {
    return malformed(type, refused.what());
  } catch (const kj::Exception& exception) {
    return malformed(type, exception.getDescription().cStr());
  }
}

}  // namespace kipu::schema

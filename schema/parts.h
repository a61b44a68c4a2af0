// What several messages carry, from and to Cap'n Proto's generated readers and builders; and the
// conversions of times and numbers. Templates, so that no generated header is needed here. Private
// to schema/.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/bucket.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/position.h"
#include "base/status.h"
#include "base/time.h"
#include "schema/capnp.h"
#include "schema/frame.h"

namespace kipu::schema {

// Text and data.

inline capnp::Text::Reader text_of(const std::string& from) {
  return {from.c_str(), from.size()};
}

inline capnp::Data::Reader data_of(std::string_view from) {
  return {reinterpret_cast<const kj::byte*>(from.data()), from.size()};
}

// The bytes of a Text or Data; throws if they are more than `most`.
template <class Blob>
std::string bytes_of(const Blob& blob, std::size_t most) {
  if (blob.size() > most) throw Refused("a text or blob is longer than its limit");
  return {reinterpret_cast<const char*>(blob.begin()), blob.size()};
}

// As much of a text meant for people as the receiver accepts, cut between two characters.
inline std::string_view readable_part(std::string_view whole, std::size_t most) {
  if (whole.size() <= most) return whole;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(whole[at]) & 0xc0U) == 0x80U;
  };
  while (most > 0 && continues(most)) --most;
  return whole.substr(0, most);
}

// Numbers.

// The enumerator with this number, where they run from `first` to `last` without a gap.
template <class Enum>
Enum enumerator(std::uint8_t number, Enum first, Enum last) {
  if (number < static_cast<std::uint8_t>(first) || number > static_cast<std::uint8_t>(last)) {
    throw Refused("an unknown enumerator");
  }
  return static_cast<Enum>(number);
}

inline Level read_level(std::uint8_t number) {
  return enumerator(number, Level::bucket_default, Level::none);
}

inline ErrorCode read_error_code(std::uint16_t number) {
  const auto code = error_code_from_number(number);
  if (!code) throw Refused("an unknown error code");
  return *code;
}

// Times. Lengths travel as microseconds; less than one, and negative ones, as none; more than a
// Duration holds is read as the longest, so that "for ever" can be said.
inline constexpr auto kLongest = std::chrono::floor<std::chrono::microseconds>(Duration::max());

constexpr std::uint64_t microseconds(Duration length) {
  if (length <= Duration::zero()) return 0;
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::microseconds>(length).count());
}

constexpr Duration read_duration(std::uint64_t microseconds) {
  const auto most = static_cast<std::uint64_t>(kLongest.count());
  return std::chrono::microseconds(static_cast<std::int64_t>(std::min(microseconds, most)));
}

// Wall-clock times travel as milliseconds since 1970, in the 48 bits that stamps have for them:
// more is refused, so that no arithmetic on them overflows.
inline constexpr std::int64_t kLastMillisecond = (std::int64_t{1} << 48U) - 1;

constexpr std::uint64_t milliseconds(WallTime wall) {
  const std::int64_t count = wall.time_since_epoch().count();
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(count, 0, kLastMillisecond));
}

inline WallTime read_wall(std::uint64_t milliseconds) {
  if (milliseconds > static_cast<std::uint64_t>(kLastMillisecond)) {
    throw Refused("a time past the year 10889");
  }
  return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds)));
}

// Points on a steady clock travel as they are: only their owner reads them.
constexpr std::uint64_t nanoseconds(Instant instant) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(instant.since_start().count(), 0));
}

inline Instant read_instant(std::uint64_t nanoseconds) {
  if (nanoseconds > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw Refused("an instant past the end of its clock");
  }
  return Instant::since_start(Duration(static_cast<std::int64_t>(nanoseconds)));
}

// Structs.

template <class Reader>
Uuid read_uuid(Reader from) {
  return {from.getHigh(), from.getLow()};
}

template <class Builder>
void write_uuid(Builder to, const Uuid& from) {
  to.setHigh(from.high);
  to.setLow(from.low);
}

template <class Reader>
MapVersion read_map_version(Reader from) {
  return {from.getGeneration(), from.getNonce(), from.getEpoch()};
}

template <class Builder>
void write_map_version(Builder to, const MapVersion& from) {
  to.setGeneration(from.generation);
  to.setNonce(from.nonce);
  to.setEpoch(from.epoch);
}

template <class Reader>
Position read_position(Reader from) {
  return {from.getRun(), from.getCounter()};
}

template <class Builder>
void write_position(Builder to, const Position& from) {
  to.setRun(from.run);
  to.setCounter(from.counter);
}

// An ErrorReply or a Refusal, which has the same two fields.
template <class Reader>
Error read_error(Reader from) {
  return {read_error_code(from.getCode()),
          bytes_of(from.getMessage(), limits::kMaxMessageTextBytes)};
}

template <class Builder>
void write_error(Builder to, const Error& from, std::size_t most_bytes) {
  const std::string_view message = readable_part(from.message, most_bytes);
  to.setCode(static_cast<std::uint16_t>(from.code));
  std::copy(message.begin(), message.end(),
            to.initMessage(static_cast<unsigned>(message.size())).begin());
}

}  // namespace kipu::schema

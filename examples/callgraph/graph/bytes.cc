#include "examples/callgraph/graph/bytes.h"

#include <limits>

namespace callgraph {

void ByteWriter::number(std::uint64_t value) {
  while (value >= 0x80) {
    byte(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  byte(static_cast<std::uint8_t>(value));
}

void ByteWriter::text(std::string_view value) {
  number(value.size());
  bytes_.append(value);
}

std::uint8_t ByteReader::byte() {
  if (rest_.empty()) {
    failed_ = true;
    return 0;
  }
  const auto value = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return value;
}

std::uint64_t ByteReader::number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t next = byte();
    value |= static_cast<std::uint64_t>(next & 0x7F) << shift;
    if ((next & 0x80) == 0) return value;
  }
  failed_ = true;
  return 0;
}

std::uint32_t ByteReader::number32() {
  const std::uint64_t value = number();
  if (value > std::numeric_limits<std::uint32_t>::max()) failed_ = true;
  return static_cast<std::uint32_t>(value);
}

std::string ByteReader::text() {
  const std::uint64_t length = number();
  if (length > rest_.size()) {
    failed_ = true;
    return {};
  }
  std::string value(rest_.substr(0, length));
  rest_.remove_prefix(length);
  return value;
}

}  // namespace callgraph

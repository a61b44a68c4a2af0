// Bytes of values: numbers as LEB128 (seven bits a byte, lowest first, the high bit says that more
// follow), strings with their length before them.
//
// Thread rule: an object belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace callgraph {

class ByteWriter {
 public:
  void number(std::uint64_t value);
  void text(std::string_view value);
  void byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what a ByteWriter wrote. What is not there reads as 0 or empty, and `failed` says so: check
// it once, at the end. The bytes outlive the reader.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number();
  std::uint32_t number32();
  std::string text();
  std::uint8_t byte();
  // A byte that stands for one of the first `count` values of an enumeration.
  template <class Enum>
  Enum one_of(std::uint8_t count) {
    const std::uint8_t value = byte();
    if (value >= count) failed_ = true;
    return static_cast<Enum>(value < count ? value : 0);
  }

  bool at_end() const { return rest_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace callgraph

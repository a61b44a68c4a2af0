// The values of one entry, packed: the same bytes on the wire, in the store and under the digest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kipu {

// A sequence of values, each any bytes, 0 of them too. Packed form, per value:
//   length  u32, little-endian
//   bytes   `length` bytes
// INVARIANT: packed() is well-formed. Not thread-safe, like any value.
class Values {
 public:
  Values() = default;
  Values(std::initializer_list<std::string_view> values);

  // `malformed` if `packed` is not well-formed.
  [[nodiscard]] static Result<Values> parse(std::string packed);

  void push_back(std::string_view value);
  std::string_view packed() const { return packed_; }
  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Bytes of the values themselves, without their lengths.
  std::size_t value_bytes() const { return packed_.size() - 4 * std::size_t{size_}; }
  // The first value. REQUIRES: !empty().
  std::string_view front() const { return *begin(); }

  class Iterator {
   public:
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using reference = std::string_view;
    using pointer = void;
    using iterator_category = std::input_iterator_tag;

    Iterator() = default;
    explicit Iterator(const char* at) : at_(at) {}
    std::string_view operator*() const;
    Iterator& operator++();
    Iterator operator++(int);
    friend bool operator==(Iterator, Iterator) = default;

   private:
    const char* at_ = nullptr;
  };

  // Views stay valid until this object is changed or destroyed.
  Iterator begin() const { return Iterator(packed_.data()); }
  Iterator end() const { return Iterator(packed_.data() + packed_.size()); }

  friend bool operator==(const Values&, const Values&) = default;

 private:
  std::string packed_;
  std::uint32_t size_ = 0;
};

}  // namespace kipu

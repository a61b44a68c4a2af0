#include "base/values.h"

#include <limits>
#include <utility>

#include "base/check.h"
#include "base/little_endian.h"

namespace kipu {
namespace {
constexpr std::size_t kLengthBytes = 4;
}

Values::Values(std::initializer_list<std::string_view> values) {
  for (const std::string_view value : values) push_back(value);
}

Result<Values> Values::parse(std::string packed) {
  Values parsed;
  std::string_view rest = packed;
  while (!rest.empty()) {
    if (rest.size() < kLengthBytes) {
      return fail(ErrorCode::malformed, "values end within a length");
    }
    const std::size_t length = load_le<std::uint32_t>(rest.data());
    rest.remove_prefix(kLengthBytes);
    if (rest.size() < length) return fail(ErrorCode::malformed, "values end within a value");
    rest.remove_prefix(length);
    ++parsed.size_;
  }
  parsed.packed_ = std::move(packed);
  return parsed;
}

void Values::push_back(std::string_view value) {
  KIPU_CHECK(value.size() <= std::numeric_limits<std::uint32_t>::max());
  append_le(packed_, static_cast<std::uint32_t>(value.size()));
  packed_.append(value);
  ++size_;
}

std::string_view Values::Iterator::operator*() const {
  return {at_ + kLengthBytes, load_le<std::uint32_t>(at_)};
}

Values::Iterator& Values::Iterator::operator++() {
  at_ += kLengthBytes + load_le<std::uint32_t>(at_);
  return *this;
}

Values::Iterator Values::Iterator::operator++(int) {
  Iterator before = *this;
  ++*this;
  return before;
}

}  // namespace kipu

// A fuzz target for Values::parse: any bytes are refused, or are the packed form of what they parse
// to.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/values.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string packed(reinterpret_cast<const char*>(data), size);
  const auto parsed = kipu::Values::parse(packed);
  if (!parsed) {
    KIPU_CHECK(parsed.error().code == kipu::ErrorCode::malformed);
    return 0;
  }
  kipu::Values again;
  std::size_t bytes = 0;
  for (const std::string_view value : *parsed) {
    again.push_back(value);
    bytes += value.size();
  }
  KIPU_CHECK(again == *parsed);
  KIPU_CHECK(again.packed() == packed);
  KIPU_CHECK(parsed->value_bytes() == bytes);
  return 0;
}

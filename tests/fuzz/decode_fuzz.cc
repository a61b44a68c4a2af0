// A fuzz target for decode<KIPU_FUZZ_TYPE>: any bytes are refused as `malformed`, or are a value
// that survives another journey.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "schema/codec.h"

// Types are named by a macro, without their namespace, which is one of these.
using namespace kipu;
using namespace kipu::schema;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto first = decode<KIPU_FUZZ_TYPE>({reinterpret_cast<const char*>(data), size});
  if (!first) {
    KIPU_CHECK(first.error().code == ErrorCode::malformed);
    return 0;
  }
  const auto again = decode<KIPU_FUZZ_TYPE>(encode(*first).view());
  KIPU_CHECK(again.has_value());
  KIPU_CHECK(*again == *first);
  return 0;
}

// A fuzz target for the keys of the database: any bytes are refused as `corrupt`, or are what their
// record encodes to.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "storage/key_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto record = kipu::storage::decode_record_key(bytes);
  if (record) {
    KIPU_CHECK(kipu::storage::encode_record_key(*record) == bytes);
  } else {
    KIPU_CHECK(record.error().code == kipu::ErrorCode::corrupt);
  }
  return 0;
}

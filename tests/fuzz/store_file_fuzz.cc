// A fuzz target for the store file: any bytes, under a checksum that fits, are refused, or are what
// their content encodes to.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/digest.h"
#include "base/little_endian.h"
#include "storage/store_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  kipu::append_le(bytes, kipu::hash64(bytes));
  const auto info = kipu::storage::decode_store_file(bytes);
  if (info) {
    KIPU_CHECK(kipu::storage::encode_store_file(*info) == bytes);
  } else {
    const kipu::ErrorCode code = info.error().code;
    KIPU_CHECK(code == kipu::ErrorCode::corrupt || code == kipu::ErrorCode::newer_format);
  }
  return 0;
}

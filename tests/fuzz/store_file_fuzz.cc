// A fuzz target for the store file: any bytes, under a checksum that fits, are refused, or are what
// their content encodes to, if they are of this version.
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
    const std::string again = kipu::storage::encode_store_file(*info);
    KIPU_CHECK(again == bytes || bytes[8] != again[8]);
    const auto same = kipu::storage::decode_store_file(again);
    KIPU_CHECK(same && kipu::storage::encode_store_file(*same) == again);
  } else {
    const kipu::ErrorCode code = info.error().code;
    KIPU_CHECK(code == kipu::ErrorCode::corrupt || code == kipu::ErrorCode::newer_format);
  }
  return 0;
}

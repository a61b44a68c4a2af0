// A fuzz target for the list of a database's files: any bytes, under a checksum that fits, are
// refused, or are what their content encodes to.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/digest.h"
#include "base/little_endian.h"
#include "storage/database_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  kipu::append_le(bytes, kipu::hash64(bytes));
  const auto files = kipu::storage::decode_database_files(bytes);
  if (files) {
    KIPU_CHECK(kipu::storage::encode_database_files(*files) == bytes);
  } else {
    KIPU_CHECK(files.error().code == kipu::ErrorCode::corrupt);
  }
  return 0;
}

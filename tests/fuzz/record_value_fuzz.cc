// A fuzz target for the values of the database: any bytes are refused as `unreadable`, or, under
// the digest of what they say, are what their entry encodes to.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "storage/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  kipu::Entry entry;
  entry.bucket = "default";
  entry.key = "key";
  // The first attempt fills in what decodes, and can only fail: no input has the right digest.
  if (!kipu::storage::decode_record_value(bytes, entry)) entry.digest = kipu::digest_of(entry);
  const kipu::Status status = kipu::storage::decode_record_value(bytes, entry);
  if (!status) {
    KIPU_CHECK(status.error().code == kipu::ErrorCode::unreadable);
    return 0;
  }
  std::string again;
  kipu::storage::append_record_value(again, entry);
  KIPU_CHECK(again == bytes);
  return 0;
}

// A fuzz target for the records of streams: any bytes are refused as `unreadable`, or are what
// their content encodes to. The first byte is the size of the key.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "storage/log_record.h"

namespace {

using namespace kipu::storage;

template <class T>
void check_refusal(const kipu::Result<T>& decoded) {
  KIPU_CHECK(decoded || decoded.error().code == kipu::ErrorCode::unreadable);
}

void check_log_record(std::string_view key, std::string_view value) {
  const auto record = decode_log_record(key, value);
  const auto names = decode_log_names(value);
  check_refusal(record);
  check_refusal(names);
  if (!record || !names) return;
  KIPU_CHECK(encode_log_key(record->place) == key);
  std::string again;
  append_log_head(again, *record);
  for (const RecordKey& name : *names) {
    append_log_name(again, name.partition, name.bucket, name.key, name.id);
  }
  KIPU_CHECK(again == value);
  KIPU_CHECK(record->bytes == key.size() + value.size());
}

void check_cursor(char in, std::string_view key, std::string_view value) {
  const auto store = decode_cursor_key(in, key);
  const auto position = decode_position(value);
  check_refusal(store);
  check_refusal(position);
  if (store) KIPU_CHECK(encode_cursor_key(in, *store) == key);
  std::string again;
  if (position) append_position(again, *position);
  if (position) KIPU_CHECK(again == value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t key_bytes = std::min<std::size_t>(data[0], bytes.size());
  check_log_record(bytes.substr(0, key_bytes), bytes.substr(key_bytes));
  for (const char in : {space::kCursor, space::kAcknowledged}) {
    check_cursor(in, bytes.substr(0, key_bytes), bytes.substr(key_bytes));
  }
  return 0;
}

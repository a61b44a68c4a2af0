// A record's value: what an entry says beyond where it lies.
//
//   value = kind (u8) values (packed, base/values.h)
#pragma once

#include <string>
#include <string_view>

#include "base/entry.h"
#include "base/result.h"

namespace kipu::storage {

void append_record_value(std::string& to, const Entry& entry);

// Completes `entry`, of which bucket, key, stamp and digest are known, from a record's value.
// `unreadable` if `value` does not decode, or the entry's digest does not match.
[[nodiscard]] Status decode_record_value(std::string_view value, Entry& entry);

}  // namespace kipu::storage

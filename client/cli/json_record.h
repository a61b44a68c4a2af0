// A line of JSON Lines as `export` writes it and `import` reads it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/entry.h"
#include "base/result.h"

namespace kipu::cli {

struct JsonRecord {
  std::string key;
  Values values;
  std::optional<EntryKind> kind;  // absent: what the bucket takes
  std::optional<Stamp> stamp;     // absent: a new one
};

// Takes one line apart:
//   {"key": …, "value": … or "values": […], "stamp": …, "kind": …, "bucket": …, "digest": …}
// with `_b64` on the names whose bytes are in base 64; all but the key may be left out. Where
// bucket, stamp and digest are given, the digest is verified (`bad_digest`). `malformed` otherwise.
[[nodiscard]] Result<JsonRecord> parse_json_record(std::string_view line);

// One line, newline included; parse_json_record gives the same entry back.
void append_json_record(std::string& out, const Entry& entry);

[[nodiscard]] std::string_view kind_name(EntryKind kind);

}  // namespace kipu::cli

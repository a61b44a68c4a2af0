// A line of JSON Lines as `export` writes it and `import` reads it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/entry.h"
#include "base/result.h"
#include "client/cli/json_writer.h"

namespace kipu::cli {

struct JsonRecord {
  std::string key;
  Values values;
  std::optional<std::string> bucket;  // absent: the importer's
  std::optional<EntryKind> kind;      // absent: what the bucket takes
  std::optional<Stamp> stamp;         // absent: a new one
  std::optional<Digest> digest;       // never without a stamp
};

// Takes one line apart:
//   {"key": …, "value": … or "values": […], "stamp": …, "kind": …, "bucket": …, "digest": …}
// with `_b64` on the names whose bytes are in base 64; all but the key and a value may be left out.
// Whatever would be read as something else than it says, or passed over, is `malformed`: a field
// that is given twice, or that nobody knows; anything but strings; a digest without the stamp that
// it covers.
[[nodiscard]] Result<JsonRecord> parse_json_record(std::string_view line);

// Whether the record, in that bucket and of that kind, is the entry that its digest names:
// `bad_digest` if not. A record without a digest is any entry.
[[nodiscard]] Status check_digest(const JsonRecord& record, std::string_view bucket,
                                  EntryKind kind);

// One line, newline included; parse_json_record gives the same entry back.
void append_json_record(std::string& out, const Entry& entry);

// The members of that line's object.
void write_record(JsonWriter& json, const Entry& entry);

[[nodiscard]] std::string_view kind_name(EntryKind kind);

}  // namespace kipu::cli

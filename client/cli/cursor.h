// Where a reader of a key stopped: what `get --limit` prints and `get --cursor` takes.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/entry.h"

namespace kipu::cli {

// A value: its entry, and its place among the entry's values. Opaque to users; printed as
// `<stamp>-<digest>-<index>`, all hex.
struct Cursor {
  EntryId id;
  std::uint32_t index = 0;

  std::string to_string() const;
  static std::optional<Cursor> parse(std::string_view text);
  friend auto operator<=>(const Cursor&, const Cursor&) = default;
};

}  // namespace kipu::cli

// What `get` was asked for.
#pragma once

#include <cstdint>
#include <optional>

#include "client/cli/arguments.h"
#include "client/cli/cursor.h"
#include "kipu/client.h"

namespace kipu::cli {

// --first and --last choose values; --reverse then shows them newest first; --cursor goes on after
// a value shown before; --limit stops and says where.
struct GetRequest {
  ReadOptions read;
  std::optional<std::uint64_t> limit;  // values to show
  bool tell_more = false;              // say where to go on, if there is more than `limit`
  std::optional<Cursor> cursor;
  bool stamps = false;
  bool history = false;

  // Whether the value at `at` was shown before `cursor` was given out.
  bool seen(const Cursor& at) const;
};

// `invalid_argument` if options are out of range or exclude each other. `now` is for times ago.
[[nodiscard]] Result<GetRequest> parse_get(const Arguments& arguments, WallTime now);

}  // namespace kipu::cli

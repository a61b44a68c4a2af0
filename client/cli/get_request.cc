#include "client/cli/get_request.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/limits.h"
#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

Result<std::optional<std::uint64_t>> read_number(const Arguments& arguments,
                                                 std::string_view name) {
  const auto text = arguments.get(name);
  if (!text) return std::optional<std::uint64_t>();
  const auto number = of_option(name, parse_number(*text));
  if (!number) return fail(number.error());
  return std::optional<std::uint64_t>(*number);
}

// How many values are wanted.
Result<std::optional<std::uint64_t>> read_amount(const Arguments& arguments,
                                                 std::string_view name) {
  auto number = read_number(arguments, name);
  if (!number || *number != std::uint64_t{0}) return number;
  return fail(ErrorCode::invalid_argument,
              fmt::format("--{} 0 would show nothing: `kipu count KEY` says how many values there "
                          "are",
                          name));
}

Result<std::optional<WallTime>> read_time(const Arguments& arguments, std::string_view name,
                                          WallTime now) {
  const auto text = arguments.get(name);
  if (!text) return std::optional<WallTime>();
  const auto time = of_option(name, parse_time(*text, now));
  if (!time) return fail(time.error());
  return std::optional<WallTime>(*time);
}

Status read_times(const Arguments& arguments, WallTime now, GetRequest& request) {
  const auto since = read_time(arguments, "since", now);
  if (!since) return fail(since.error());
  const auto until = read_time(arguments, "until", now);
  if (!until) return fail(until.error());
  const auto as_of = read_time(arguments, "as-of", now);
  if (!as_of) return fail(as_of.error());
  if (*until && *as_of) {
    return fail(ErrorCode::invalid_argument, "--until and --as-of exclude each other");
  }
  if (*since) request.read.since = StampTime::at(**since);
  if (*until) request.read.until = StampTime::at(**until);
  // As of a time is with what was written in that very millisecond.
  if (*as_of) request.read.until = StampTime::at(**as_of + std::chrono::milliseconds(1));
  return {};
}

Status read_cursor(const Arguments& arguments, GetRequest& request) {
  const auto text = arguments.get("cursor");
  if (!text) return {};
  request.cursor = Cursor::parse(*text);
  if (!request.cursor) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("--cursor: {} is no cursor: take what `get --limit` printed",
                            in_quotes(*text)));
  }
  // The cursor may lie within an entry, so reading starts at that entry's time, and what was seen
  // is passed over.
  const StampTime at = request.cursor->id.stamp.time;
  auto& since = request.read.since;
  auto& until = request.read.until;
  if (request.read.reverse) {
    until = std::min(until.value_or(StampTime::last()), at.plus(1));
  } else {
    since = std::max(since.value_or(StampTime()), at);
  }
  return {};
}

// The values wanted are a prefix of what is read: ask for no more than these.
void bound_first(std::uint64_t wanted, GetRequest& request) {
  if (!request.cursor) request.read.first = wanted;
  const std::uint64_t page = std::min<std::uint64_t>(wanted, limits::kMaxPageEntries - 2) + 2;
  request.read.page_entries = static_cast<std::uint32_t>(page);
}

Status read_bounds(const Arguments& arguments, GetRequest& request) {
  const auto first = read_amount(arguments, "first");
  if (!first) return fail(first.error());
  const auto last = read_amount(arguments, "last");
  if (!last) return fail(last.error());
  const auto limit = read_amount(arguments, "limit");
  if (!limit) return fail(limit.error());
  if (*first && *last) {
    return fail(ErrorCode::invalid_argument, "--first and --last exclude each other");
  }
  if (request.cursor && (*first || *last)) {
    return fail(ErrorCode::invalid_argument, "with --cursor, say how many with --limit");
  }
  request.limit = *limit;
  request.tell_more = limit->has_value();
  // --first are the oldest and --last the newest, whichever way they are shown; for the library,
  // first are those where reading starts.
  const auto& near = request.read.reverse ? *last : *first;
  const auto& far = request.read.reverse ? *first : *last;
  request.read.last = far;
  if (near) {
    bound_first(*near, request);
  } else if (*limit && !far) {
    bound_first(**limit == ~std::uint64_t{0} ? **limit : **limit + 1, request);
  }
  return {};
}

// `w2`, as `status` and `ring` show it, or `2`.
Status read_worker(const Arguments& arguments, GetRequest& request) {
  const auto text = arguments.get("from");
  if (!text) return {};
  const auto number = parse_number(text->starts_with('w') ? text->substr(1) : *text);
  if (!number || *number == 0 || *number > std::numeric_limits<std::uint32_t>::max()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("--from: {} is no worker: write w1, as `kipu status` shows it",
                            in_quotes(*text)));
  }
  if (arguments.has("level")) {
    return fail(ErrorCode::invalid_argument,
                "--from asks one worker, and --level several: leave out one of them");
  }
  request.read.from_worker = WorkerId{static_cast<std::uint32_t>(*number)};
  return {};
}

}  // namespace

bool GetRequest::seen(const Cursor& at) const {
  if (!cursor) return false;
  return read.reverse ? at >= *cursor : at <= *cursor;
}

Result<GetRequest> parse_get(const Arguments& arguments, WallTime now) {
  GetRequest request;
  request.read.reverse = arguments.has("reverse");
  request.history = arguments.has("history");
  request.read.history = request.history;
  request.stamps = arguments.has("stamps") || request.history;
  if (auto status = read_worker(arguments, request); !status) return fail(status.error());
  if (auto status = read_times(arguments, now, request); !status) return fail(status.error());
  if (auto status = read_cursor(arguments, request); !status) return fail(status.error());
  if (auto status = read_bounds(arguments, request); !status) return fail(status.error());
  return request;
}

}  // namespace kipu::cli

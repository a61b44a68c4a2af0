// get, count, exists, keys: what a key or a bucket holds.
#include <fmt/format.h>

#include "client/cli/get_request.h"
#include "client/cli/handlers.h"
#include "client/cli/progress.h"
#include "client/cli/results.h"
#include "client/cli/session.h"
#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

struct Shown {
  std::optional<Cursor> last;
  bool more = false;  // there is a value past the limit
};

// JSON says it by its values and the exit code.
Exit none_found(const Context& context, std::string_view key) {
  const Format format = context.out.style().format;
  if (format == Format::json || format == Format::jsonl) return Exit::not_found;
  note(context.out.style(), fmt::format("kipu: no values under {} in bucket '{}'", in_quotes(key),
                                        context.settings.bucket));
  return Exit::not_found;
}

Result<Shown> show_values(ItemRange& values, const GetRequest& request, Context& context,
                          List& list) {
  Shown shown;
  for (const auto& item : values) {
    if (!item) return fail(item.error());
    const Cursor at{item->id, item->index};
    if (request.seen(at)) continue;
    if (request.limit && list.rows() == *request.limit) {
      shown.more = true;
      break;
    }
    list.add(ValueRow{&*item, request.stamps, request.history});
    shown.last = at;
    if (!context.out.good()) break;
  }
  return shown;
}

void finish_values(const Shown& shown, const GetRequest& request, Context& context, List& list) {
  if (!shown.more || !shown.last || !request.tell_more) {
    list.finish();
    return;
  }
  const std::string cursor = shown.last->to_string();
  list.finish([&](JsonWriter& json) { json.member("next_cursor", cursor); });
  const Format format = context.out.style().format;
  if (format == Format::text || format == Format::raw) {
    note(context.out.style(), fmt::format("kipu: there is more; go on with --cursor {}", cursor));
  }
}

Status show_keys(KeyRange& keys, std::optional<std::uint64_t> limit, Context& context, List& list) {
  for (const auto& key : keys) {
    if (!key) return fail(key.error());
    if (limit && list.rows() == *limit) break;
    list.add(KeyRow{*key});
    if (!context.out.good()) break;
  }
  return {};
}

Result<std::uint64_t> count_keys(KeyRange& keys) {
  std::uint64_t count = 0;
  for (const auto& key : keys) {
    if (!key) return fail(key.error());
    ++count;
  }
  return count;
}

}  // namespace

Result<Exit> run_get(Context& context) {
  auto request = parse_get(context.arguments, wall_now());
  if (!request) return fail(request.error());
  if (auto status = check_read_level(context.settings); !status) return fail(status.error());
  static_cast<CallOptions&>(request->read) = read_options<CallOptions>(context);
  auto client = open_client(context, Purpose::read);
  if (!client) return fail(client.error());
  const std::string& key = context.operands()[0];
  ItemRange values = client->values(key, request->read);
  List list(context.out, "values");
  const auto shown = show_values(values, *request, context, list);
  if (!shown) return fail(shown.error());
  finish_values(*shown, *request, context, list);
  if (list.rows() > 0 || shown->more) return Exit::done;
  return none_found(context, key);
}

Result<Exit> run_count(Context& context) {
  if (auto status = check_read_level(context.settings); !status) return fail(status.error());
  auto client = open_client(context, Purpose::read);
  if (!client) return fail(client.error());
  ReadOptions options;
  context.settings.apply(options);
  Progress progress(context.out.style().quiet);
  const auto count = client->count(context.operands()[0], options, [&](const CountResult& so_far) {
    progress.update(so_far.entries, std::nullopt);
  });
  progress.clear();
  if (!count) return fail(count.error());
  show(context.out, KeyCount{context.operands()[0], *count});
  return Exit::done;
}

Result<Exit> run_exists(Context& context) {
  if (auto status = check_read_level(context.settings); !status) return fail(status.error());
  auto client = open_client(context, Purpose::read);
  if (!client) return fail(client.error());
  CallOptions options;
  context.settings.apply(options);
  const auto exists = client->exists(context.operands()[0], options);
  if (!exists) return fail(exists.error());
  show(context.out, KeyExistence{context.operands()[0], *exists});
  return *exists ? Exit::done : Exit::not_found;
}

Result<Exit> run_keys(Context& context) {
  if (auto status = check_read_level(context.settings); !status) return fail(status.error());
  std::optional<std::uint64_t> limit;
  if (const auto text = context.arguments.get("limit")) {
    const auto number = of_option("limit", parse_number(*text));
    if (!number) return fail(number.error());
    limit = *number;
  }
  auto options = read_options<KeysOptions>(context);
  if (!context.operands().empty()) options.prefix = context.operands()[0];
  auto client = open_client(context, Purpose::read);
  if (!client) return fail(client.error());
  KeyRange keys = client->keys(options);
  if (context.arguments.has("count")) {
    const auto count = count_keys(keys);
    if (!count) return fail(count.error());
    show(context.out, KeysTotal{options.prefix, *count});
    return Exit::done;
  }
  List list(context.out, "keys");
  if (auto status = show_keys(keys, limit, context, list); !status) return fail(status.error());
  list.finish();
  if (list.rows() == 0 && limit != 0U) note_bucket_meant(context, *client, options.prefix);
  return Exit::done;
}

}  // namespace kipu::cli

// export: every entry of a bucket.
#include <fmt/format.h>

#include "client/cli/handlers.h"
#include "client/cli/import_request.h"
#include "client/cli/json_record.h"
#include "client/cli/progress.h"
#include "client/cli/results.h"
#include "client/cli/session.h"
#include "client/cli/tsv.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

// One document, as -o json says on the command line; what the config file says is of other
// commands, for an export is read by `import`, and that takes lines.
bool is_document(const Context& context) {
  return context.arguments.get("output") == "json";
}

Result<RecordFormat> export_format(const Context& context) {
  if (is_document(context) && context.arguments.has("format")) {
    return fail(
        ErrorCode::invalid_argument,
        "export: -o json writes one document, and --format says which lines: leave out one");
  }
  return record_format(context.arguments, "");
}

void write_lines(Output& out, RecordFormat format, const Entry& entry) {
  std::string& buffer = out.buffer();
  const char terminator = out.style().terminator;
  if (format == RecordFormat::jsonl) {
    append_json_record(buffer, entry);
    buffer.back() = terminator;
  } else {
    for (const std::string_view value : entry.values) {
      append_tsv(buffer, entry.key, value);
      buffer.back() = terminator;
    }
  }
  out.written();
}

struct Totals {
  std::uint64_t entries = 0;
  std::uint64_t removals = 0;
};

// An export is easily taken for a backup.
void note_what_it_is(const Context& context, RecordFormat format, const Totals& totals) {
  std::string text =
      fmt::format("kipu: exported {} {} of one bucket, '{}'", format_number(totals.entries),
                  totals.entries == 1 ? "entry" : "entries", context.settings.bucket);
  if (format == RecordFormat::tsv && totals.removals > 0) {
    text +=
        fmt::format(", without {} {}, which tsv has no line for", format_number(totals.removals),
                    totals.removals == 1 ? "removal" : "removals");
  }
  note(context.out.style(),
       over_same_cluster(context, text + "; `kipu backup DIR` takes all buckets"));
}

Result<Totals> write_entries(Context& context, EntryRange& entries, RecordFormat format) {
  Output& out = context.out;
  Progress progress(out.style().quiet || out.style().terminal);
  List document(out, "entries");
  Totals totals;
  for (const auto& entry : entries) {
    if (!entry) return fail(entry.error());
    if (is_document(context)) {
      document.add(EntryRow{&*entry});
    } else {
      write_lines(out, format, *entry);
    }
    if (!out.good()) break;
    if (entry->kind == EntryKind::remove) ++totals.removals;
    if (++totals.entries % 1024 == 0) progress.update(totals.entries, std::nullopt);
  }
  if (is_document(context)) document.finish();
  return totals;
}

}  // namespace

Result<Exit> run_export(Context& context) {
  const auto format = export_format(context);
  if (!format) return fail(format.error());
  if (auto status = check_read_level(context.settings); !status) return fail(status.error());
  auto client = open_client(context, Purpose::read);
  if (!client) return fail(client.error());
  auto options = read_options<KeysOptions>(context);
  if (!context.operands().empty()) options.prefix = context.operands()[0];
  EntryRange entries = client->entries(options);
  const auto totals = write_entries(context, entries, *format);
  if (!totals) return fail(totals.error());
  if (!context.out.good()) return Exit::done;
  if (totals->entries == 0) note_bucket_meant(context, *client, options.prefix);
  note_what_it_is(context, *format, *totals);
  return Exit::done;
}

}  // namespace kipu::cli

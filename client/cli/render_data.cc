// Renderers of what data commands find.
#include <fmt/format.h>

#include "client/cli/json_record.h"
#include "client/cli/results.h"
#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {

void render_text(const ValueRow& row, const Style& style, std::string& out) {
  if (row.stamps) {
    const Stamp stamp = row.item->id.stamp;
    out += painted(style, Paint::dim,
                   fmt::format("{}  {}", format_time(stamp.time.wall()), stamp.to_string()));
    out += "  ";
  }
  if (row.kinds) out += fmt::format("{:<8}", kind_name(row.item->kind));
  append_printable(out, row.item->value);
  out += '\n';
}

void render_raw(const ValueRow& row, const Style& style, std::string& out) {
  if (row.stamps) {
    out += row.item->id.stamp.to_string();
    out += '\t';
  }
  if (row.kinds) {
    out += kind_name(row.item->kind);
    out += '\t';
  }
  out += row.item->value;
  out += style.terminator;
}

void render_json(const ValueRow& row, JsonWriter& json) {
  const Item& item = *row.item;
  if (item.kind != EntryKind::remove) json.bytes("value", item.value);
  if (row.kinds) json.member("kind", kind_name(item.kind));
  json.member("stamp", item.id.stamp.to_string());
  json.member("time", format_time(item.id.stamp.time.wall()));
  json.member("index", item.index);
}

void render_text(const EntryRow& row, const Style& /*style*/, std::string& out) {
  append_json_record(out, *row.entry);
}

void render_raw(const EntryRow& row, const Style& style, std::string& out) {
  render_text(row, style, out);
}

void render_json(const EntryRow& row, JsonWriter& json) {
  write_record(json, *row.entry);
}

void render_text(const KeyRow& row, const Style& /*style*/, std::string& out) {
  append_printable(out, row.key);
  out += '\n';
}

void render_raw(const KeyRow& row, const Style& style, std::string& out) {
  out += row.key;
  out += style.terminator;
}

void render_json(const KeyRow& row, JsonWriter& json) {
  json.bytes("key", row.key);
}

void render_text(const StampRow& row, const Style& style, std::string& out) {
  if (style.quiet) return;
  out += row.stamp.to_string();
  if (style.color) {
    out += painted(style, Paint::dim, fmt::format("  {}", format_time(row.stamp.time.wall())));
  }
  out += '\n';
}

void render_raw(const StampRow& row, const Style& style, std::string& out) {
  if (style.quiet) return;
  out += row.stamp.to_string();
  out += '\n';
}

void render_json(const StampRow& row, JsonWriter& json) {
  json.member("stamp", row.stamp.to_string());
  json.member("time", format_time(row.stamp.time.wall()));
}

void render_text(const KeyCount& result, const Style& /*style*/, std::string& out) {
  out += fmt::format("{}\n", result.count.values);
}

void render_raw(const KeyCount& result, const Style& style, std::string& out) {
  render_text(result, style, out);
}

void render_json(const KeyCount& result, JsonWriter& json) {
  json.bytes("key", result.key);
  json.member("values", result.count.values).member("entries", result.count.entries);
}

void render_text(const KeyExistence& result, const Style& style, std::string& out) {
  if (!style.quiet) out += result.exists ? "yes\n" : "no\n";
}

// The exit code says it all.
void render_raw(const KeyExistence& /*result*/, const Style& /*style*/, std::string& /*out*/) {}

void render_json(const KeyExistence& result, JsonWriter& json) {
  json.bytes("key", result.key).member("exists", result.exists);
}

void render_text(const KeysTotal& result, const Style& /*style*/, std::string& out) {
  out += fmt::format("{}\n", result.keys);
}

void render_raw(const KeysTotal& result, const Style& style, std::string& out) {
  render_text(result, style, out);
}

void render_json(const KeysTotal& result, JsonWriter& json) {
  json.bytes("prefix", result.prefix).member("keys", result.keys);
}

void render_text(const ImportSummary& result, const Style& style, std::string& out) {
  if (style.quiet) return;
  const double seconds = std::max(result.seconds, 1e-6);
  out += fmt::format("{} {} {}", result.interrupted ? "interrupted: stored" : "imported",
                     format_number(result.imported), result.imported == 1 ? "entry" : "entries");
  if (result.there > 0) out += fmt::format(", {} there already", format_number(result.there));
  if (result.untold > 0) {
    out += fmt::format(", {} imported or there already", format_number(result.untold));
  }
  if (result.there + result.untold > 0) out += ',';
  out += fmt::format(
      " in {:.1f} s ({} a second)", result.seconds,
      format_number(static_cast<std::uint64_t>(static_cast<double>(result.stored()) / seconds)));
  if (result.bad > 0) {
    out += fmt::format(", skipped {} bad {}", format_number(result.bad),
                       result.bad == 1 ? "line" : "lines");
  }
  out += '\n';
}

void render_raw(const ImportSummary& result, const Style& style, std::string& out) {
  render_text(result, style, out);
}

void render_json(const ImportSummary& result, JsonWriter& json) {
  json.member("acknowledged", result.stored()).member("lines", result.lines);
  json.member("skipped", result.bad).member("imported", result.imported);
  json.member("there_already", result.there).member("imported_or_there", result.untold);
  json.member("seconds", result.seconds);
  json.member("interrupted", result.interrupted).member("complete", !result.interrupted);
}

void render_text(const ErrorReport& result, const Style& style, std::string& out) {
  out += fmt::format("{} {}", painted(style, Paint::red, "kipu:"), result.error.message);
  if (result.lines != nullptr) out += "; " + result.lines->to_string();
  out += '\n';
}

void render_raw(const ErrorReport& result, const Style& style, std::string& out) {
  render_text(result, style, out);
}

void render_json(const ErrorReport& result, JsonWriter& json) {
  json.key("error").begin_object();
  json.member("code", error_name(result.error.code));
  json.key("message").text(is_utf8(result.error.message) ? result.error.message
                                                         : printable(result.error.message));
  json.member("exit", static_cast<int>(result.exit));
  if (result.lines != nullptr) render_json(LinesReport{result.lines}, json);
  json.end_object();
}

void render_text(const LinesReport& result, const Style& /*style*/, std::string& out) {
  out += fmt::format("kipu: {}\n", result.lines->to_string());
}

void render_raw(const LinesReport& result, const Style& style, std::string& out) {
  render_text(result, style, out);
}

void render_json(const LinesReport& result, JsonWriter& json) {
  json.key("lines").begin_object();
  result.lines->render(json);
  json.end_object();
}

}  // namespace kipu::cli

#include "client/cli/json_record.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/cli/json_writer.h"
#include "client/cli/text.h"

namespace kipu::cli {
namespace {

using nlohmann::json;

tl::unexpected<Error> malformed(std::string what) {
  return fail(ErrorCode::malformed, std::move(what));
}

const json* find(const json& record, std::string_view name) {
  const auto found = record.find(name);
  return found == record.end() ? nullptr : &*found;
}

Result<std::string> read_bytes(const json& field, bool base64, std::string_view name) {
  if (!field.is_string()) return malformed(fmt::format("\"{}\" is no string", name));
  const auto& text = field.get_ref<const std::string&>();
  if (!base64) return text;
  auto bytes = parse_base64(text);
  if (!bytes) return malformed(fmt::format("\"{}\" is no base 64", name));
  return *std::move(bytes);
}

// The member `name` or `name_b64`, if either is there.
Result<std::optional<std::string>> read_member(const json& record, std::string_view name) {
  const json* plain = find(record, name);
  const json* encoded = find(record, fmt::format("{}_b64", name));
  if (plain == nullptr && encoded == nullptr) return std::optional<std::string>();
  if (plain != nullptr && encoded != nullptr) {
    return malformed(fmt::format("both \"{0}\" and \"{0}_b64\"", name));
  }
  auto bytes = read_bytes(plain != nullptr ? *plain : *encoded, encoded != nullptr, name);
  if (!bytes) return fail(bytes.error());
  return std::optional<std::string>(*std::move(bytes));
}

Status read_array(const json& record, std::string_view name, bool base64, Values& into) {
  const json* array = find(record, name);
  if (array == nullptr) return {};
  if (!array->is_array()) return malformed(fmt::format("\"{}\" is no array", name));
  for (const json& element : *array) {
    const auto bytes = read_bytes(element, base64, name);
    if (!bytes) return fail(bytes.error());
    into.push_back(*bytes);
  }
  return {};
}

Result<Values> read_values(const json& record) {
  Values values;
  const auto single = read_member(record, "value");
  if (!single) return fail(single.error());
  if (*single) values.push_back(**single);
  if (auto status = read_array(record, "values", false, values); !status) {
    return fail(status.error());
  }
  if (auto status = read_array(record, "values_b64", true, values); !status) {
    return fail(status.error());
  }
  return values;
}

Result<std::optional<EntryKind>> read_kind(const json& record) {
  const json* kind = find(record, "kind");
  if (kind == nullptr) return std::optional<EntryKind>();
  for (const EntryKind known : {EntryKind::append, EntryKind::put, EntryKind::remove}) {
    if (kind->is_string() && kind->get_ref<const std::string&>() == kind_name(known)) {
      return std::optional<EntryKind>(known);
    }
  }
  return malformed("\"kind\" is none of \"append\", \"put\" and \"remove\"");
}

Result<std::optional<Stamp>> read_stamp(const json& record) {
  const json* stamp = find(record, "stamp");
  if (stamp == nullptr) return std::optional<Stamp>();
  const auto parsed =
      stamp->is_string() ? Stamp::parse(stamp->get_ref<const std::string&>()) : std::nullopt;
  if (!parsed) return malformed("\"stamp\" is not 32 hex digits");
  return parsed;
}

// An exported line proves itself: what was altered on the way is refused.
Status verify(const json& fields, const JsonRecord& record) {
  const json* bucket = find(fields, "bucket");
  const json* digest = find(fields, "digest");
  if (bucket == nullptr || digest == nullptr || !record.stamp) return {};
  if (!bucket->is_string() || !digest->is_string()) {
    return malformed("\"bucket\" or \"digest\" is no string");
  }
  const Entry entry = make_entry(bucket->get_ref<const std::string&>(), record.key, *record.stamp,
                                 record.kind.value_or(EntryKind::append), record.values);
  if (fmt::format("{:016x}", entry.digest.bits) == digest->get_ref<const std::string&>()) return {};
  return fail(ErrorCode::bad_digest, "the digest does not match the entry, which was altered");
}

Status check_values(const JsonRecord& record) {
  if (record.kind == EntryKind::remove) {
    if (record.values.empty()) return {};
    return malformed("a removal with a value");
  }
  if (record.values.empty()) return malformed("neither \"value\" nor \"values\"");
  if (record.kind == EntryKind::put && record.values.size() > 1) {
    return malformed("a put with several values");
  }
  return {};
}

Result<JsonRecord> read_record(const json& fields) {
  if (!fields.is_object()) return malformed("no JSON object");
  JsonRecord record;
  auto key = read_member(fields, "key");
  if (!key) return fail(key.error());
  if (!*key) return malformed("no \"key\"");
  if ((*key)->empty()) return malformed("the key is empty");
  record.key = **std::move(key);
  auto values = read_values(fields);
  if (!values) return fail(values.error());
  record.values = *std::move(values);
  const auto kind = read_kind(fields);
  if (!kind) return fail(kind.error());
  record.kind = *kind;
  const auto stamp = read_stamp(fields);
  if (!stamp) return fail(stamp.error());
  record.stamp = *stamp;
  if (auto status = check_values(record); !status) return fail(status.error());
  if (auto status = verify(fields, record); !status) return fail(status.error());
  return record;
}

}  // namespace

Result<JsonRecord> parse_json_record(std::string_view line) {
  const json fields = json::parse(line, nullptr, false);
  if (fields.is_discarded()) return malformed("no JSON");
  return read_record(fields);
}

void append_json_record(std::string& out, const Entry& entry) {
  JsonWriter json(out);
  json.begin_object().member("bucket", entry.bucket).bytes("key", entry.key);
  if (entry.values.size() == 1) {
    json.bytes("value", entry.values.front());
  } else if (!entry.values.empty()) {
    json.all_bytes("values", entry.values);
  }
  json.member("stamp", entry.stamp.to_string());
  json.member("kind", kind_name(entry.kind));
  json.member("digest", fmt::format("{:016x}", entry.digest.bits));
  json.end_object();
  out += '\n';
}

std::string_view kind_name(EntryKind kind) {
  switch (kind) {
    case EntryKind::append:
      return "append";
    case EntryKind::put:
      return "put";
    case EntryKind::remove:
      return "remove";
  }
  return "append";
}

}  // namespace kipu::cli

#include "client/cli/json_record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "client/cli/text.h"

namespace kipu::cli {
namespace {

using nlohmann::json;

tl::unexpected<Error> malformed(std::string what) {
  return fail(ErrorCode::malformed, std::move(what));
}

// A field as it stands in the line: a string, or an array of strings.
struct Field {
  std::string_view name;
  bool given = false;
  bool array = false;
  std::vector<std::string> texts = {};  // one, unless it is an array
};

struct Fields {
  Field bucket{"bucket"};
  Field key{"key"};
  Field key_b64{"key_b64"};
  Field value{"value"};
  Field value_b64{"value_b64"};
  Field values{"values"};
  Field values_b64{"values_b64"};
  Field stamp{"stamp"};
  Field kind{"kind"};
  Field digest{"digest"};

  std::array<Field*, 10> all() {
    return {&bucket, &key,        &key_b64, &value, &value_b64,
            &values, &values_b64, &stamp,   &kind,  &digest};
  }
};

std::string unknown_field(std::string_view name, Fields& fields) {
  std::vector<std::string> known;
  for (const Field* field : fields.all()) known.emplace_back(field->name);
  const auto near = nearest(name, known);
  return fmt::format("there is no field {}{}", in_quotes(name),
                     near ? fmt::format(": did you mean '{}'?", *near) : "");
}

// Why the library found no JSON, in its words, without the token that it stumbled over, which may
// be as long as the line.
std::string syntax_error(std::size_t position, std::string_view what) {
  what = what.substr(0, what.find("; last read"));
  const std::size_t dash = what.find(" - ");
  if (dash == std::string_view::npos) return fmt::format("no JSON, at byte {}", position);
  return fmt::format("no JSON, at byte {}: {}", position, what.substr(dash + 3));
}

// Reads an object of such fields. Not into a document first: that would keep the last of two fields
// of one name, and drop the other without a word.
class FieldReader final : public nlohmann::json_sax<json> {
 public:
  explicit FieldReader(Fields& fields) : fields_(fields) {}

  // Why it stopped.
  const std::string& error() const { return error_; }

  bool null() override { return refuse("null"); }
  bool boolean(bool value) override { return refuse(value ? "true" : "false"); }
  bool number_integer(number_integer_t /*value*/) override { return refuse("a number"); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return refuse("a number"); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
    return refuse("a number");
  }
  bool binary(binary_t& /*value*/) override { return refuse("binary"); }
  bool string(string_t& text) override {
    if (field_ == nullptr) return refuse("a string");
    field_->texts.push_back(std::move(text));
    return true;
  }
  bool start_object(std::size_t /*size*/) override {
    if (in_object_) return refuse("an object");
    in_object_ = true;
    return true;
  }
  bool key(string_t& name) override {
    const auto all = fields_.all();
    const auto* const found =
        std::ranges::find_if(all, [&](const Field* field) { return field->name == name; });
    if (found == all.end()) return stop(unknown_field(name, fields_));
    field_ = *found;
    if (field_->given) return stop(fmt::format("\"{}\" is given twice", name));
    field_->given = true;
    return true;
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t /*size*/) override {
    if (field_ == nullptr || in_array_) return refuse("an array");
    in_array_ = true;
    field_->array = true;
    return true;
  }
  bool end_array() override {
    in_array_ = false;
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const json::exception& error) override {
    return stop(syntax_error(position, error.what()));
  }

 private:
  bool stop(std::string error) {
    error_ = std::move(error);
    return false;
  }
  bool refuse(std::string_view what) {
    if (field_ == nullptr) return stop(fmt::format("no JSON object, but {}", what));
    return stop(
        fmt::format("\"{}\" {} {}, no string", field_->name, in_array_ ? "holds" : "is", what));
  }

  Fields& fields_;
  Field* field_ = nullptr;  // whose value comes, or is being read
  bool in_object_ = false;
  bool in_array_ = false;
  std::string error_;
};

Result<std::string> decoded(std::string text, const Field& field) {
  if (!field.name.ends_with("_b64")) return text;
  auto bytes = parse_base64(text);
  if (!bytes) return malformed(fmt::format("\"{}\" is no base 64", field.name));
  return *std::move(bytes);
}

// Which of the fields is given, if any: of those that say the same, only one may be.
Result<Field*> one_of(std::initializer_list<Field*> fields) {
  Field* given = nullptr;
  for (Field* field : fields) {
    if (!field->given) continue;
    if (given != nullptr) {
      return malformed(fmt::format("both \"{}\" and \"{}\"", given->name, field->name));
    }
    given = field;
  }
  return given;
}

Result<std::string> read_key(Fields& fields) {
  const auto given = one_of({&fields.key, &fields.key_b64});
  if (!given) return fail(given.error());
  if (*given == nullptr) return malformed("no \"key\"");
  auto key = decoded(std::move((*given)->texts.front()), **given);
  if (key && key->empty()) return malformed("the key is empty");
  return key;
}

Result<Values> read_values(Fields& fields) {
  Values values;
  const auto given = one_of({&fields.value, &fields.value_b64, &fields.values, &fields.values_b64});
  if (!given) return fail(given.error());
  if (*given == nullptr) return values;
  for (std::string& text : (*given)->texts) {
    const auto bytes = decoded(std::move(text), **given);
    if (!bytes) return fail(bytes.error());
    values.push_back(*bytes);
  }
  return values;
}

Result<std::optional<std::string>> read_bucket(const Field& bucket) {
  if (!bucket.given) return std::optional<std::string>();
  if (is_bucket_name(bucket.texts.front())) return std::optional(bucket.texts.front());
  return malformed(
      fmt::format("\"bucket\" is {}, which is no bucket name: 1 to 64 of A-Z a-z 0-9 "
                  ". _ -",
                  in_quotes(bucket.texts.front())));
}

Result<std::optional<EntryKind>> read_kind(const Field& kind) {
  if (!kind.given) return std::optional<EntryKind>();
  for (const EntryKind known : {EntryKind::append, EntryKind::put, EntryKind::remove}) {
    if (kind.texts.front() == kind_name(known)) return std::optional<EntryKind>(known);
  }
  return malformed("\"kind\" is none of \"append\", \"put\" and \"remove\"");
}

Result<std::optional<Stamp>> read_stamp(const Field& stamp) {
  if (!stamp.given) return std::optional<Stamp>();
  const auto parsed = Stamp::parse(stamp.texts.front());
  if (!parsed) return malformed("\"stamp\" is not 32 hex digits");
  return parsed;
}

Result<std::optional<Digest>> read_digest(const Field& digest) {
  if (!digest.given) return std::optional<Digest>();
  const std::string& text = digest.texts.front();
  Digest parsed;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, parsed.bits, 16);
  if (text.size() == 16 && read.ec == std::errc() && read.ptr == end) return std::optional(parsed);
  return malformed("\"digest\" is not 16 hex digits");
}

// `values` are arrays, and nothing else is.
Status check_shapes(Fields& fields) {
  for (const Field* field : fields.all()) {
    const bool wants_array = field == &fields.values || field == &fields.values_b64;
    if (!field->given || field->array == wants_array) continue;
    if (wants_array) return malformed(fmt::format("\"{}\" is no array", field->name));
    return malformed(fmt::format("\"{}\" is an array, no string", field->name));
  }
  return {};
}

Status check_whole(const JsonRecord& record) {
  if (record.digest && !record.stamp) {
    return malformed(
        "a \"digest\" without the \"stamp\" that it covers: leave out both, for a new "
        "entry");
  }
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

Result<JsonRecord> read_record(Fields& fields) {
  if (auto status = check_shapes(fields); !status) return fail(status.error());
  JsonRecord record;
  auto key = read_key(fields);
  if (!key) return fail(key.error());
  record.key = *std::move(key);
  auto values = read_values(fields);
  if (!values) return fail(values.error());
  record.values = *std::move(values);
  auto bucket = read_bucket(fields.bucket);
  if (!bucket) return fail(bucket.error());
  record.bucket = *std::move(bucket);
  const auto kind = read_kind(fields.kind);
  if (!kind) return fail(kind.error());
  record.kind = *kind;
  const auto stamp = read_stamp(fields.stamp);
  if (!stamp) return fail(stamp.error());
  record.stamp = *stamp;
  const auto digest = read_digest(fields.digest);
  if (!digest) return fail(digest.error());
  record.digest = *digest;
  if (auto status = check_whole(record); !status) return fail(status.error());
  return record;
}

}  // namespace

Result<JsonRecord> parse_json_record(std::string_view line) {
  // The library takes a NUL for the end of its input, and would pass over what follows.
  if (line.find('\0') != std::string_view::npos) {
    return malformed("a NUL byte, which JSON writes \\u0000");
  }
  Fields fields;
  FieldReader reader(fields);
  if (!json::sax_parse(line, &reader)) return malformed(reader.error());
  return read_record(fields);
}

Status check_digest(const JsonRecord& record, std::string_view bucket, EntryKind kind) {
  if (!record.digest) return {};
  const Entry entry =
      make_entry(std::string(bucket), record.key, *record.stamp, kind, record.values);
  if (entry.digest == *record.digest) return {};
  return fail(ErrorCode::bad_digest,
              fmt::format("the digest is not that of this entry in bucket '{}': something in the "
                          "line was altered",
                          bucket));
}

void append_json_record(std::string& out, const Entry& entry) {
  JsonWriter json(out);
  json.begin_object();
  write_record(json, entry);
  json.end_object();
  out += '\n';
}

void write_record(JsonWriter& json, const Entry& entry) {
  json.member("bucket", entry.bucket).bytes("key", entry.key);
  if (entry.values.size() == 1) {
    json.bytes("value", entry.values.front());
  } else if (!entry.values.empty()) {
    json.all_bytes("values", entry.values);
  }
  json.member("stamp", entry.stamp.to_string());
  json.member("kind", kind_name(entry.kind));
  json.member("digest", fmt::format("{:016x}", entry.digest.bits));
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

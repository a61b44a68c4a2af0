// Writes JSON as it is produced. A library builds a document in memory first; the results of `get`
// and `export` must never be in memory whole.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/values.h"

namespace kipu::cli {

// Appends to a string, whose beginning the owner may take out at any time. Calls nest as JSON does:
// within an object every value is preceded by key().
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(&out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  // REQUIRES: `text` is UTF-8, or comes from us; use bytes() for what users stored.
  JsonWriter& text(std::string_view text);
  JsonWriter& number(std::integral auto number) { return raw(std::to_string(number)); }
  JsonWriter& decimal(double number);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }

  // A member: `"name": "text"` where the bytes are UTF-8, else `"name_b64": "…"`.
  JsonWriter& bytes(std::string_view name, std::string_view value);
  // A member: `"name": […]` where all values are UTF-8, else `"name_b64": […]`.
  JsonWriter& all_bytes(std::string_view name, const Values& values);

  JsonWriter& member(std::string_view name, std::string_view value) {
    return key(name).text(value);
  }
  JsonWriter& member(std::string_view name, const char* value) { return key(name).text(value); }
  JsonWriter& member(std::string_view name, bool value) { return key(name).boolean(value); }
  JsonWriter& member(std::string_view name, double value) { return key(name).decimal(value); }
  JsonWriter& member(std::string_view name, std::integral auto value) {
    return key(name).number(value);
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& raw(std::string_view token);
  void separate();

  std::string* out_;
  bool first_ = true;       // nothing stands yet in the innermost object or array
  bool after_key_ = false;  // a key was written, its value was not
};

// `text` as a JSON string, with its quotes. REQUIRES: UTF-8.
void append_json_string(std::string& out, std::string_view text);

}  // namespace kipu::cli

#include "client/cli/json_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/cli/text.h"

namespace kipu::cli {

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(*out_, name);
  *out_ += ':';
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view text) {
  separate();
  append_json_string(*out_, text);
  return *this;
}

JsonWriter& JsonWriter::decimal(double number) {
  return raw(fmt::format("{:.6g}", number));
}

JsonWriter& JsonWriter::bytes(std::string_view name, std::string_view value) {
  if (is_utf8(value)) return key(name).text(value);
  key(fmt::format("{}_b64", name));
  separate();
  *out_ += '"';
  append_base64(*out_, value);
  *out_ += '"';
  return *this;
}

JsonWriter& JsonWriter::all_bytes(std::string_view name, const Values& values) {
  const bool as_text =
      std::all_of(values.begin(), values.end(), [](std::string_view v) { return is_utf8(v); });
  key(as_text ? std::string(name) : fmt::format("{}_b64", name));
  begin_array();
  for (const std::string_view value : values) {
    if (as_text) {
      text(value);
      continue;
    }
    std::string encoded;
    append_base64(encoded, value);
    text(encoded);
  }
  return end_array();
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  *out_ += bracket;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  *out_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view token) {
  separate();
  *out_ += token;
  return *this;
}

void JsonWriter::separate() {
  if (!after_key_ && !first_) *out_ += ',';
  after_key_ = false;
  first_ = false;
}

}  // namespace kipu::cli

// Standard output: buffered, in the format that was asked for. Whether it took everything is asked
// once, where the program ends (base/standard_streams.h).
//
// A command fills a result struct (results.h); for each there are three renderers, found by
// overload: render_text() for people, render_raw() for pipes, render_json() for programs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/cli/json_writer.h"

namespace kipu::cli {

enum class Format { text, raw, jsonl, json };

struct Style {
  Format format = Format::text;
  bool terminal = false;  // standard output is one
  bool color = false;
  bool quiet = false;      // only data and errors
  char terminator = '\n';  // after each value in raw; NUL with -0
};

class Output {
 public:
  // `stream` outlives it: std::cout, or std::cerr for errors.
  Output(std::ostream& stream, Style style) : stream_(stream), style_(style) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() { flush(); }

  const Style& style() const { return style_; }
  // Append to it, then call written().
  std::string& buffer() { return buffer_; }
  // Writes what is buffered if it is much, or the last writing was long ago.
  void written();
  void flush();
  void write(std::string_view text);
  // False once standard output took no more; later output is dropped.
  bool good() const { return stream_.good(); }

 private:
  std::ostream& stream_;
  Style style_;
  std::string buffer_;
  std::chrono::steady_clock::time_point flushed_{};
};

// A result that is one thing.
template <class T>
void show(Output& out, const T& result) {
  switch (out.style().format) {
    case Format::text:
      render_text(result, out.style(), out.buffer());
      break;
    case Format::raw:
      render_raw(result, out.style(), out.buffer());
      break;
    case Format::jsonl:
    case Format::json: {
      JsonWriter json(out.buffer());
      json.begin_object();
      render_json(result, json);
      json.end_object();
      out.buffer() += '\n';
      break;
    }
  }
  out.flush();
}

// A result that is a list of rows of any length: each is written as it comes, and none is kept.
// In JSON it is a document with one array, and what finish() adds beside it.
class List {
 public:
  // `name` is the array's, in JSON.
  List(Output& out, std::string_view name) : out_(out), name_(name), json_(out.buffer()) {}
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  // One that was not finished, because of an error, keeps its rows and lacks its end: no parser
  // takes it for the whole answer. Without a row there is nothing at all.
  ~List();

  template <class Row>
  void add(const Row& row) {
    begin();
    switch (out_.style().format) {
      case Format::text:
        render_text(row, out_.style(), out_.buffer());
        break;
      case Format::raw:
        render_raw(row, out_.style(), out_.buffer());
        break;
      case Format::jsonl: {
        JsonWriter line(out_.buffer());
        line.begin_object();
        render_json(row, line);
        line.end_object();
        out_.buffer() += '\n';
        break;
      }
      case Format::json:
        json_.begin_object();
        render_json(row, json_);
        json_.end_object();
        break;
    }
    // The first row is seen before the next page is asked for.
    if (++rows_ == 1) out_.flush();
    out_.written();
  }

  // Ends the list. `more` adds members beside the rows, in JSON; as a last line in JSON Lines.
  void finish(const std::function<void(JsonWriter&)>& more = nullptr);

  std::uint64_t rows() const { return rows_; }

 private:
  void begin();

  Output& out_;
  std::string name_;
  JsonWriter json_;
  bool begun_ = false;
  bool finished_ = false;
  std::uint64_t rows_ = 0;
};

// A table for people: columns as wide as their widest cell.
class Table {
 public:
  explicit Table(std::vector<std::string> header) { add(std::move(header)); }
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void render(const Style& style, std::string& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

enum class Paint { dim, bold, red, green, yellow };

// `text` in that colour, where colours are shown.
[[nodiscard]] std::string painted(const Style& style, Paint paint, std::string_view text);

}  // namespace kipu::cli

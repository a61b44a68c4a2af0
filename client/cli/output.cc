#include "client/cli/output.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/cli/text.h"

namespace kipu::cli {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} * 1024;
constexpr std::chrono::milliseconds kLongAgo(100);

}  // namespace

void Output::written() {
  if (buffer_.size() >= kBufferBytes || std::chrono::steady_clock::now() - flushed_ > kLongAgo) {
    flush();
  }
}

void Output::flush() {
  stream_ << buffer_ << std::flush;
  buffer_.clear();
  flushed_ = std::chrono::steady_clock::now();
}

void Output::write(std::string_view text) {
  buffer_ += text;
  written();
}

void List::begin() {
  if (begun_) return;
  begun_ = true;
  if (out_.style().format == Format::json) json_.begin_object().key(name_).begin_array();
}

List::~List() {
  if (!begun_ || finished_) return;
  if (out_.style().format == Format::json) out_.buffer() += '\n';
  out_.flush();
}

void List::finish(const std::function<void(JsonWriter&)>& more) {
  begin();
  finished_ = true;
  if (out_.style().format == Format::json) {
    json_.end_array();
    if (more) more(json_);
    json_.end_object();
    out_.buffer() += '\n';
  } else if (out_.style().format == Format::jsonl && more) {
    JsonWriter line(out_.buffer());
    line.begin_object();
    more(line);
    line.end_object();
    out_.buffer() += '\n';
  }
  out_.flush();
}

void Table::render(const Style& style, std::string& out) const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - columns(row[i]) + 2, ' ');
    }
    out += &row == &rows_.front() ? painted(style, Paint::dim, line) : line;
    out += '\n';
  }
}

std::string painted(const Style& style, Paint paint, std::string_view text) {
  if (!style.color) return std::string(text);
  std::string_view code;
  switch (paint) {
    case Paint::dim:
      code = "2";
      break;
    case Paint::bold:
      code = "1";
      break;
    case Paint::red:
      code = "31";
      break;
    case Paint::green:
      code = "32";
      break;
    case Paint::yellow:
      code = "33";
      break;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

}  // namespace kipu::cli

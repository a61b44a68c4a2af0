#include "client/cli/last_words.h"

#include <algorithm>
#include <fstream>
#include <string_view>
#include <system_error>

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMostRead = std::uintmax_t{64} * 1024;

// As bus/daemon/log.cc writes it: `2026-05-06T07:08:09.010Z level text`.
constexpr std::size_t kTimeBytes = 24;

std::string_view without(std::string_view line, std::string_view prefix) {
  return line.starts_with(prefix) ? line.substr(prefix.size()) : line;
}

// What a line says of an end; nothing if it says that all is well.
std::string_view words_of(std::string_view line) {
  if (line.size() > kTimeBytes && line[kTimeBytes - 1] == 'Z' && line[kTimeBytes] == ' ') {
    const std::string_view said = line.substr(kTimeBytes + 1);
    const std::string_view text = without(said, "error ");
    return text.size() == said.size() ? std::string_view() : text;
  }
  return without(without(line, "kipu-worker: "), "kipu-broker: ");
}

}  // namespace

std::uintmax_t log_position(const fs::path& log) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(log, error);
  return error ? 0 : size;
}

std::string last_words(const fs::path& log, std::uintmax_t from) {
  const std::uintmax_t size = log_position(log);
  if (size < from) from = 0;
  const std::uintmax_t begin = std::max(from, size > kMostRead ? size - kMostRead : 0);
  std::ifstream stream(log, std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(begin));
  std::string line;
  std::string last;
  std::uintmax_t read = 0;
  while (read < kMostRead && std::getline(stream, line)) {
    read += line.size() + 1;
    const std::string_view words = words_of(line);
    if (!words.empty()) last = words;
  }
  return last;
}

}  // namespace kipu::cli

#include "tests/process/replication/journal.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace kipu::test {
namespace {

Journal::Line parse(const std::string& text) {
  std::istringstream words(text);
  char outcome = 0;
  Journal::Line line;
  words >> outcome >> line.lane >> line.number >> line.at;
  const bool is_known = outcome == 'A' || outcome == 'U' || outcome == 'R';
  if (!words || !is_known) throw std::runtime_error("no line of a journal: " + text);
  line.outcome = static_cast<Journal::Outcome>(outcome);
  return line;
}

}  // namespace

Micros monotonic_micros() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::string key_of(const std::string& writer, std::uint32_t lane) {
  return writer + "/" + std::to_string(lane);
}

std::string value_of(const std::string& writer, std::uint32_t lane, std::uint64_t number) {
  constexpr std::size_t kBytes = 100;
  std::string value = key_of(writer, lane) + "/" + std::to_string(number) + "/";
  value.resize(std::max(kBytes, value.size()), '.');
  return value;
}

void Journal::read() {
  std::ifstream in(file_);
  in.seekg(static_cast<std::streamoff>(offset_));
  for (std::string text; std::getline(in, text) && !in.eof();) {
    offset_ += text.size() + 1;
    lines_.push_back(parse(text));
  }
}

std::size_t Journal::acknowledged_since(Micros at) const {
  return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [&](const Line& l) {
    return l.at > at && l.outcome == Outcome::acknowledged;
  }));
}

std::size_t Journal::errors_since(Micros at) const {
  return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [&](const Line& l) {
    return l.at > at && l.outcome != Outcome::acknowledged;
  }));
}

}  // namespace kipu::test

// What a writer (writer.cc) writes down of its appends, a line each as soon as its outcome is
// known, so that it is there even if the writer is killed the moment after:
//
//   A lane number time      acknowledged
//   U lane number time      of unknown outcome
//   R lane number time      refused, for good
//
// A lane is a key that has one append under way at a time, whose values are numbered from 0. Times
// are of the monotonic clock, in microseconds, which all processes share.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace kipu::test {

using Micros = std::int64_t;
[[nodiscard]] Micros monotonic_micros();

[[nodiscard]] std::string key_of(const std::string& writer, std::uint32_t lane);
[[nodiscard]] std::string value_of(const std::string& writer, std::uint32_t lane,
                                   std::uint64_t number);

class Journal {
 public:
  enum class Outcome : char { acknowledged = 'A', unknown = 'U', refused = 'R' };
  struct Line {
    Outcome outcome = Outcome::unknown;
    std::uint32_t lane = 0;
    std::uint64_t number = 0;
    Micros at = 0;
  };

  Journal(std::string writer, std::filesystem::path file)
      : writer_(std::move(writer)), file_(std::move(file)) {}

  const std::string& writer() const { return writer_; }
  // Takes what has been written since, whole lines only.
  void read();
  // All lines so far, in the order of their outcomes.
  const std::vector<Line>& lines() const { return lines_; }
  std::size_t acknowledged_since(Micros at) const;
  std::size_t errors_since(Micros at) const;

 private:
  const std::string writer_;
  const std::filesystem::path file_;
  std::uint64_t offset_ = 0;
  std::vector<Line> lines_;
};

}  // namespace kipu::test

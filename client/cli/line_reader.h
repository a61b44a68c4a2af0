// Reads a file or a pipe line by line, copying nothing but what straddles two reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/cli/alarm.h"

namespace kipu::cli {

class LineReader {
 public:
  // Lines end with `terminator`; the last may lack it. When a signal interrupts the wait for more,
  // `stop` says whether that is the end.
  LineReader(int descriptor, char terminator, bool (*stop)())
      : descriptor_(descriptor), terminator_(terminator), stop_(stop) {}
  // An alarm, which outlives it, ends the wait for more, and with it the input.
  LineReader(int descriptor, char terminator, const Alarm& alarm)
      : descriptor_(descriptor), terminator_(terminator), alarm_(&alarm) {}

  // The next line without its terminator, valid until the next call; nothing at the end.
  // `io_error` if reading fails, `too_large` if a line is longer than any entry can be.
  [[nodiscard]] Result<std::optional<std::string_view>> next();

  // Whether there is no more, rather than that the wait for it was ended.
  bool at_end() const { return ended_ && !stopped_; }
  std::uint64_t lines() const { return lines_; }  // returned so far
  std::uint64_t bytes() const { return bytes_; }  // of lines returned so far, with terminators

 private:
  [[nodiscard]] Status fill();
  bool must_stop() const;
  void wait_for_input() const;
  std::string_view take(std::size_t size, std::size_t terminator);

  int descriptor_;
  char terminator_;
  bool (*stop_)() = nullptr;
  const Alarm* alarm_ = nullptr;
  std::string buffer_;
  std::size_t begin_ = 0;    // of what is in the buffer and not yet returned
  std::size_t end_ = 0;      // of what was read
  std::size_t scanned_ = 0;  // bytes after begin_ known to hold no terminator
  std::uint64_t lines_ = 0;
  std::uint64_t bytes_ = 0;
  bool ended_ = false;
  bool stopped_ = false;
};

}  // namespace kipu::cli

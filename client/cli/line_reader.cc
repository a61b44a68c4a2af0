#include "client/cli/line_reader.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

namespace kipu::cli {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1024} * 1024;
// The largest pair, in base 64 or all escaped, with names and a stamp around it.
constexpr std::size_t kMaxLineBytes = std::size_t{8} * 1024 * 1024;

}  // namespace

Result<std::optional<std::string_view>> LineReader::next() {
  while (true) {
    const char* const from = buffer_.data() + begin_ + scanned_;
    const std::size_t left = end_ - begin_ - scanned_;
    const auto* found =
        left == 0 ? nullptr : static_cast<const char*>(std::memchr(from, terminator_, left));
    if (found != nullptr) {
      return take(static_cast<std::size_t>(found - buffer_.data()) - begin_, 1);
    }
    scanned_ = end_ - begin_;
    if (ended_) {
      if (scanned_ == 0) return std::optional<std::string_view>();
      return take(scanned_, 0);
    }
    if (scanned_ > kMaxLineBytes) {
      return fail(ErrorCode::too_large, fmt::format("line {} is longer than any entry can be: over "
                                                    "{} bytes",
                                                    lines_ + 1, kMaxLineBytes));
    }
    if (auto status = fill(); !status) return fail(status.error());
  }
}

std::string_view LineReader::take(std::size_t size, std::size_t terminator) {
  const std::string_view line(buffer_.data() + begin_, size);
  begin_ += size + terminator;
  scanned_ = 0;
  ++lines_;
  bytes_ += size + terminator;
  return line;
}

Status LineReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < end_ + kReadBytes) buffer_.resize(end_ + kReadBytes);
  wait_for_input();
  if (must_stop()) {
    ended_ = true;
    stopped_ = true;
    begin_ = end_;  // part of a line, perhaps
    scanned_ = 0;
    return {};
  }
  const ssize_t got = ::read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
  if (got < 0 && errno == EINTR) return {};
  if (got < 0) {
    return fail(ErrorCode::io_error,
                fmt::format("the input cannot be read: {}", std::strerror(errno)));
  }
  ended_ = got == 0;
  end_ += static_cast<std::size_t>(got);
  return {};
}

bool LineReader::must_stop() const {
  return (stop_ != nullptr && stop_()) || (alarm_ != nullptr && alarm_->rung());
}

// Returns too where read() will say what is wrong.
void LineReader::wait_for_input() const {
  if (alarm_ == nullptr) return;
  std::array<pollfd, 2> either{{{descriptor_, POLLIN, 0}, {alarm_->descriptor(), POLLIN, 0}}};
  while (!alarm_->rung() && ::poll(either.data(), either.size(), -1) < 0 && errno == EINTR) {
  }
}

}  // namespace kipu::cli

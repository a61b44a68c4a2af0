#include "base/standard_streams.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <streambuf>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

namespace kipu {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} * 1024;

// Writes all of `bytes`. Returns 0, or the number of the error.
int write_fully(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t taken = ::write(descriptor, bytes.data(), bytes.size());
    if (taken > 0) bytes.remove_prefix(static_cast<std::size_t>(taken));
    if (taken >= 0 || errno == EINTR) continue;
    if (errno != EAGAIN) return errno;
    // Whoever shares it has asked that it does not block, and its reader is slow.
    pollfd room{descriptor, POLLOUT, 0};
    ::poll(&room, 1, -1);
  }
  return 0;
}

// What is written to a stream, on its way to a descriptor. After the first error it takes no more.
class DescriptorBuffer final : public std::streambuf {
 public:
  // Without a buffer each piece is written at once; then any number of threads may write.
  DescriptorBuffer(int descriptor, std::size_t buffer_bytes)
      : descriptor_(descriptor), lines_(::isatty(descriptor) == 1), buffer_(buffer_bytes) {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }

  // The number of the first error, or 0.
  int failure() const { return failure_; }

 protected:
  int sync() override {
    if (pptr() == pbase()) return failure_ == 0 ? 0 : -1;
    const bool taken = pass({pbase(), static_cast<std::size_t>(pptr() - pbase())});
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return taken ? 0 : -1;
  }

  std::streamsize xsputn(const char* text, std::streamsize size) override {
    const std::string_view bytes(text, static_cast<std::size_t>(size));
    if (size > epptr() - pptr() && sync() != 0) return 0;
    if (size > epptr() - pptr()) return pass(bytes) ? size : 0;
    bytes.copy(pptr(), bytes.size());
    pbump(static_cast<int>(size));
    const bool shown = lines_ && bytes.find('\n') != std::string_view::npos;
    return shown && sync() != 0 ? 0 : size;
  }

  int_type overflow(int_type character) override {
    if (traits_type::eq_int_type(character, traits_type::eof())) return sync();
    const char one = traits_type::to_char_type(character);
    return xsputn(&one, 1) == 1 ? character : traits_type::eof();
  }

 private:
  bool pass(std::string_view bytes) {
    if (failure_ != 0) return false;
    const int failure = write_fully(descriptor_, bytes);
    if (failure != 0) failure_ = failure;
    return failure == 0;
  }

  const int descriptor_;
  const bool lines_;
  std::vector<char> buffer_;
  std::atomic<int> failure_ = 0;
};

// std::cout and std::cerr over DescriptorBuffers, as long as it lives.
class StandardStreams {
 public:
  StandardStreams() : cout_(std::cout.rdbuf(&output_)), cerr_(std::cerr.rdbuf(&errors_)) {}
  StandardStreams(const StandardStreams&) = delete;
  StandardStreams& operator=(const StandardStreams&) = delete;
  ~StandardStreams() {
    std::cout.rdbuf(cout_);
    std::cerr.rdbuf(cerr_);
  }

  // The number of the first error that standard output met, or 0. What was written by way of the
  // C library counts, too.
  int finish() {
    std::cout.flush();
    if (output_.failure() != 0) return output_.failure();
    errno = 0;
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
    return errno != 0 ? errno : EIO;
  }

 private:
  DescriptorBuffer output_{STDOUT_FILENO, kBufferBytes};
  DescriptorBuffer errors_{STDERR_FILENO, 0};
  std::streambuf* const cout_;
  std::streambuf* const cerr_;
};

Error not_taken(int number) {
  return {ErrorCode::io_error,
          fmt::format("standard output took no more ({}): write it where there is room; what was "
                      "stored stays stored",
                      std::generic_category().message(number))};
}

}  // namespace

Status open_standard_descriptors() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    const int opened = ::open("/dev/null", O_WRONLY);  // the lowest number that is free
    if (opened < 0) {
      return fail(ErrorCode::io_error,
                  fmt::format("descriptor {} is closed, and /dev/null cannot be opened in its "
                              "place: {}",
                              number, std::generic_category().message(errno)));
    }
    if (opened > STDERR_FILENO) ::close(opened);  // another thread was faster
  }
  return {};
}

int run_main(const std::function<int()>& body, const std::function<int(const Error&)>& report) {
  if (auto opened = open_standard_descriptors(); !opened) return report(opened.error());
  std::signal(SIGXFSZ, SIG_IGN);
  StandardStreams streams;
  const int exit = body();
  const int failure = streams.finish();
  if (failure == 0) return exit;
  const bool is_reader_gone = failure == EPIPE || failure == ECONNRESET;
  const int code = is_reader_gone ? kClosedPipeExit : report(not_taken(failure));
  return exit != 0 ? exit : code;
}

}  // namespace kipu

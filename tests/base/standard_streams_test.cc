// Each program is a child of this one, whose standard streams are what the test gives it.
#include "base/standard_streams.h"

#include <array>
#include <cstdio>
#include <functional>
#include <iostream>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kipu {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr int kReported = 5;

// A pipe, of which the test and its child each use one end.
struct Pipe {
  Pipe() { open(); }
  ~Pipe() { close(); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void open() {
    close();
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  }
  void close() {
    close_end(0);
    close_end(1);
  }
  void close_end(std::size_t end) {
    if (ends.at(end) >= 0) ::close(ends.at(end));
    ends.at(end) = -1;
  }
  std::array<int, 2> ends{-1, -1};
};

std::string read_to_end(int descriptor) {
  std::string all;
  std::array<char, 1000> block{};
  for (ssize_t got = 1; got > 0;) {
    got = ::read(descriptor, block.data(), block.size());
    if (got > 0) all.append(block.data(), static_cast<std::size_t>(got));
  }
  return all;
}

class StandardStreamsTest : public testing::Test {
 protected:
  // Starts a program that does `prepare` to its descriptors, then `body`. Its errors go to the
  // test.
  void start(const std::function<void()>& prepare, const std::function<int()>& body) {
    std::fflush(nullptr);  // else the child writes it, too
    pid_ = ::fork();
    ASSERT_GE(pid_, 0);
    if (pid_ > 0) return errors_.close_end(1);
    ::dup2(errors_.ends[1], STDERR_FILENO);
    ::alarm(60);  // whatever happens, it ends
    prepare();
    const int code = run_main(body, [](const Error& error) {
      std::cerr << error.message << '\n';
      return kReported;
    });
    ::_exit(code);
  }
  void start_with_output(int descriptor, const std::function<int()>& body) {
    start([=] { ::dup2(descriptor, STDOUT_FILENO); }, body);
  }
  void start_with_full_disk(const std::function<int()>& body) {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    start_with_output(full, body);
    ::close(full);
  }

  // Its exit code, or -1 and a signal.
  int ended() {
    errors_text_ = read_to_end(errors_.ends[0]);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    signal_ = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  pid_t pid_ = -1;
  Pipe errors_;
  std::string errors_text_;
  int signal_ = 0;
};

TEST_F(StandardStreamsTest, EndsAsItsBodyWhereAllIsTaken) {
  Pipe out;
  start_with_output(out.ends[1], [] {
    std::cout << "some" << ' ' << 1 << std::string(100'000, 'x');
    return 7;
  });
  out.close_end(1);
  EXPECT_EQ(read_to_end(out.ends[0]), "some 1" + std::string(100'000, 'x'));
  EXPECT_EQ(ended(), 7);
  EXPECT_EQ(errors_text_, "");
}

TEST_F(StandardStreamsTest, SaysThatAFullDiskTookNoMore) {
  start_with_full_disk([] {
    std::cout << "text";
    return 0;
  });
  EXPECT_EQ(ended(), kReported);
  EXPECT_THAT(errors_text_, StartsWith("standard output took no more (No space left on device): "));
  EXPECT_EQ(errors_text_.find('\n'), errors_text_.size() - 1);
}

TEST_F(StandardStreamsTest, CountsWhatTheCLibraryWrites) {
  start_with_full_disk([] {
    std::puts("text");
    return 0;
  });
  EXPECT_EQ(ended(), kReported);
  EXPECT_THAT(errors_text_, HasSubstr("No space left"));
}

TEST_F(StandardStreamsTest, KeepsTheExitCodeOfAnErrorBefore) {
  start_with_full_disk([] {
    std::cout << "text" << std::flush;
    return std::cout ? 0 : 6;
  });
  EXPECT_EQ(ended(), 6);
  EXPECT_THAT(errors_text_, HasSubstr("took no more"));
}

TEST_F(StandardStreamsTest, MindsNoFullDiskThatItWritesNothingTo) {
  start_with_full_disk([] { return 0; });
  EXPECT_EQ(ended(), 0);
  EXPECT_EQ(errors_text_, "");
}

TEST_F(StandardStreamsTest, EndsQuietlyWhereTheReaderIsGone) {
  for (const bool ignored : {false, true}) {
    errors_.open();
    Pipe out;
    out.close_end(0);
    const auto prepare = [&] {
      ::signal(SIGPIPE, ignored ? SIG_IGN : SIG_DFL);
      ::dup2(out.ends[1], STDOUT_FILENO);
    };
    start(prepare, [] {
      std::cout << "text";
      return 0;
    });
    EXPECT_EQ(ended(), ignored ? kClosedPipeExit : -1);
    EXPECT_EQ(signal_, ignored ? 0 : SIGPIPE);
    EXPECT_EQ(errors_text_, "");
  }
}

TEST_F(StandardStreamsTest, WaitsForASlowReaderOfWhatDoesNotBlock) {
  const std::string text(300'000, 'x');
  Pipe out;
  ASSERT_EQ(::fcntl(out.ends[1], F_SETFL, O_NONBLOCK), 0);
  start_with_output(out.ends[1], [&] {
    std::cout << text;
    return 0;
  });
  pollfd full{out.ends[1], POLLOUT, 0};
  constexpr int kPatienceMilliseconds = 30'000;
  for (int time = 0; ::poll(&full, 1, 0) != 0 && time < kPatienceMilliseconds; ++time) {
    ::poll(nullptr, 0, 1);
  }
  out.close_end(1);
  EXPECT_EQ(read_to_end(out.ends[0]), text);
  EXPECT_EQ(ended(), 0);
}

TEST_F(StandardStreamsTest, WaitsForASlowReaderOfItsErrors) {
  ASSERT_EQ(::fcntl(errors_.ends[1], F_SETFL, O_NONBLOCK), 0);
  ASSERT_GT(::fcntl(errors_.ends[1], F_SETPIPE_SZ, 4096), 0);
  start([] {},
        [] {
          for (int line = 0; line < 2'000; ++line) std::cerr << "one line\n";
          return 0;
        });
  EXPECT_EQ(ended(), 0);
  EXPECT_EQ(errors_text_.size(), 2'000 * std::string_view("one line\n").size());
}

TEST_F(StandardStreamsTest, TakesAFileThatMayGrowNoFurtherForAFullDisk) {
  std::array<char, 32> name{"/tmp/kipu-test-XXXXXX"};
  const int file = ::mkstemp(name.data());
  ASSERT_GE(file, 0);
  ::unlink(name.data());
  const auto prepare = [=] {
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::dup2(file, STDOUT_FILENO);
  };
  start(prepare, [] {
    std::cout << std::string(2000, 'x');
    return 0;
  });
  ::close(file);
  EXPECT_EQ(ended(), kReported);
  EXPECT_THAT(errors_text_, HasSubstr("File too large"));
}

// The numbers of what a program opens begin at `expected`.
void expect_next_descriptor(int expected) {
  const int opened = ::open("/", O_RDONLY | O_CLOEXEC);
  if (opened != expected) ::_exit(opened + 100);
  ::close(opened);
}

TEST_F(StandardStreamsTest, OpensWhatIsClosed) {
  for (unsigned closed = 0; closed < 8; ++closed) {
    errors_.open();
    const auto prepare = [=] {
      ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
      for (int number = 3; number < 64; ++number) ::close(number);
      for (int number = 0; number < 3; ++number) {
        if ((closed >> static_cast<unsigned>(number) & 1U) != 0) ::close(number);
      }
    };
    start(prepare, [=] {
      expect_next_descriptor(3);
      std::cout << "for standard output" << std::flush;
      std::cerr << "for standard error";
      char byte = 0;
      // No input is no empty input.
      if ((closed & 1U) != 0 && ::read(STDIN_FILENO, &byte, 1) == 0) return 1;
      return 0;
    });
    EXPECT_EQ(ended(), 0) << closed << ": " << errors_text_;
  }
}

}  // namespace
}  // namespace kipu

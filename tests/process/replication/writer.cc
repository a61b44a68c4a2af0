// kipu_test_writer BROKER NAME LANES JOURNAL: appends without end, on so many lanes, each with one
// append under way; writes down the outcomes (journal.h). SIGTERM: finishes what is under way.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "kipu/client.h"
#include "tests/process/replication/journal.h"

namespace kipu::test {
namespace {

class Writer {
 public:
  Writer(Client& client, std::string name, int journal)
      : client_(client), name_(std::move(name)), journal_(journal) {}

  // What follows is done by the client's thread, in callbacks.
  void append(std::uint32_t lane, std::uint64_t number) {
    client_.append_async(key_of(name_, lane), Values{value_of(name_, lane, number)}, {},
                         [this, lane, number](const Result<Stamp>& result, auto) {
                           note(lane, number, result);
                           if (!stopping_) append(lane, number + 1);
                         });
  }
  void stop() { stopping_ = true; }

 private:
  void note(std::uint32_t lane, std::uint64_t number, const Result<Stamp>& result) {
    char outcome = 'A';
    if (!result) outcome = result.error().code == ErrorCode::outcome_unknown ? 'U' : 'R';
    if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str());
    const std::string line = std::string(1, outcome) + " " + std::to_string(lane) + " " +
                             std::to_string(number) + " " + std::to_string(monotonic_micros()) +
                             "\n";
    // In one piece, so that a killed writer leaves no half of a line before another's.
    if (::write(journal_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) abort();
  }

  Client& client_;
  const std::string name_;
  const int journal_;
  std::atomic<bool> stopping_ = false;
};

int run(const std::string& broker, const std::string& name, std::uint32_t lanes,
        const char* journal) {
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigprocmask(SIG_BLOCK, &stops, nullptr);
  const int file = ::open(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return 1;
  ClientOptions options;
  options.brokers = {broker};
  auto client = Client::connect(options);
  while (!client && client.error().code == ErrorCode::unavailable) {
    client = Client::connect(options);  // the broker may just have been killed
  }
  if (!client) {
    std::fprintf(stderr, "%s\n", client.error().message.c_str());
    return 1;
  }
  Writer writer(*client, name, file);
  for (std::uint32_t lane = 0; lane < lanes; ++lane) writer.append(lane, 0);
  std::puts("writer ready now");
  std::fflush(stdout);
  int signal = 0;
  sigwait(&stops, &signal);
  writer.stop();
  client->flush();
  return 0;
}

}  // namespace
}  // namespace kipu::test

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  return kipu::test::run(argv[1], argv[2], static_cast<std::uint32_t>(std::stoul(argv[3])),
                         argv[4]);
}

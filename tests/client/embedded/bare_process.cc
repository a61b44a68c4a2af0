// A program that links the library and leaves it few file descriptors, or none of the standard
// ones.
//
//   kipu-test-bare connect ENDPOINT LEFT     with so many descriptors left
//   kipu-test-bare open DIR LEFT
//   kipu-test-bare closed DIR                with 0, 1 and 2 closed, to which it writes
//
// Exits 0 if the call succeeded, 1 if it ended with an error that names `ulimit -n`, else 2.
#include <cstdlib>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kipu/client.h"
#include "kipu/embedded.h"

namespace {

constexpr int kRefused = 1;
constexpr int kWrong = 2;

void leave(rlim_t descriptors) {
  const int next = ::open("/dev/null", O_RDONLY);
  ::close(next);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = static_cast<rlim_t>(next) + descriptors;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

kipu::ClientOptions soon() {
  kipu::ClientOptions options;
  options.timeout = std::chrono::milliseconds(200);
  return options;
}

kipu::Result<kipu::Client> client_of(std::string_view how, const std::string& where) {
  if (how == "connect") {
    auto options = soon();
    options.brokers = {where};
    return kipu::Client::connect(options);
  }
  return kipu::open_embedded(where);
}

int result_of(const kipu::Result<kipu::Client>& client) {
  if (client) return 0;
  return client.error().message.find("ulimit -n") != std::string::npos ? kRefused : kWrong;
}

int with_closed(const std::string& directory) {
  for (const int number : {0, 1, 2}) ::close(number);
  auto client = kipu::open_embedded(directory);
  if (!client) return kRefused;
  constexpr std::string_view kText = "text for nobody";
  for (const int number : {1, 2}) {
    if (::write(number, kText.data(), kText.size()) < 0) return kWrong;
  }
  return client->append("key", "value") && client->count("key")->values == 1 ? 0 : kWrong;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return kWrong;
  const std::string_view how = argv[1];
  if (how == "closed") return with_closed(argv[2]);
  if (argc < 4) return kWrong;
  constexpr int kDecimal = 10;
  leave(std::strtoul(argv[3], nullptr, kDecimal));
  return result_of(client_of(how, argv[2]));
}

#include "tests/support/daemons.h"

#include <stdexcept>

namespace kipu::test {
namespace {

constexpr const char* kHeartbeat = "100ms";

}  // namespace

StartedBroker start_broker(const std::filesystem::path& data, const BrokerPlace& place,
                           const std::vector<std::string>& more) {
  std::vector<std::string> words{program("kipu-broker"), "--data",    data.string(),
                                 "--heartbeat",          kHeartbeat,  "--frontend",
                                 place.frontend,         "--backend", place.backend};
  words.insert(words.end(), more.begin(), more.end());
  StartedBroker started;
  started.process = std::make_unique<Process>(words);
  const auto ready = started.process->wait_for_line("kipu-broker ready");
  if (!ready) throw std::runtime_error(started.process->errors());
  started.place = {field_of(*ready, "frontend"), field_of(*ready, "backend")};
  return started;
}

std::unique_ptr<Process> start_worker(const std::filesystem::path& data,
                                      const std::string& backend) {
  if (!std::filesystem::exists(data)) {
    const Finished made = run({program("kipu-worker"), "init", "--data", data.string()});
    if (made.ended != Ended{0, 0}) throw std::runtime_error(made.errors);
  }
  auto started = std::make_unique<Process>(
      std::vector<std::string>{program("kipu-worker"), "--data", data.string(), "--broker", backend,
                               "--heartbeat", kHeartbeat});
  if (!started->wait_for_line("kipu-worker ready")) throw std::runtime_error(started->errors());
  return started;
}

}  // namespace kipu::test

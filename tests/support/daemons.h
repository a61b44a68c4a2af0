// The daemons of a cluster, started one by one, with beats so quick that tests need not wait long.
//
// Thread rule: the main thread (see tests/support/process.h).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace kipu::test {

// Where a broker listens: ports that are free, unless a test says otherwise.
struct BrokerPlace {
  std::string frontend = "tcp://127.0.0.1:0";
  std::string backend = "tcp://127.0.0.1:0";
};

struct StartedBroker {
  std::unique_ptr<Process> process;
  BrokerPlace place;
};

// Starts a broker over a directory that init has made, and waits until it is ready. `more`: words
// of its command line. Throws std::runtime_error, with what it says, if it is not.
[[nodiscard]] StartedBroker start_broker(const std::filesystem::path& data,
                                         const BrokerPlace& place = {},
                                         const std::vector<std::string>& more = {});

// The same of a worker; where there is no store yet, one is made.
[[nodiscard]] std::unique_ptr<Process> start_worker(const std::filesystem::path& data,
                                                    const std::string& backend);

}  // namespace kipu::test

// Where a graph is: a cluster or a directory, and the graph's name there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kipu/client.h"

namespace callgraph {

struct GraphPlace {
  std::vector<std::string> brokers = {"tcp://127.0.0.1:7400"};
  std::optional<std::string> directory;  // no server: the store in it; then `brokers` is not used
  std::string graph = "main";
  std::optional<kipu::Duration> patience;  // to reach a broker; none: the client's own
};

// Reaches it. Errors of Client::connect and open_embedded, with what to do about them.
[[nodiscard]] kipu::Result<kipu::Client> connect(const GraphPlace& place);

}  // namespace callgraph

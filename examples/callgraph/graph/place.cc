#include "examples/callgraph/graph/place.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kipu/embedded.h"

namespace callgraph {
namespace {

kipu::Result<kipu::Client> reached(kipu::Result<kipu::Client> client, const GraphPlace& place) {
  if (client || client.error().code != kipu::ErrorCode::unavailable) return client;
  return kipu::fail(
      client.error().code,
      fmt::format("{}; start a cluster with `kipu up`, name its broker with --broker "
                  "or KIPU_BROKER (asked: {}), or use a directory with --embedded DIR",
                  client.error().message, fmt::join(place.brokers, ", ")));
}

}  // namespace

kipu::Result<kipu::Client> connect(const GraphPlace& place) {
  if (place.directory) return kipu::open_embedded(*place.directory);
  kipu::ClientOptions options;
  options.brokers = place.brokers;
  options.connect_timeout = place.patience;
  return reached(kipu::Client::connect(options), place);
}

}  // namespace callgraph

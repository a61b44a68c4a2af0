#include "examples/callgraph/graph/place.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kipu/embedded.h"

namespace callgraph {
namespace {

// A broker that runs says at once what it waits for.
constexpr kipu::Duration kStatusTimeout = std::chrono::seconds(1);

kipu::Result<kipu::Client> reached(kipu::Result<kipu::Client> client, kipu::ClientOptions options,
                                   const GraphPlace& place) {
  if (client || client.error().code != kipu::ErrorCode::unavailable) return client;
  options.connect_timeout = kStatusTimeout;
  const auto status = kipu::Client::ask_status(options);
  if (status && !status->waiting_for.empty()) {
    return kipu::fail(client.error().code,
                      fmt::format("the cluster is not ready yet: it waits for {}; see `kipu "
                                  "status`",
                                  status->waiting_for));
  }
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
  return reached(kipu::Client::connect(options), options, place);
}

}  // namespace callgraph

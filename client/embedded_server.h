// A broker and a worker on threads of this process: the cluster behind an embedded client.
//
// Thread rule: start() and the destructor by any one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "base/limits.h"
#include "base/log.h"
#include "base/result.h"
#include "broker/runtime.h"
#include "bus/bus.h"
#include "storage/store.h"
#include "worker/runtime.h"

namespace kipu::client {

class EmbeddedServer {
 public:
  struct Options {
    std::uint32_t partitions = limits::kDefaultPartitions;  // of a store that has no map yet
    LogSink log;
  };

  // Serves `store` over `bus`, which outlives the server, as a cluster of one worker: the one that
  // the store belongs to, or a new one. Does not wait for the map to be in force.
  [[nodiscard]] static Result<std::unique_ptr<EmbeddedServer>> start(
      bus::Bus& bus, std::unique_ptr<storage::Store> store, const Options& options);

  // Finishes what is in flight, then closes the store.
  ~EmbeddedServer();
  EmbeddedServer(const EmbeddedServer&) = delete;
  EmbeddedServer& operator=(const EmbeddedServer&) = delete;

  // Where clients connect.
  const std::string& endpoint() const { return broker_->frontend(); }

 private:
  EmbeddedServer(std::unique_ptr<storage::Store> store, std::unique_ptr<broker::Runtime> broker,
                 std::unique_ptr<worker::Runtime> worker, LogSink log);

  const LogSink log_;
  const std::unique_ptr<storage::Store> store_;
  const std::unique_ptr<broker::Runtime> broker_;
  const std::unique_ptr<worker::Runtime> worker_;
  std::thread broker_thread_;
  std::thread worker_thread_;
};

}  // namespace kipu::client

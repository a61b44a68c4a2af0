// A broker and workers on threads of their own, over the in-process bus and stores in memory.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "broker/runtime.h"
#include "bus/process_bus.h"
#include "tests/runtime/stores.h"
#include "worker/runtime.h"

namespace kipu::test {

// A runtime on its thread.
template <class Runtime>
class Running {
 public:
  explicit Running(std::unique_ptr<Runtime> runtime)
      : runtime_(std::move(runtime)), thread_([this] { status_ = runtime_->run(); }) {}
  ~Running() { stop(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // How it ended.
  Status stop() {
    if (thread_.joinable()) {
      runtime_->stop();
      thread_.join();
    }
    return status_;
  }
  Runtime& operator*() { return *runtime_; }
  Runtime* operator->() { return runtime_.get(); }

 private:
  const std::unique_ptr<Runtime> runtime_;
  Status status_;
  std::thread thread_;
};

using Broker = Running<broker::Runtime>;
using Worker = Running<worker::Runtime>;

class RuntimesTest : public testing::Test {
 protected:
  RuntimesTest(std::uint32_t workers, std::uint32_t replicas)
      : workers_wanted_(workers), replicas_(replicas) {}

  void SetUp() override {
    start_broker();
    for (std::uint64_t seed = 0; seed < workers_wanted_; ++seed) {
      stores_.push_back(std::make_unique<GatedStore>(seed));
      workers_.push_back(start_worker(*stores_.back()));
    }
  }
  void start_broker() {
    broker::RuntimeOptions options;
    options.config.cluster = ClusterId{Uuid{1, 2}};
    options.config.workers = workers_wanted_;
    options.config.replicas = replicas_;
    options.config.partitions = 16;
    options.frontend = "frontend";
    options.backend = "backend";
    auto made = broker::Runtime::create(*bus_, options, Rng::from_system(), {});
    ASSERT_TRUE(made) << made.error().message;
    broker_ = std::make_unique<Broker>(std::move(*made));
  }
  std::unique_ptr<Worker> start_worker(storage::Store& store) {
    worker::RuntimeOptions options;
    options.broker = "backend";
    options.peers = {"stream:0", "peer:0", ""};
    options.config.reserve_bytes = 0;
    auto made = worker::Runtime::create(*bus_, store, options, Rng::from_system(), {});
    EXPECT_TRUE(made) << made.error().message;
    return std::make_unique<Worker>(std::move(*made));
  }
  static std::vector<std::string> values_of(const Result<Page>& page) {
    EXPECT_TRUE(page) << page.error().message;
    std::vector<std::string> values;
    for (const Entry& entry : page ? page->entries : std::vector<Entry>{}) {
      values.emplace_back(entry.values.front());
    }
    return values;
  }

  const std::uint32_t workers_wanted_;
  const std::uint32_t replicas_;
  std::unique_ptr<bus::Bus> bus_ = bus::make_process_bus();
  std::vector<std::unique_ptr<GatedStore>> stores_;
  std::unique_ptr<Broker> broker_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace kipu::test

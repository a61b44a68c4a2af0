// A cluster for tests of the client's runtime: one thread that answers a client's messages from a
// store in memory, over a bus within the process, and that can be told to keep its answers back or
// to give wrong ones.
//
// Thread rule: any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/query.h"
#include "bus/bus.h"
#include "kipu/client.h"
#include "schema/messages.h"
#include "storage/store.h"

namespace kipu::test {

class FakeCluster {
 public:
  struct Shape {
    std::uint32_t workers = 1;
    std::uint32_t partitions = 8;
  };
  // What to answer a request with instead; nothing: as a cluster would.
  using Refuse = std::function<std::optional<Error>(const schema::Message&)>;

  FakeCluster();
  explicit FakeCluster(Shape shape);
  ~FakeCluster();
  FakeCluster(const FakeCluster&) = delete;
  FakeCluster& operator=(const FakeCluster&) = delete;

  bus::Bus& bus() { return *bus_; }
  ClientOptions options() const;
  // Fails the test, and ends it, if the client does not come about.
  Client connect();
  Client connect(const ClientOptions& options);

  // From now on requests of this kind are kept, and answered by release().
  void hold(schema::MessageKind kind);
  void release();
  void refuse(Refuse refuse);
  // From now on it has no map, and waits for this.
  void wait_for_workers(std::string waiting_for);
  // Requests of this kind so far, those that are held too.
  std::size_t seen(schema::MessageKind kind) const;
  // Waits until seen(kind) is at least `count`; false if that takes too long.
  [[nodiscard]] bool wait_for(schema::MessageKind kind, std::size_t count) const;

 private:
  struct Reply {
    schema::MessageKind kind = schema::MessageKind::error;
    Buffer body;
  };

  void run();
  void take(bus::Incoming request);
  void answer(const bus::Incoming& request);
  Reply reply_to(const schema::Message& request);
  Reply append(const schema::Message& request);
  Reply create_bucket(const schema::Message& request);
  Reply status() const;

  const std::unique_ptr<bus::Bus> bus_;
  const std::unique_ptr<bus::Socket> socket_;
  const std::unique_ptr<bus::Poller> poller_;
  const std::unique_ptr<storage::Store> store_;
  schema::ClusterMap map_;  // of the thread

  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable arrived_;
  std::map<schema::MessageKind, std::size_t> seen_;
  std::map<schema::MessageKind, bool> holds_;
  std::vector<bus::Incoming> held_;
  Refuse refuse_;
  std::string waiting_for_;  // empty: its map is in force
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace kipu::test

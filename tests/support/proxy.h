// Stands between clients and a broker: passes messages on, both ways, and loses those that it is
// told to lose.
//
// Thread rule: any thread; the sockets are on a thread of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bus/bus.h"

namespace kipu::test {

class Proxy {
 public:
  // Listens on a free port, and connects to `broker` once for each client.
  explicit Proxy(std::string broker);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  const std::string& endpoint() const { return endpoint_; }

  // Of the replies of this kind that come from now on, the k-th (from 1) is lost.
  void swallow(schema::MessageKind kind, std::uint64_t k);
  // How many were lost so far.
  std::uint64_t swallowed() const { return swallowed_; }

 private:
  void run(std::promise<std::string> listening);
  void pass_requests(bus::Poller& poller, bus::Socket& front);
  void pass_replies(bus::Socket& front);
  bool is_to_be_lost(const schema::Message& reply);

  const std::string broker_;
  std::unique_ptr<bus::Bus> bus_;
  std::string endpoint_;
  std::atomic<bool> stop_asked_ = false;
  std::atomic<std::uint64_t> swallowed_ = 0;
  // Of the thread.
  std::map<std::string, std::unique_ptr<bus::Socket>> to_broker_;  // by the client's routing id
  std::mutex mutex_;                                               // guards what follows
  schema::MessageKind kind_{};
  std::uint64_t replies_left_ = 0;  // 0: none is to be lost
  bus::Poller* poller_ = nullptr;   // while the thread runs
  std::thread thread_;
};

}  // namespace kipu::test

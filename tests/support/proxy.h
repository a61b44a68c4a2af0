// Stands between clients and a broker: passes messages on, both ways, and loses or holds back those
// that it is told to.
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

  // Of the requests of this kind that come from now on, the k-th (from 1) is held back, with all
  // that come after it, until release().
  void hold(schema::MessageKind kind, std::uint64_t k);
  bool is_holding() const { return is_holding_; }
  void release();

 private:
  void run(std::promise<std::string> listening);
  void pass_requests(bus::Poller& poller, bus::Socket& front);
  bool is_to_be_held(const schema::Message& request);
  void pass_replies(bus::Socket& front);
  bool is_to_be_lost(const schema::Message& reply);

  const std::string broker_;
  std::unique_ptr<bus::Bus> bus_;
  std::string endpoint_;
  std::atomic<bool> stop_asked_ = false;
  std::atomic<std::uint64_t> swallowed_ = 0;
  std::atomic<bool> is_holding_ = false;
  // Of the thread.
  std::map<std::string, std::unique_ptr<bus::Socket>> to_broker_;  // by the client's routing id
  std::vector<bus::Incoming> held_;
  std::mutex mutex_;  // guards what follows
  schema::MessageKind kind_{};
  std::uint64_t replies_left_ = 0;  // 0: none is to be lost
  schema::MessageKind held_kind_{};
  std::uint64_t requests_left_ = 0;  // 0: none is to be held
  bus::Poller* poller_ = nullptr;    // while the thread runs
  std::thread thread_;
};

}  // namespace kipu::test

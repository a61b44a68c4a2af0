// The broker as it runs: its machine, driven by real sockets and clocks.
//
// Thread rule: create() by one thread, run() by one, which may be another started later; stop() by
// any; the destructor after run() has returned. The log sink is called by the thread of run().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "broker/machine.h"
#include "bus/bus.h"

namespace kipu::broker {

struct RuntimeOptions {
  Config config;
  std::string frontend;                      // endpoint to bind for clients
  std::string backend;                       // for workers
  Duration drain = std::chrono::seconds(5);  // how long stop() waits for requests in flight
  // What a supervisor says of the cluster's processes: called by the thread of run() before it
  // answers who asks for the status, so it must not wait. Null: there is no supervisor.
  std::function<std::string()> read_processes = nullptr;
};

class Runtime {
 public:
  // Binds both endpoints. `invalid_argument` as check_config() says; `in_use` or
  // `invalid_argument` for an endpoint, `unavailable` where no file descriptor is left. `bus`
  // outlives the runtime.
  [[nodiscard]] static Result<std::unique_ptr<Runtime>> create(bus::Bus& bus,
                                                               RuntimeOptions options, Rng rng,
                                                               LogSink log);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Serves until stop(), then reads no more from clients, waits until what was forwarded has been
  // answered, and returns success. An error says why the process must end: another broker rules.
  [[nodiscard]] Status run();
  void stop();

  // Where it is bound, with the ports that were chosen.
  const std::string& frontend() const { return frontend_->endpoint(); }
  const std::string& backend() const { return backend_->endpoint(); }

 private:
  Runtime(RuntimeOptions options, Rng rng, LogSink log, std::unique_ptr<bus::Socket> frontend,
          std::unique_ptr<bus::Socket> backend, std::unique_ptr<bus::Poller> poller);

  void pass(Instant wake_by, bool take_clients);
  void wait_for_events(Instant wake_by);
  void take_from_workers(Now now, Effects& effects);
  void take_from_clients(Now now, Effects& effects);
  void tick_if_due(Now now, Effects& effects);
  void perform(Now now, Effects effects);
  Effects send(Now now, Effects& effects);
  void answer(Outgoing outgoing);
  void report_dropped(Now now);
  void log(LogLevel level, std::string text) const;

  const RuntimeOptions options_;
  const LogSink log_;
  std::atomic<bool> stop_asked_ = false;

  // Owned by the thread of run().
  const std::unique_ptr<bus::Socket> frontend_;
  const std::unique_ptr<bus::Socket> backend_;
  const std::unique_ptr<bus::Poller> poller_;
  Machine machine_;
  std::vector<bus::Incoming> batch_;  // reused
  std::optional<std::string> stop_reason_;
  Instant last_seen_;     // when this process was known to run
  Instant settle_until_;  // after a pause of this process: no tick before
  std::uint64_t dropped_reported_ = 0;
  Instant next_report_;
};

}  // namespace kipu::broker

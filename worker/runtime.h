// The worker as it runs: its machine, driven by real sockets, a store on threads, and clocks.
//
// Thread rule: create() by one thread, run() by one, which may be another started later; stop() by
// any; the destructor after run() has returned. The log sink is called by the thread of run().
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "bus/bus.h"
#include "storage/store.h"
#include "storage/threads.h"
#include "worker/machine.h"
#include "worker/runtime_completions.h"
#include "worker/runtime_peers.h"
#include "worker/runtime_stats.h"

namespace kipu::worker {

struct RuntimeOptions {
  Config config;                             // its endpoints are what create() binds
  std::string broker;                        // its backend's endpoint
  PeerOptions peers;                         // none in a cluster of one worker
  int readers = 2;                           // threads that read the store
  Duration drain = std::chrono::seconds(5);  // how long stop() waits for requests in flight
};

class Runtime {
 public:
  // Binds what other workers connect to, and connects to the broker; whether one is there shows
  // later. `invalid_argument` for an endpoint, `in_use`; `unavailable` where no file descriptor is
  // left. `bus` and `store` outlive the runtime.
  [[nodiscard]] static Result<std::unique_ptr<Runtime>> create(bus::Bus& bus, storage::Store& store,
                                                               RuntimeOptions options, Rng rng,
                                                               LogSink log);
  // Waits until the store has done what was submitted: for ever, if the disk hangs.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Serves until stop(), then takes no new requests, answers those in flight, and returns success,
  // or `deadline_exceeded` if that took longer than `drain`. Any other error says why the process
  // must end (Effects::stop of the machine): after it, nothing is answered.
  [[nodiscard]] Status run();
  void stop();

  // Where other workers find this one; empty without `peers`.
  const schema::Endpoints& endpoints() const { return options_.config.endpoints; }

 private:
  struct Sockets {
    std::unique_ptr<bus::Socket> broker;
    std::unique_ptr<bus::Poller> poller;
    std::unique_ptr<PeerSockets> peers;  // leaves the poller when it goes
  };

  Runtime(storage::Store& store, RuntimeOptions options, Rng rng, LogSink log, Sockets sockets);

  Status drain();
  void pass(Instant wake_by);
  void take_messages(Now now, Effects& effects);
  void take_completions(Now now, Effects& effects);
  void take(Now now, const Committed& committed, Effects& effects);
  void take(Now now, ReadDone done, Effects& effects);
  void take(Now now, const MapSaved& saved, Effects& effects);
  void take(Now now, const WholenessSaved& saved, Effects& effects);
  void take(Now now, storage::StoreStats stats, Effects& effects);
  void sample_if_due(Now now);
  void perform(Effects effects);
  void send_all(Effects effects);
  void submit(Commit commit);
  void submit(Read read);
  void submit(SaveMap save);
  void submit(SaveWholeness save);
  void send(schema::Message message);

  const RuntimeOptions options_;
  const LogSink log_;
  std::atomic<bool> stop_asked_ = false;

  // Owned by the thread of run().
  const Sockets sockets_;
  Machine machine_;
  std::vector<bus::Incoming> batch_;  // reused
  std::optional<Error> stop_reason_;
  Instant next_sample_;

  // Their threads put into completions_, so they go first.
  Completions completions_;
  StatsSampler sampler_;
  storage::StoreThreads threads_;
};

}  // namespace kipu::worker

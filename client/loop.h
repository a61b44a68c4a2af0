// The client's loop: one thread that drives the machine (client/machine.h) over sockets of a bus,
// and the queue by which other threads hand it calls.
//
//  1. The handler of every call runs exactly once: on the loop thread, or, where the loop has
//     closed, on the thread that submits.
//  2. Submissions of one thread reach the machine in their order.
//  3. The loop thread is woken once for all that is submitted until it looks.
//
// Thread rule: any thread, except where a function says otherwise.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "bus/bus.h"
#include "client/machine.h"
#include "kipu/client.h"

namespace kipu {

class Client::Loop {
 public:
  using Handler = std::function<void(client::Completion)>;

  // Connects a loop to `options.brokers` over `bus`, which outlives it; `keeper` is let go after
  // the loop has closed. `invalid_argument` for options that cannot be. Does not wait for a broker.
  [[nodiscard]] static Result<std::shared_ptr<Loop>> start(bus::Bus& bus,
                                                           const ClientOptions& options,
                                                           std::shared_ptr<void> keeper = nullptr);
  Loop(bus::Bus& bus, const ClientOptions& options, std::shared_ptr<void> keeper);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Hands a call over; `done` is called with its completion. A stop request cancels it.
  client::CallId submit(client::Call call, const CallOptions& options, Handler done);
  // The same, counted against in_flight_bytes until `done` has returned: waits for room, except on
  // the loop thread and once a stop is requested.
  void submit_counted(client::Call call, const CallOptions& options, std::size_t bytes,
                      Handler done);
  void cancel(client::CallId id);
  // Sends what lingers, and waits until all that was submitted counted before it is done.
  void flush();
  // Ends what is under way with `closed` or `outcome_unknown`, and joins the thread. Again:
  // nothing. REQUIRES: not on the loop thread.
  void close();

  bool on_loop_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  // What a bucket is never changes, and none goes away: what was seen once is remembered.
  std::optional<Bucket> known_bucket(std::string_view name) const;
  void learn(const schema::ClusterMap& map);
  ClusterId cluster() const;

 private:
  struct Submission {
    client::CallId id{};
    client::Call call;
    Instant deadline;
    std::stop_token stop;
    Handler done;
    std::size_t bytes = 0;    // counted against in_flight_bytes
    std::uint64_t batch = 0;  // which flush() waits for it; 0: none
  };
  struct Inbox {
    std::vector<Submission> submissions;
    std::vector<client::CallId> cancels;
    bool flush = false;
    bool empty() const { return submissions.empty() && cancels.empty() && !flush; }
  };
  using StopCallback = std::stop_callback<std::function<void()>>;
  struct Pending {
    Handler done;
    std::size_t bytes = 0;
    std::uint64_t batch = 0;
    std::unique_ptr<StopCallback> on_stop;
  };
  // What a round of completions gives back, so that the mutex is taken once for all of them.
  struct Release {
    std::size_t bytes = 0;
    std::map<std::uint64_t, std::size_t> calls;  // by batch
  };

  // By any thread.
  client::CallId put(std::unique_lock<std::mutex>& lock, Submission submission);
  void wake_if_first(bool was_empty);

  // By the loop thread.
  void run(std::promise<Status> ready);
  Status connect();
  void step();
  Inbox take_inbox();
  void start_calls(Now now, Inbox inbox, client::Effects& effects);
  void receive(Now now, client::Effects& effects);
  void perform(Now now, client::Effects& effects);
  void complete(std::vector<client::Completion> completions);
  void release(const Release& released);
  void finish();

  // Constant after construction.
  bus::Bus& bus_;
  const ClientOptions options_;
  std::shared_ptr<void> keeper_;  // reset by close()

  // Owned by the loop thread.
  std::vector<std::unique_ptr<bus::Socket>> sockets_;
  std::vector<bus::Incoming> incoming_;
  client::Machine machine_;
  std::unordered_map<std::uint64_t, Pending> pending_;
  bool finishing_ = false;

  // Guarded by mutex_. The poller is made and let go by the loop thread; others wake it only.
  mutable std::mutex mutex_;
  std::condition_variable_any room_;
  std::condition_variable flushed_;
  std::unique_ptr<bus::Poller> poller_;
  Inbox inbox_;
  std::uint64_t next_id_ = 1;
  std::uint64_t batch_ = 1;  // of what is submitted now; flush() begins the next
  std::map<std::uint64_t, std::size_t> unanswered_;  // counted calls by batch
  std::size_t in_flight_bytes_ = 0;
  // Set at the limit, cleared at half of it: those who wait are woken once for much room, and
  // nobody slips past them meanwhile.
  bool full_ = false;
  bool closing_ = false;
  bool closed_ = false;

  // Guarded by map_mutex_.
  mutable std::mutex map_mutex_;
  std::map<std::string, Bucket, std::less<>> buckets_;
  ClusterId cluster_;

  std::once_flag close_once_;
  std::thread thread_;
};

}  // namespace kipu

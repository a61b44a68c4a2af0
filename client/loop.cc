#include "client/loop.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/random.h"
#include "bus/clock.h"

namespace kipu {
namespace {

// So many messages of a socket are handled before the queue of submissions is looked at again.
constexpr std::size_t kMostReceived = 256;
// The loop wakes this often at least; nothing depends on it.
constexpr Duration kLongestWait = std::chrono::seconds(10);

client::Config machine_config(const ClientOptions& options) {
  client::Config config;
  config.brokers = options.brokers.size();
  config.cluster = options.cluster.value_or(ClusterId{});
  config.linger = options.linger;
  config.batch_bytes = options.batch_bytes;
  config.batch_entries = options.batch_entries;
  return config;
}

Status check_options(const ClientOptions& options) {
  if (options.brokers.empty()) {
    return fail(ErrorCode::invalid_argument, "no broker is named: give at least one endpoint");
  }
  if (options.batch_bytes == 0 || options.batch_bytes > limits::kMaxBatchBytes) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("batch_bytes is {}: it must be from 1 to {}", options.batch_bytes,
                            limits::kMaxBatchBytes));
  }
  if (options.batch_entries == 0 || options.batch_entries > limits::kMaxBatchEntries) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("batch_entries is {}: it must be from 1 to {}", options.batch_entries,
                            limits::kMaxBatchEntries));
  }
  if (options.linger < Duration::zero() || options.in_flight_bytes == 0) {
    return fail(ErrorCode::invalid_argument,
                "linger must not be negative, nor in_flight_bytes be 0");
  }
  return {};
}

client::Completion closed_completion(client::CallId id) {
  return {id, fail(ErrorCode::closed, "the client was closed before this was sent"), {}};
}

}  // namespace

Result<std::shared_ptr<Client::Loop>> Client::Loop::start(bus::Bus& bus,
                                                          const ClientOptions& options,
                                                          std::shared_ptr<void> keeper) {
  if (auto valid = check_options(options); !valid) return fail(std::move(valid).error());
  auto loop = std::make_shared<Loop>(bus, options, std::move(keeper));
  std::promise<Status> ready;
  auto connected = ready.get_future();
  loop->thread_ = std::thread(
      [raw = loop.get(), ready = std::move(ready)]() mutable { raw->run(std::move(ready)); });
  if (auto status = connected.get(); !status) return fail(std::move(status).error());
  return loop;
}

Client::Loop::Loop(bus::Bus& bus, const ClientOptions& options, std::shared_ptr<void> keeper)
    : bus_(bus),
      options_(options),
      keeper_(std::move(keeper)),
      machine_(machine_config(options), Rng::from_system(), bus::read_clocks()) {}

Client::Loop::~Loop() {
  close();
}

void Client::Loop::close() {
  KIPU_CHECK(!on_loop_thread());  // a callback must not destroy its client
  std::call_once(close_once_, [this] {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
      if (poller_ != nullptr) poller_->wake();
    }
    room_.notify_all();
    if (thread_.joinable()) thread_.join();
    keeper_.reset();
  });
}

client::CallId Client::Loop::submit(client::Call call, const CallOptions& options, Handler done) {
  Submission submission;
  submission.call = std::move(call);
  submission.stop = options.stop;
  submission.done = std::move(done);
  submission.deadline = bus::read_clocks().instant + options.timeout.value_or(options_.timeout);
  std::unique_lock lock(mutex_);
  return put(lock, std::move(submission));
}

void Client::Loop::submit_counted(client::Call call, const CallOptions& options, std::size_t bytes,
                                  Handler done) {
  Submission submission;
  submission.call = std::move(call);
  submission.stop = options.stop;
  submission.done = std::move(done);
  submission.bytes = bytes;
  std::unique_lock lock(mutex_);
  if (!on_loop_thread()) {
    room_.wait(lock, options.stop, [this] { return closing_ || !full_; });
  }
  submission.deadline = bus::read_clocks().instant + options.timeout.value_or(options_.timeout);
  submission.batch = batch_;
  if (!closed_) {
    in_flight_bytes_ += bytes;
    full_ = full_ || in_flight_bytes_ >= options_.in_flight_bytes;
    ++unanswered_[batch_];
  }
  put(lock, std::move(submission));
}

// Unlocks. A handler never runs under the mutex.
client::CallId Client::Loop::put(std::unique_lock<std::mutex>& lock, Submission submission) {
  const auto id = client::CallId{next_id_++};
  submission.id = id;
  if (closed_) {
    lock.unlock();
    submission.done(closed_completion(id));
    return id;
  }
  const bool was_empty = inbox_.empty();
  inbox_.submissions.push_back(std::move(submission));
  wake_if_first(was_empty);
  lock.unlock();
  return id;
}

// REQUIRES: mutex_ is held, so that the poller is there while it is woken.
void Client::Loop::wake_if_first(bool was_empty) {
  if (was_empty && poller_ != nullptr) poller_->wake();
}

void Client::Loop::cancel(client::CallId id) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  const bool was_empty = inbox_.empty();
  inbox_.cancels.push_back(id);
  wake_if_first(was_empty);
}

void Client::Loop::flush() {
  std::unique_lock lock(mutex_);
  if (closed_) return;
  const bool was_empty = inbox_.empty();
  inbox_.flush = true;
  wake_if_first(was_empty);
  if (on_loop_thread()) return;
  const std::uint64_t awaited = batch_++;
  flushed_.wait(lock, [this, awaited] {
    return unanswered_.empty() || unanswered_.begin()->first > awaited;
  });
}

std::optional<Bucket> Client::Loop::known_bucket(std::string_view name) const {
  const std::lock_guard lock(map_mutex_);
  const auto found = buckets_.find(name);
  if (found == buckets_.end()) return std::nullopt;
  return found->second;
}

void Client::Loop::learn(const schema::ClusterMap& map) {
  const std::lock_guard lock(map_mutex_);
  cluster_ = map.cluster;
  if (buckets_.size() == map.buckets.size()) return;
  for (const Bucket& bucket : map.buckets) buckets_.insert_or_assign(bucket.name, bucket);
}

ClusterId Client::Loop::cluster() const {
  const std::lock_guard lock(map_mutex_);
  return cluster_;
}

void Client::Loop::run(std::promise<Status> ready) {
  if (auto status = connect(); !status) {
    finish();
    ready.set_value(std::move(status));
    return;
  }
  ready.set_value({});
  while (!finishing_) step();
  finish();
}

Status Client::Loop::connect() {
  auto poller = bus_.make_poller();
  if (!poller) return fail(std::move(poller).error());
  for (const std::string& endpoint : options_.brokers) {
    auto socket = bus_.connect_dealer(endpoint);
    if (!socket) return fail(std::move(socket).error());
    (*poller)->add(**socket);
    sockets_.push_back(std::move(*socket));
  }
  const std::lock_guard lock(mutex_);
  poller_ = std::move(*poller);
  return {};
}

void Client::Loop::step() {
  const Duration until_tick = machine_.next_tick() - bus::read_clocks().instant;
  // Not under the mutex: only this thread replaces the poller.
  poller_->wait(std::clamp(until_tick, Duration::zero(), kLongestWait));
  const Now now = bus::read_clocks();
  client::Effects effects;
  start_calls(now, take_inbox(), effects);
  receive(now, effects);
  if (machine_.next_tick() <= now.instant) machine_.on_tick(now, effects);
  perform(now, effects);
}

Client::Loop::Inbox Client::Loop::take_inbox() {
  const std::lock_guard lock(mutex_);
  finishing_ = closing_;
  return std::exchange(inbox_, {});
}

void Client::Loop::start_calls(Now now, Inbox inbox, client::Effects& effects) {
  for (Submission& submission : inbox.submissions) {
    const auto id = submission.id;
    const bool stopped = submission.stop.stop_requested();
    Pending pending{std::move(submission.done), submission.bytes, submission.batch, nullptr};
    if (submission.stop.stop_possible() && !stopped) {
      // May run at once, here: it only queues.
      pending.on_stop = std::make_unique<StopCallback>(submission.stop, [this, id] { cancel(id); });
    }
    pending_.emplace(static_cast<std::uint64_t>(id), std::move(pending));
    if (stopped) {
      effects.completions.push_back(
          {id, fail(ErrorCode::cancelled, "cancelled before it began"), {}});
    } else {
      machine_.start(now, id, std::move(submission.call), submission.deadline, effects);
    }
  }
  for (const client::CallId id : inbox.cancels) {
    if (pending_.contains(static_cast<std::uint64_t>(id))) machine_.cancel(now, id, effects);
  }
  if (inbox.flush) machine_.flush(now, effects);
}

void Client::Loop::receive(Now now, client::Effects& effects) {
  for (std::size_t broker = 0; broker < sockets_.size(); ++broker) {
    incoming_.clear();
    sockets_[broker]->receive(incoming_, kMostReceived);
    for (bus::Incoming& arrived : incoming_) {
      machine_.on_message(now, broker, std::move(arrived.message), effects);
    }
  }
}

void Client::Loop::perform(Now now, client::Effects& effects) {
  while (!effects.to_brokers.empty()) {
    for (client::Outgoing& outgoing : std::exchange(effects.to_brokers, {})) {
      const schema::Envelope envelope = outgoing.message.envelope;
      if (!sockets_[outgoing.broker]->send({}, std::move(outgoing.message))) {
        machine_.on_undeliverable(now, outgoing.broker, envelope, effects);
      }
    }
  }
  if (options_.log) {
    for (const LogLine& line : effects.log) options_.log(line);
  }
  complete(std::move(effects.completions));
}

void Client::Loop::complete(std::vector<client::Completion> completions) {
  Release released;
  for (client::Completion& completion : completions) {
    const auto found = pending_.find(static_cast<std::uint64_t>(completion.call));
    KIPU_CHECK(found != pending_.end());  // each call completes once
    Pending pending = std::move(found->second);
    pending_.erase(found);
    pending.done(std::move(completion));
    released.bytes += pending.bytes;
    if (pending.batch != 0) ++released.calls[pending.batch];
  }
  if (!released.calls.empty()) release(released);
}

void Client::Loop::release(const Release& released) {
  const std::lock_guard lock(mutex_);
  in_flight_bytes_ -= released.bytes;
  bool batch_done = false;
  for (const auto& [batch, calls] : released.calls) {
    const auto found = unanswered_.find(batch);
    found->second -= calls;
    if (found->second != 0) continue;
    unanswered_.erase(found);
    batch_done = true;
  }
  if (batch_done) flushed_.notify_all();
  if (full_ && in_flight_bytes_ <= options_.in_flight_bytes / 2) {
    full_ = false;
    room_.notify_all();
  }
}

void Client::Loop::finish() {
  Inbox left;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    left = std::exchange(inbox_, {});
    poller_.reset();
  }
  std::vector<client::CallId> ids;
  ids.reserve(pending_.size());
  for (const auto& [id, pending] : pending_) ids.push_back(client::CallId{id});
  std::sort(ids.begin(), ids.end());
  const Now now = bus::read_clocks();
  client::Effects effects;
  for (const client::CallId id : ids) machine_.cancel(now, id, effects);
  for (client::Completion& completion : effects.completions) {
    if (completion.reply || completion.reply.error().code != ErrorCode::cancelled) continue;
    completion.reply = fail(ErrorCode::closed, "the client was closed before this was answered");
  }
  for (Submission& submission : left.submissions) {
    pending_.emplace(static_cast<std::uint64_t>(submission.id),
                     Pending{std::move(submission.done), submission.bytes, submission.batch, {}});
    effects.completions.push_back(closed_completion(submission.id));
  }
  complete(std::move(effects.completions));
  sockets_.clear();
}

}  // namespace kipu

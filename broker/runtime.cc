#include "broker/runtime.h"

#include <algorithm>
#include <utility>

#include "bus/clock.h"
#include "bus/undelivered.h"

namespace kipu::broker {
namespace {

// Messages taken from one socket before the other has its turn.
constexpr std::size_t kBatchMessages = 256;
// After this process was paused, what its peers sent meanwhile takes a moment to come up from the
// kernel; whoever is judged before that is judged wrongly.
constexpr Duration kSettle = std::chrono::milliseconds(50);
constexpr Duration kReportEvery = std::chrono::seconds(10);

bool asks_for_status(const std::vector<bus::Incoming>& batch) {
  return std::any_of(batch.begin(), batch.end(), [](const bus::Incoming& incoming) {
    return incoming.message.envelope.kind == schema::MessageKind::status;
  });
}

}  // namespace

Result<std::unique_ptr<Runtime>> Runtime::create(bus::Bus& bus, RuntimeOptions options, Rng rng,
                                                 LogSink log) {
  if (auto checked = check_config(options.config); !checked) return fail(checked.error());
  auto frontend = bus.bind_router(options.frontend);
  if (!frontend) return fail(std::move(frontend).error());
  auto backend = bus.bind_router(options.backend);
  if (!backend) return fail(std::move(backend).error());
  auto poller = bus.make_poller();
  if (!poller) return fail(std::move(poller).error());
  return std::unique_ptr<Runtime>(new Runtime(std::move(options), rng, std::move(log),
                                              std::move(*frontend), std::move(*backend),
                                              std::move(*poller)));
}

Runtime::Runtime(RuntimeOptions options, Rng rng, LogSink log,
                 std::unique_ptr<bus::Socket> frontend, std::unique_ptr<bus::Socket> backend,
                 std::unique_ptr<bus::Poller> poller)
    : options_(std::move(options)),
      log_(std::move(log)),
      frontend_(std::move(frontend)),
      backend_(std::move(backend)),
      poller_(std::move(poller)),
      machine_(options_.config, rng, bus::read_clocks()),
      last_seen_(bus::read_clocks().instant) {
  poller_->add(*frontend_);
  poller_->add(*backend_);
}

Runtime::~Runtime() = default;

void Runtime::stop() {
  stop_asked_ = true;
  poller_->wake();
}

Status Runtime::run() {
  while (!stop_asked_ && !stop_reason_) pass(Instant::never(), true);
  poller_->remove(*frontend_);
  const Instant give_up = bus::read_clocks().instant + options_.drain;
  while (!stop_reason_ && !machine_.idle() && bus::read_clocks().instant < give_up) {
    pass(give_up, false);
  }
  if (stop_reason_) return fail(ErrorCode::unavailable, *stop_reason_);
  if (!machine_.idle()) log(LogLevel::warning, "stopped with requests still at workers");
  return {};
}

// One turn of the loop. Everything that has arrived is handed to the machine at one time, and its
// effects are performed together.
void Runtime::pass(Instant wake_by, bool take_clients) {
  wait_for_events(wake_by);
  const Now now = bus::read_clocks();
  Effects effects;
  // Workers first: their answers free what new requests need.
  take_from_workers(now, effects);
  if (take_clients) take_from_clients(now, effects);
  tick_if_due(now, effects);
  perform(now, std::move(effects));
  report_dropped(now);
}

void Runtime::wait_for_events(Instant wake_by) {
  const Instant before = bus::read_clocks().instant;
  const Instant due = std::min(wake_by, std::max(machine_.next_tick(), settle_until_));
  poller_->wait(std::max(due - before, Duration::zero()));
  const Instant after = bus::read_clocks().instant;
  const Duration late = std::max(before - last_seen_, after - std::max(due, before));
  if (late > options_.config.heartbeat) settle_until_ = after + kSettle;
  last_seen_ = after;
}

void Runtime::take_from_workers(Now now, Effects& effects) {
  batch_.clear();
  backend_->receive(batch_, kBatchMessages);
  for (bus::Incoming& incoming : batch_) {
    machine_.on_worker_message(now, incoming.from, std::move(incoming.message), effects);
  }
}

void Runtime::take_from_clients(Now now, Effects& effects) {
  batch_.clear();
  frontend_->receive(batch_, kBatchMessages);
  if (options_.read_processes && asks_for_status(batch_)) {
    machine_.on_processes(options_.read_processes());
  }
  for (bus::Incoming& incoming : batch_) {
    machine_.on_client_message(now, incoming.from, std::move(incoming.message), effects);
  }
}

void Runtime::tick_if_due(Now now, Effects& effects) {
  if (now.instant >= machine_.next_tick() && now.instant >= settle_until_) {
    machine_.on_tick(now, effects);
  }
}

void Runtime::perform(Now now, Effects effects) {
  while (!effects.to_workers.empty() || !effects.to_clients.empty() || !effects.log.empty() ||
         effects.stop) {
    effects = send(now, effects);
  }
}

// Returns what the machine makes of messages that could not be sent.
Effects Runtime::send(Now now, Effects& effects) {
  Effects consequences;
  for (Outgoing& outgoing : effects.to_workers) {
    const schema::Envelope envelope = outgoing.message.envelope;
    if (!backend_->send(outgoing.to, std::move(outgoing.message))) {
      machine_.on_undeliverable(now, outgoing.to, envelope, consequences);
    }
  }
  for (Outgoing& outgoing : effects.to_clients) answer(std::move(outgoing));
  for (const LogLine& line : effects.log) log(line.level, line.text);
  if (effects.stop) stop_reason_ = std::move(effects.stop);
  return consequences;
}

// A client that is gone needs no answer; one that does not read will ask again.
void Runtime::answer(Outgoing outgoing) {
  const schema::Envelope envelope = outgoing.message.envelope;
  const auto sent = frontend_->send(outgoing.to, std::move(outgoing.message));
  if (sent) return;
  if (auto instead = bus::in_place_of(envelope, sent.error())) {
    if (frontend_->send(outgoing.to, std::move(*instead))) return;
  }
  if (sent.error().code == ErrorCode::unavailable) machine_.on_client_gone(outgoing.to);
  log(LogLevel::debug, "an answer to a client was dropped: " + sent.error().message);
}

void Runtime::report_dropped(Now now) {
  if (now.instant < next_report_) return;
  next_report_ = now.instant + kReportEvery;
  const std::uint64_t dropped = frontend_->dropped() + backend_->dropped();
  if (dropped == dropped_reported_) return;
  log(LogLevel::warning, "dropped " + std::to_string(dropped - dropped_reported_) +
                             " messages that were none of the protocol's");
  dropped_reported_ = dropped;
}

void Runtime::log(LogLevel level, std::string text) const {
  if (log_) log_(LogLine{level, std::move(text)});
}

}  // namespace kipu::broker

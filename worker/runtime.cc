#include "worker/runtime.h"

#include <algorithm>
#include <utility>

#include "bus/clock.h"
#include "bus/undelivered.h"

namespace kipu::worker {
namespace {

constexpr std::size_t kBatchMessages = 256;

}  // namespace

Result<std::unique_ptr<Runtime>> Runtime::create(bus::Bus& bus, storage::Store& store,
                                                 RuntimeOptions options, Rng rng, LogSink log) {
  auto broker = bus.connect_dealer(options.broker);
  if (!broker) return fail(std::move(broker).error());
  auto poller = bus.make_poller();
  if (!poller) return fail(std::move(poller).error());
  auto peers = PeerSockets::bind(bus, **poller, options.peers, store.info().store, log);
  if (!peers) return fail(std::move(peers).error());
  options.config.endpoints = (*peers)->endpoints();
  return std::unique_ptr<Runtime>(
      new Runtime(store, std::move(options), rng, std::move(log),
                  {std::move(*broker), std::move(*poller), std::move(*peers)}));
}

Runtime::Runtime(storage::Store& store, RuntimeOptions options, Rng rng, LogSink log,
                 Sockets sockets)
    : options_(std::move(options)),
      log_(std::move(log)),
      sockets_(std::move(sockets)),
      machine_(options_.config, store.info(), rng, bus::read_clocks()),
      completions_(*sockets_.poller),
      sampler_(store, completions_),
      threads_(store, options_.readers) {
  sockets_.poller->add(*sockets_.broker);
}

Runtime::~Runtime() = default;

void Runtime::stop() {
  stop_asked_ = true;
  sockets_.poller->wake();
}

Status Runtime::run() {
  while (!stop_asked_ && !stop_reason_) pass(Instant::never());
  if (!stop_reason_) {
    if (auto drained = drain(); !drained) return drained;
  }
  if (stop_reason_) return fail(*stop_reason_);
  return {};
}

Status Runtime::drain() {
  Effects effects;
  const Now now = bus::read_clocks();
  machine_.drain(now, effects);
  perform(std::move(effects));
  const Instant give_up = now.instant + options_.drain;
  while (!stop_reason_ && !machine_.idle()) {
    if (bus::read_clocks().instant >= give_up) {
      return fail(ErrorCode::deadline_exceeded, "stopped with requests still under way");
    }
    pass(give_up);
  }
  return {};
}

// One turn of the loop. Everything that has arrived is handed to the machine at one time, and its
// effects are performed together: so what came together is committed together.
void Runtime::pass(Instant wake_by) {
  const Instant due = std::min(wake_by, std::min(machine_.next_tick(), next_sample_));
  sockets_.poller->wait(std::max(due - bus::read_clocks().instant, Duration::zero()));
  const Now now = bus::read_clocks();
  Effects effects;
  take_completions(now, effects);
  take_messages(now, effects);
  if (now.instant >= machine_.next_tick()) machine_.on_tick(now, effects);
  sample_if_due(now);
  perform(std::move(effects));
}

void Runtime::take_messages(Now now, Effects& effects) {
  batch_.clear();
  sockets_.broker->receive(batch_, kBatchMessages);
  for (bus::Incoming& incoming : batch_) {
    machine_.on_message(now, std::move(incoming.message), effects);
  }
  sockets_.peers->receive(
      kBatchMessages,
      [&](schema::Message message) { machine_.on_peer_message(now, std::move(message), effects); },
      [&](schema::Message message) {
        machine_.on_stream_message(now, std::move(message), effects);
      });
}

void Runtime::take_completions(Now now, Effects& effects) {
  for (Completion& completion : completions_.take()) {
    std::visit([&](auto& done) { take(now, std::move(done), effects); }, completion);
  }
}

void Runtime::take(Now now, const Committed& committed, Effects& effects) {
  machine_.on_committed(now, committed.id, committed.merged, effects);
}

void Runtime::take(Now now, ReadDone done, Effects& effects) {
  machine_.on_read(now, done.id, std::move(done.result), effects);
}

void Runtime::take(Now now, const MapSaved& saved, Effects& effects) {
  machine_.on_map_saved(now, saved.version, saved.status, effects);
}

void Runtime::take(Now now, const WholenessSaved& saved, Effects& effects) {
  machine_.on_wholeness_saved(now, saved.id, saved.status, effects);
}

void Runtime::take(Now now, storage::StoreStats stats, Effects& effects) {
  machine_.on_stats(now, stats, effects);
}

void Runtime::sample_if_due(Now now) {
  if (now.instant < next_sample_) return;
  next_sample_ = now.instant + options_.config.heartbeat;
  sampler_.sample();
}

void Runtime::perform(Effects effects) {
  for (const LogLine& line : effects.log) {
    if (log_) log_(line);
  }
  if (effects.stop) {
    stop_reason_ = std::move(effects.stop);
    return;  // and nothing more is answered
  }
  if (effects.save_wholeness) submit(std::move(*effects.save_wholeness));
  for (SaveMap& save : effects.save_maps) submit(std::move(save));
  if (effects.commit) submit(std::move(*effects.commit));
  for (Read& read : effects.reads) submit(std::move(read));
  send_all(std::move(effects));
}

// Connections first, since what goes to a peer may be for one that was not there before.
void Runtime::send_all(Effects effects) {
  if (effects.peers) sockets_.peers->connect(*effects.peers);
  for (const StoreId& store : effects.resubscribe) sockets_.peers->resubscribe(store);
  for (schema::Message& message : effects.to_broker) send(std::move(message));
  for (ToPeer& message : effects.to_stream) sockets_.peers->publish(std::move(message));
  for (ToPeer& message : effects.to_peers) sockets_.peers->send(std::move(message));
}

void Runtime::submit(Commit commit) {
  threads_.merge(std::move(commit.change), [this, id = commit.id](storage::Merged merged) {
    completions_.put(Committed{id, std::move(merged)});
  });
}

void Runtime::submit(Read read) {
  threads_.read(std::move(read.query), [this, id = read.id](Result<ReadResult> result) {
    completions_.put(ReadDone{id, std::move(result)});
  });
}

void Runtime::submit(SaveMap save) {
  threads_.save_map(save.cluster, std::move(save.map),
                    [this, version = save.version](Status status) {
                      completions_.put(MapSaved{version, std::move(status)});
                    });
}

void Runtime::submit(SaveWholeness save) {
  threads_.save_wholeness(std::move(save.whole), [this, id = save.id](Status status) {
    completions_.put(WholenessSaved{id, std::move(status)});
  });
}

// What cannot be sent is lost, as it could be on the wire: the broker answers by its deadlines.
void Runtime::send(schema::Message message) {
  const schema::Envelope envelope = message.envelope;
  const auto sent = sockets_.broker->send({}, std::move(message));
  if (sent) return;
  if (auto instead = bus::in_place_of(envelope, sent.error())) {
    if (sockets_.broker->send({}, std::move(*instead))) return;
  }
  if (log_) {
    log_({LogLevel::warning, "a message to the broker was dropped: " + sent.error().message});
  }
}

}  // namespace kipu::worker

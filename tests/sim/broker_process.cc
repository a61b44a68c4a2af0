#include "tests/sim/broker_process.h"

#include <utility>

#include "schema/codec.h"

namespace kipu::sim {

BrokerProcess::BrokerProcess(World& world, Network& network, broker::Config config)
    : Hub(world, "broker"), network_(network), config_(std::move(config)) {}

// Nothing of an earlier life is known but the configuration.
void BrokerProcess::on_start() {
  network_.reconnect_all();
  machine_ = std::make_unique<broker::Machine>(config_, Rng(world_.rng.next()), now());
  schedule_tick();
}

void BrokerProcess::on_crash() {
  machine_.reset();
}

void BrokerProcess::receive(const PeerId& from, bool from_worker, schema::Message message) {
  broker::Effects effects;
  if (from_worker) {
    machine_->on_worker_message(now(), from, std::move(message), effects);
  } else {
    machine_->on_client_message(now(), from, std::move(message), effects);
  }
  carry_out(std::move(effects));
}

void BrokerProcess::tick() {
  broker::Effects effects;
  machine_->on_tick(now(), effects);
  carry_out(std::move(effects));
}

void BrokerProcess::carry_out(broker::Effects effects) {
  world_.log(name(), effects.log);
  for (auto& outgoing : effects.to_workers) send(std::move(outgoing));
  for (auto& outgoing : effects.to_clients) send(std::move(outgoing));
  // There is one broker at a time, so nobody else can have put a greater map in force.
  if (effects.stop) world_.verdict.fail("broker", "the broker stops: " + *effects.stop);
  schedule_tick();
}

void BrokerProcess::send(broker::Outgoing outgoing) {
  plant(outgoing.message);
  const schema::Envelope envelope = outgoing.message.envelope;
  if (network_.to_peer(outgoing.to, std::move(outgoing.message))) return;
  broker::Effects effects;
  machine_->on_undeliverable(now(), outgoing.to, envelope, effects);
  carry_out(std::move(effects));
}

void BrokerProcess::plant(schema::Message& message) {
  if (world_.options.plant != Plant::forget_bucket) return;
  if (message.envelope.kind != schema::MessageKind::map || !world_.rng.one_in(5)) return;
  auto map = schema::decode<schema::ClusterMap>(message.body.view());
  if (!map || map->buckets.size() < 2) return;
  const bool default_is_first = map->buckets.front().name == "default";
  map->buckets.erase(default_is_first ? map->buckets.end() - 1 : map->buckets.begin());
  message.body = schema::encode(*map);
}

}  // namespace kipu::sim

#include "client/machine_session.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "client/machine_core.h"
#include "cluster/map.h"
#include "schema/codec.h"

namespace kipu::client {
namespace {

constexpr std::size_t kHellosKept = 16;

}  // namespace

Session::Session(const Config& config, Rng& rng, RequestIds& ids, Instant now)
    : config_(config), rng_(rng), ids_(ids), created_(now), next_hello_(now) {}

std::uint64_t Session::want_map() {
  wanted_ = said_ + 1;
  return wanted_;
}

void Session::heard(Instant now, std::size_t broker) {
  heard_ = now;
  if (broker == broker_) heard_current_ = now;
}

Status Session::accept(schema::ClusterMap map, Effects& effects) {
  const ClusterId ours = map_ ? map_->cluster : config_.cluster;
  if (!ours.is_none() && map.cluster != ours) {
    return fail(ErrorCode::wrong_cluster,
                fmt::format("the broker is of cluster {}, and this client belongs to {}",
                            map.cluster.id.to_string(), ours.id.to_string()));
  }
  if (const Status valid = cluster::validate(map); !valid) {
    return fail(ErrorCode::malformed,
                "the broker sent a map that cannot be one: " + valid.error().message);
  }
  if (map_ != nullptr && map.version <= map_->version) return {};
  map_ = std::make_shared<const schema::ClusterMap>(std::move(map));
  effects.log.push_back(
      {LogLevel::debug,
       fmt::format("cluster map: generation {}, epoch {}, {} workers", map_->version.generation,
                   map_->version.epoch, map_->workers.size())});
  return {};
}

bool Session::owns(std::uint64_t request_id) const {
  return std::any_of(hellos_.begin(), hellos_.end(),
                     [&](const Hello& hello) { return hello.request_id == request_id; });
}

void Session::on_greeted(std::size_t broker, std::uint64_t request_id, Effects& effects) {
  const auto hello = std::find_if(hellos_.begin(), hellos_.end(),
                                  [&](const Hello& h) { return h.request_id == request_id; });
  if (hello == hellos_.end() || hello->broker != broker) return;
  fetched_ = std::max(fetched_, hello->number);
  // The answer of a broker that was given up, while no other has answered: back to it.
  if (broker != broker_ && ready_) return;
  if (broker != broker_) {
    broker_ = broker;
    heard_current_ = heard_;
  }
  if (hello->request_id == hellos_.back().request_id || !ready_) waits_for_hello_ = false;
  if (!ready_ && failures_ > 0) {
    effects.log.push_back({LogLevel::info, fmt::format("broker {} answers", broker_)});
  }
  ready_ = true;
  failures_ = 0;
  reason_.reset();
}

void Session::on_refused(Instant now, std::uint64_t request_id, const Error& error,
                         Effects& effects) {
  if (!waits_for_hello_ || hellos_.back().request_id != request_id) return;
  waits_for_hello_ = false;
  if (!reason_ || *reason_ != error) {
    effects.log.push_back(
        {LogLevel::warning, fmt::format("broker {} is not ready: {}", broker_, error.message)});
  }
  reason_ = error;
  leave_broker(now);
}

void Session::refuse_broker(Instant now) {
  waits_for_hello_ = false;
  reason_.reset();
  leave_broker(now);
}

void Session::leave_broker(Instant now) {
  ready_ = false;
  ++failures_;
  broker_ = (broker_ + 1) % config_.brokers;
  heard_current_.reset();
  next_hello_ = now + backoff(config_, rng_, failures_);
}

void Session::step(Instant now, bool calls, bool answers, Effects& effects) {
  if (!answers) {
    awaiting_since_.reset();
  } else if (!awaiting_since_) {
    awaiting_since_ = now;
  }
  if (said_ == 0) return say_hello(now, effects);
  if (!calls) return;
  if (waits_for_hello_ && now >= hellos_.back().sent + config_.attempt_timeout) {
    on_unanswered(now, effects);
  }
  if (!waits_for_hello_ && hello_wanted(now)) say_hello(now, effects);
}

bool Session::hello_wanted(Instant now) const {
  if (!ready_) return now >= next_hello_;
  // Not only if the hello for it was never said: it may have been refused, or lost, while the late
  // answer to an earlier one made the broker ready.
  return wanted_ > fetched_ || now >= silent_at();
}

// When a broker that owes answers has been silent for too long.
Instant Session::silent_at() const {
  if (!awaiting_since_) return Instant::never();
  const Instant since =
      heard_current_ ? std::max(*heard_current_, *awaiting_since_) : *awaiting_since_;
  return since + config_.attempt_timeout;
}

void Session::say_hello(Instant now, Effects& effects) {
  hellos_.push_back({ids_.next(), ++said_, broker_, now});
  if (hellos_.size() > kHellosKept) hellos_.pop_front();
  waits_for_hello_ = true;
  schema::Envelope envelope;
  envelope.kind = schema::MessageKind::client_hello;
  envelope.request_id = hellos_.back().request_id;
  envelope.destination = schema::ToBroker{};
  envelope.remaining = config_.attempt_timeout;
  const ClusterId ours = map_ ? map_->cluster : config_.cluster;
  effects.to_brokers.push_back(
      {broker_, schema::make_message(envelope, schema::ClientHello{ours})});
}

void Session::on_unanswered(Instant now, Effects& effects) {
  waits_for_hello_ = false;
  const bool speaks = ready_ && heard_current_ && *heard_current_ >= hellos_.back().sent;
  if (speaks) return;  // the hello or its answer was lost, not the broker
  if (ready_ || failures_ == 0) {
    effects.log.push_back(
        {LogLevel::warning, fmt::format("broker {} does not answer; trying broker {}", broker_,
                                        (broker_ + 1) % config_.brokers)});
  }
  leave_broker(now);
}

Instant Session::next_tick(bool calls) const {
  if (said_ == 0) return created_;
  if (!calls) return Instant::never();
  if (waits_for_hello_) return hellos_.back().sent + config_.attempt_timeout;
  return ready_ ? silent_at() : next_hello_;
}

}  // namespace kipu::client

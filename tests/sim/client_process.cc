#include "tests/sim/client_process.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "schema/codec.h"

namespace kipu::sim {
namespace {
// A call must have completed by so much after its deadline.
constexpr Duration kSlack = std::chrono::milliseconds(100);
}  // namespace

ClientProcess::ClientProcess(World& world, Network& network, AdmissionModel& admission,
                             std::string name)
    : Peer(world, std::move(name)), network_(network), admission_(admission) {}

void ClientProcess::on_start() {
  network_.reconnect(*this);
  machine_ =
      std::make_unique<client::Machine>(world_.options.client, Rng(world_.rng.next()), now());
  schedule_tick();
  if (program_) program_();
}

void ClientProcess::on_crash() {
  machine_.reset();
  sent_.clear();
  for (auto& [id, open] : std::exchange(open_, {})) open.forgotten();
}

client::CallId ClientProcess::call(client::Call call, Duration timeout, Done done,
                                   std::function<void()> forgotten) {
  const client::CallId id{++last_call_};
  const Instant deadline = now().instant + timeout;
  constexpr const char* kNames[] = {"calls append",        "calls page", "calls count",
                                    "calls keys",          "calls scan", "calls map",
                                    "calls bucket_create", "calls ping", "calls status"};
  static_assert(std::size(kNames) == std::variant_size_v<client::Call>);
  world_.trace.tell(world_.now(), name(), kNames[call.index()], static_cast<std::uint64_t>(id));
  open_.emplace(id, Open{deadline, std::move(done), std::move(forgotten)});
  run([&](client::Machine& machine, client::Effects& effects) {
    machine.start(now(), id, std::move(call), deadline, effects);
  });
  post(timeout + kSlack, [this, id] { check_open(id); });
  return id;
}

void ClientProcess::cancel(client::CallId call) {
  if (!open_.contains(call)) return;
  run([&](client::Machine& machine, client::Effects& effects) {
    machine.cancel(now(), call, effects);
  });
  if (open_.contains(call)) world_.verdict.fail("I6", "a cancelled call goes on");
}

void ClientProcess::flush() {
  run([&](client::Machine& machine, client::Effects& effects) { machine.flush(now(), effects); });
}

void ClientProcess::receive(schema::Message message) {
  run([&](client::Machine& machine, client::Effects& effects) {
    machine.on_message(now(), 0, std::move(message), effects);
  });
}

void ClientProcess::tick() {
  run([&](client::Machine& machine, client::Effects& effects) { machine.on_tick(now(), effects); });
}

void ClientProcess::check_open(client::CallId call) {
  // After a pause, this may come before the tick that was due earlier.
  if (next_tick() <= now().instant) tick();
  if (open_.contains(call)) {
    world_.verdict.fail("I6", fmt::format("{} has not completed call {} by its deadline", name(),
                                          static_cast<std::uint64_t>(call)));
  }
}

void ClientProcess::carry_out(client::Effects effects) {
  world_.log(name(), effects.log);
  for (auto& outgoing : effects.to_brokers) {
    count_retries(outgoing.message);
    watch_sent(outgoing.message.envelope);
    const schema::Envelope envelope = outgoing.message.envelope;
    if (network_.to_broker(*this, std::move(outgoing.message))) continue;
    run([&](client::Machine& machine, client::Effects& more) {
      machine.on_undeliverable(now(), outgoing.broker, envelope, more);
    });
  }
  for (const auto& completion : effects.completions) complete(completion);
}

void ClientProcess::complete(const client::Completion& completion) {
  if (world_.options.plant == Plant::swallow_completion && world_.rng.one_in(200)) return;
  const auto found = open_.find(completion.call);
  if (found == open_.end()) {
    world_.verdict.fail("I6", name() + " completed a call twice");
    return;
  }
  world_.trace.tell(world_.now(), name(),
                    completion.reply ? "completes" : error_name(completion.reply.error().code),
                    static_cast<std::uint64_t>(completion.call));
  if (!completion.reply) world_.marks.read(completion.reply.error());
  const Open open = std::move(found->second);
  open_.erase(found);
  open.done(completion);
}

// Beside what callers ask for, a client asks for maps by itself.
void ClientProcess::watch_sent(const schema::Envelope& envelope) {
  if (envelope.kind == schema::MessageKind::client_hello) return;
  Duration waits{0};
  for (const auto& [id, open] : open_) waits = std::max(waits, open.deadline - now().instant);
  admission_.on_sent(name(), envelope.remaining, waits);
}

void ClientProcess::count_retries(const schema::Message& message) {
  if (message.envelope.kind != schema::MessageKind::append) return;
  const auto request = schema::decode<schema::AppendRequest>(message.body.view());
  if (!request) return world_.verdict.fail("client", "sent an append that does not decode");
  for (const Entry& entry : request->entries) {
    if (!sent_.insert(entry.id()).second) ++world_.totals.retries;
  }
}

}  // namespace kipu::sim

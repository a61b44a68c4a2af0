// A client as a simulated process: its machine, on the simulated network. When it crashes, its
// calls are forgotten: nobody learns what became of them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>

#include "client/machine.h"
#include "tests/sim/checkers/admission.h"
#include "tests/sim/network.h"

namespace kipu::sim {

class ClientProcess final : public Peer {
 public:
  using Done = std::function<void(const client::Completion&)>;

  ClientProcess(World& world, Network& network, AdmissionModel& admission, std::string name);

  // `done` is called once, unless the process crashes first: then `forgotten` is.
  client::CallId call(client::Call call, Duration timeout, Done done,
                      std::function<void()> forgotten);
  void cancel(client::CallId call);
  void flush();
  std::size_t open_calls() const { return open_.size(); }

  // What a program does that uses the client: called at each start of the process.
  void set_program(std::function<void()> program) { program_ = std::move(program); }

  void receive(schema::Message message) override;

 private:
  struct Open {
    Instant deadline;
    Done done;
    std::function<void()> forgotten;
  };

  void on_start() override;
  void on_crash() override;
  void tick() override;
  Instant next_tick() const override { return machine_->next_tick(); }

  template <class Handle>
  void run(Handle handle) {
    client::Effects effects;
    handle(*machine_, effects);
    carry_out(std::move(effects));
    schedule_tick();
  }
  void carry_out(client::Effects effects);
  void complete(const client::Completion& completion);
  void check_open(client::CallId call);
  void count_retries(const schema::Message& message);
  void watch_sent(const schema::Envelope& envelope);

  Network& network_;
  AdmissionModel& admission_;
  std::unique_ptr<client::Machine> machine_;
  std::function<void()> program_;
  std::map<client::CallId, Open> open_;
  std::set<EntryId> sent_;  // in this life
  std::uint64_t last_call_ = 0;
};

}  // namespace kipu::sim

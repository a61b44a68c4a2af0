// What the programs of a run do with their clients: appends, puts, removals, reads of every kind,
// buckets, calls that are wrong; and what they tell the models.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/stamp.h"
#include "tests/sim/checkers/buckets.h"
#include "tests/sim/checkers/model.h"
#include "tests/sim/client_process.h"

namespace kipu::sim {

// What the programs of one run share.
struct Shared {
  Shared(World& world, bool refusals_are_final)
      : model(world.verdict, refusals_are_final, world.options.replicas),
        buckets(world.verdict),
        calls_left(world.options.calls) {}

  Model model;
  BucketModel buckets;
  std::uint32_t calls_left;
  bool faults_ended = false;  // from then on nothing may fail
  std::uint32_t busy = 0;     // programs' activities under way
  std::uint64_t last_tag = 0;
  std::deque<WriteId> repeatable;  // writes that any program may ask for again
  client::MapReply map;            // the newest that anybody has got
};

class Program {
 public:
  Program(World& world, Shared& shared, ClientProcess& client);

  // Reads everything back through the client, by every kind of read. To be called once faults have
  // ended; it is done when Shared::busy is 0 again.
  void verify();

 private:
  struct Expected {
    std::optional<ErrorCode> error;  // the call must fail like this
    std::optional<ErrorCode> also;   // or may
    // Each replica must answer: where one cannot read its store, none can.
    bool needs_all = false;
  };

  void begin();
  void next();
  void next_after_a_while();
  void step();

  void append();
  void append_again();
  void put_or_remove();
  void write_wrongly();
  void create_bucket();
  void read_key();
  void count_key();
  void list_keys();
  void scan_partition();
  void fetch_map();
  void ping_or_status();

  void write(const std::string& bucket, const std::string& key, EntryKind kind, Values values,
             std::optional<Stamp> stamp, Level level, Expected expected);
  void ask(WriteId write, Level level, Expected expected);
  void start_write(WriteId write, client::AppendCall append, Expected expected);
  void on_written(WriteId write, Level level, const client::Completion& completion,
                  const Expected& expected);
  void on_created(BucketModel::Moment begun, const Bucket& bucket,
                  const client::Completion& completion);
  void on_map(BucketModel::Moment begun, const client::MapReply& map);
  void read_pages(PageQuery query, Expected expected);
  void count_pages(CountQuery query, Expected expected);
  void keys_pages(WorkerId worker, KeysQuery query, Expected expected);
  void scan_pages(ScanQuery query, Expected expected);
  void verify_bucket(const std::string& bucket);

  // Starts a call that is part of an activity. `done` gets what it returned, of type T, and the
  // activity ends there unless it returns true.
  template <class T, class Done>
  void ask_for(client::Call call, const Expected& expected, Done done);
  void call(client::Call call, ClientProcess::Done done, std::function<void()> forgotten);
  void end_activity();
  void check_error(const Error& error, const Expected& expected);
  Expected expected_of(const std::string& bucket) const;
  Expected expected_of_read(Level level, const std::string& bucket) const;

  // How many replicas a call of this level, or of that of its bucket, makes sure of.
  std::uint32_t readers(Level level, const std::string& bucket) const;
  std::uint32_t holders(Level level, const std::string& bucket) const;

  Duration draw_timeout();
  Level draw_read_level();
  Level draw_write_level();
  std::string draw_key();
  std::string draw_bucket(BucketMode mode);
  Values draw_values(std::uint32_t most);
  std::string draw_value();
  Bucket draw_new_bucket();
  StampTime draw_time();
  Stamp draw_stamp();

  World& world_;
  Shared& shared_;
  ClientProcess& client_;
  Rng rng_;
  std::optional<HybridClock> clock_;  // for stamps that the program makes, per life of the process
};

}  // namespace kipu::sim

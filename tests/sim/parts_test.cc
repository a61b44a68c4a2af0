// The parts of the simulator: its time, its processes, its network and its disks.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/disk.h"
#include "tests/sim/network.h"

namespace kipu::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class FakePeer final : public Peer {
 public:
  FakePeer(World& world, std::string name) : Peer(world, std::move(name)) {}
  void receive(schema::Message message) override {
    received.push_back(message.envelope.request_id);
  }
  std::vector<std::uint64_t> received;

 private:
  void on_start() override {}
  void on_crash() override {}
  void tick() override {}
  Instant next_tick() const override { return Instant::never(); }
};

class FakeHub final : public Hub {
 public:
  explicit FakeHub(World& world) : Hub(world, "broker") {}
  void receive(const PeerId& from, bool from_worker, schema::Message message) override {
    last_from = from;
    last_is_worker = from_worker;
    received.push_back(message.envelope.request_id);
  }
  std::vector<std::uint64_t> received;
  PeerId last_from;
  bool last_is_worker = false;

 private:
  void on_start() override {}
  void on_crash() override {}
  void tick() override {}
  Instant next_tick() const override { return Instant::never(); }
};

schema::Message message_of(std::uint64_t request) {
  schema::Message message;
  message.envelope.request_id = request;
  return message;
}

void run(World& world) {
  while (world.scheduler.step()) {
  }
}

TEST(SchedulerTest, RunsEventsInOrderOfTimeThenOfScheduling) {
  Scheduler scheduler;
  std::vector<int> order;
  scheduler.after(milliseconds(2), [&] { order.push_back(3); });
  scheduler.after(milliseconds(1), [&] { order.push_back(1); });
  scheduler.after(milliseconds(1), [&] { order.push_back(2); });
  while (scheduler.step()) {
  }
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(scheduler.now(), Duration(milliseconds(2)));
}

class PartsTest : public ::testing::Test {
 protected:
  explicit PartsTest(NetworkOptions network = {}) : world_(options_with(network), Print::nothing) {
    network_.set_hub(hub_);
    network_.add(peer_, true);
    hub_.start();
    peer_.start();
  }
  static Options options_with(NetworkOptions network) {
    Options options;
    options.network = network;
    return options;
  }

  World world_;
  Paths paths_{world_};
  Network network_{world_, paths_};
  FakeHub hub_{world_};
  FakePeer peer_{world_, "worker1"};
};

TEST_F(PartsTest, AProcessDoesNothingOfALifeThatHasEnded) {
  int events = 0;
  peer_.post(milliseconds(10), [&] { ++events; });
  peer_.crash();
  peer_.start();
  peer_.post(milliseconds(10), [&] { events += 10; });
  run(world_);
  EXPECT_EQ(events, 10);
}

TEST_F(PartsTest, APausedProcessGoesOnWithWhatHappenedMeanwhile) {
  std::vector<Duration> when;
  peer_.pause(seconds(1));
  peer_.post(milliseconds(10), [&] { when.push_back(world_.now()); });
  run(world_);
  EXPECT_EQ(when, std::vector<Duration>{seconds(1)});
}

TEST_F(PartsTest, AClockThatIsOffMovesWallTimeOnly) {
  const Now before = peer_.now();
  peer_.set_clock_off(seconds(-5));
  EXPECT_EQ(peer_.now().instant, before.instant);
  EXPECT_EQ(peer_.now().wall, before.wall - seconds(5));
}

TEST_F(PartsTest, TheNetworkCarriesMessagesBothWays) {
  EXPECT_TRUE(network_.to_broker(peer_, message_of(1)));
  run(world_);
  EXPECT_EQ(hub_.received, std::vector<std::uint64_t>{1});
  EXPECT_TRUE(hub_.last_is_worker);
  EXPECT_TRUE(network_.to_peer(hub_.last_from, message_of(2)));
  run(world_);
  EXPECT_EQ(peer_.received, std::vector<std::uint64_t>{2});
}

TEST_F(PartsTest, APeerHasAnotherNameOnANewConnection) {
  network_.to_broker(peer_, message_of(1));
  run(world_);
  const PeerId former = hub_.last_from;
  network_.to_broker(peer_, message_of(2));  // lost with the connection that it was on
  network_.reconnect(peer_);
  run(world_);
  EXPECT_EQ(hub_.received.size(), 1U);
  EXPECT_FALSE(network_.to_peer(former, message_of(3)));
  network_.to_broker(peer_, message_of(4));
  run(world_);
  EXPECT_NE(hub_.last_from, former);
}

TEST_F(PartsTest, ACutMayBeOneWay) {
  paths_.cut(peer_, hub_, seconds(1));
  network_.to_broker(peer_, message_of(1));
  run(world_);
  EXPECT_TRUE(hub_.received.empty());
  paths_.heal();
  network_.to_broker(peer_, message_of(2));
  run(world_);
  EXPECT_EQ(hub_.received, std::vector<std::uint64_t>{2});
}

class LossyNetworkTest : public PartsTest {
 protected:
  LossyNetworkTest() : PartsTest(odd()) {}
  static NetworkOptions odd() {
    NetworkOptions network;
    network.lost = 3000;
    network.duplicated = 3000;
    network.slow = 3000;
    network.refused = 1000;
    return network;
  }
};

TEST_F(LossyNetworkTest, LosesRepeatsAndReordersMessages) {
  std::uint64_t taken = 0;
  for (std::uint64_t i = 0; i < 1000; ++i)
    taken += network_.to_broker(peer_, message_of(i)) ? 1U : 0U;
  run(world_);
  EXPECT_LT(taken, 1000U);
  const auto& received = hub_.received;
  EXPECT_FALSE(std::is_sorted(received.begin(), received.end()));
  const std::set<std::uint64_t> distinct(received.begin(), received.end());
  EXPECT_LT(distinct.size(), taken);
  EXPECT_LT(distinct.size(), received.size());
}

class DiskTest : public PartsTest {
 protected:
  storage::Change entries(std::size_t count) {
    storage::Change change;
    for (std::size_t i = 0; i < count; ++i) {
      const Stamp stamp{StampTime(++time_), 1};
      const Values values{std::to_string(time_)};
      model_.begin_write("default", "k", EntryKind::append, values, std::nullopt);
      change.entries.push_back({{}, make_entry("default", "k", stamp, EntryKind::append, values)});
    }
    return change;
  }
  std::size_t stored() const {
    PageQuery query;
    query.bucket = "default";
    query.key = "k";
    return std::get<Page>(disk_.read(query).value()).entries.size();
  }

  Model model_{world_.verdict, true};
  StreamModel streams_{world_.verdict};
  Places places_;
  Disk disk_{world_, model_, streams_, places_, peer_, 0};

 private:
  std::uint64_t time_ = 0;
};

TEST_F(DiskTest, ReportsAWriteOnlyOnceItIsThere) {
  bool done = false;
  disk_.merge(entries(3), [&](const storage::Merged& merged) {
    done = true;
    EXPECT_TRUE(merged.status.has_value());
    EXPECT_EQ(stored(), 3U);
  });
  EXPECT_EQ(stored(), 0U);
  run(world_);
  EXPECT_TRUE(done);
}

TEST_F(DiskTest, KeepsOrLosesAWriteAsAWholeAtACrashAndReportsNeither) {
  std::set<std::size_t> kept;
  for (int i = 0; i < 50; ++i) {
    const std::size_t before = stored();
    disk_.merge(entries(3),
                [](const storage::Merged&) { ADD_FAILURE() << "reported after a crash"; });
    peer_.crash();
    disk_.crash();
    peer_.start();
    run(world_);
    kept.insert(stored() - before);
  }
  EXPECT_EQ(kept, (std::set<std::size_t>{0, 3}));
}

TEST_F(DiskTest, TakesNoMoreWritesAfterAFailureUntilItIsOpenedAnew) {
  disk_.fail_next_write();
  std::vector<bool> done;
  const auto note = [&](const storage::Merged& merged) {
    done.push_back(merged.status.has_value());
  };
  disk_.merge(entries(1), note);
  disk_.merge(entries(1), note);
  run(world_);
  EXPECT_TRUE(disk_.failed());
  peer_.crash();
  disk_.crash();
  peer_.start();
  disk_.merge(entries(1), note);
  run(world_);
  EXPECT_EQ(done, (std::vector<bool>{false, false, true}));
}

TEST_F(DiskTest, StallsForAsLongAsItIsTold) {
  disk_.stall(seconds(2));
  disk_.merge(entries(1), [](const storage::Merged&) {});
  run(world_);
  EXPECT_GE(world_.now(), Duration(seconds(2)));
}

}  // namespace
}  // namespace kipu::sim

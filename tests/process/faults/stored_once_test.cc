// Whatever is lost or killed on the way, and however often the client library asks again: what was
// acknowledged is stored once.
#include <algorithm>
#include <cstdio>
#include <memory>

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/process/faults/cluster.h"
#include "tests/process/faults/ledger.h"
#include "tests/support/proxy.h"
#include "tests/support/seed.h"

namespace kipu {
namespace {

using test::Cluster;
using test::eventually;
using test::Ledger;

constexpr std::size_t kWorkers = 3;  // each with a replica of everything
constexpr std::size_t kAppends = 300;

class StoredOnceTest : public testing::Test {
 protected:
  // Small batches, so that many requests are under way.
  Client client(const std::string& endpoint = {}) const {
    ClientOptions options;
    options.batch_entries = 4;
    if (!endpoint.empty()) options.brokers = {endpoint};
    return cluster_.client(options);
  }

  // Mostly as patient as the client library is asked to be; at times so little that it gives up.
  AppendOptions patience() {
    AppendOptions options;
    options.timeout = std::chrono::seconds(25);
    if (rng_.one_in(4)) options.timeout = std::chrono::milliseconds(400);
    return options;
  }

  Ledger& new_ledger() {
    const std::string name = "round" + std::to_string(ledgers_.size());
    return *ledgers_.emplace_back(std::make_unique<Ledger>(name));
  }

  void wait_for_answers(const Ledger& ledger) {
    ASSERT_TRUE(eventually([&] {
      cluster_.supervise();
      return ledger.open() == 0;
    })) << ledger.open()
        << " appends without an answer";
  }

  // Once more, after all of it was stopped in order; and says what the rounds were like.
  void expect_all_stored_once_after_a_restart() {
    cluster_.broker().kill(SIGTERM);
    for (std::size_t index = 0; index < kWorkers; ++index) cluster_.worker(index).kill(SIGTERM);
    EXPECT_EQ(cluster_.broker().wait(), (test::Ended{0, 0}));
    for (std::size_t index = 0; index < kWorkers; ++index) {
      EXPECT_EQ(cluster_.worker(index).wait(), (test::Ended{0, 0}));
    }
    cluster_.supervise();
    Client reader = client();
    std::size_t acknowledged = 0;
    std::size_t unknown = 0;
    for (const auto& ledger : ledgers_) {
      ledger->expect_stored_once(reader);
      acknowledged += ledger->acknowledged();
      unknown += ledger->unknown();
    }
    EXPECT_GT(acknowledged, 0U);
    std::printf("%zu rounds: %zu appends acknowledged, %zu of unknown outcome\n", ledgers_.size(),
                acknowledged, unknown);
  }

  const std::uint64_t seed_ = test::drawn_seed();
  Rng rng_{seed_};
  std::vector<std::unique_ptr<Ledger>> ledgers_;
  Cluster cluster_{{.workers = kWorkers, .replicas = kWorkers}};
};

TEST_F(StoredOnceTest, WhereARandomReplyIsLost) {
  test::Proxy proxy(cluster_.frontend());
  Client writer = client(proxy.endpoint());
  for (std::uint64_t round = 1; round <= 17; ++round) {
    Ledger& ledger = new_ledger();
    proxy.swallow(schema::MessageKind::append_reply, 1 + rng_.below(kAppends / 5));
    while (proxy.swallowed() < round) {
      ledger.append_many(writer, kAppends, patience());
      wait_for_answers(ledger);
    }
    EXPECT_EQ(proxy.swallowed(), round);
    ledger.expect_stored_once(writer);
  }
  expect_all_stored_once_after_a_restart();
}

TEST_F(StoredOnceTest, WhereAWorkerIsKilledBeforeOrAfterARandomSync) {
  Client writer = client();
  for (int round = 1; round <= 17; ++round) {
    Ledger& ledger = new_ledger();
    const test::Disk& disk = cluster_.disk(rng_.below(kWorkers));
    disk.break_down(rng_.one_in(2) ? "kill_before" : "kill_after", 1 + rng_.below(8));
    while (!disk.has_struck()) {
      ledger.append_many(writer, kAppends, patience());
      wait_for_answers(ledger);
    }
    ledger.expect_stored_once(writer);
  }
  expect_all_stored_once_after_a_restart();
}

TEST_F(StoredOnceTest, WhereTheBrokerIsKilledInMidFlight) {
  Client writer = client();
  for (int round = 1; round <= 16; ++round) {
    Ledger& ledger = new_ledger();
    const AppendOptions options = patience();
    const std::size_t before = 1 + rng_.below(kAppends - 1);
    ledger.append_many(writer, before, options);
    cluster_.broker().kill(SIGKILL);
    ledger.append_many(writer, kAppends - before, options);
    EXPECT_GT(ledger.open(), 0U);
    EXPECT_EQ(cluster_.broker().wait(), (test::Ended{-1, SIGKILL}));
    wait_for_answers(ledger);
    ledger.expect_stored_once(writer);
  }
  expect_all_stored_once_after_a_restart();
}

TEST_F(StoredOnceTest, WhereAllProcessesAreKilledAtOnceInMidFlight) {
  Client writer = client();
  for (int round = 1; round <= 4; ++round) {
    Ledger& ledger = new_ledger();
    const AppendOptions options = patience();
    ledger.append_many(writer, 1 + rng_.below(kAppends - 1), options);
    cluster_.broker().kill(SIGKILL);
    for (std::size_t index = 0; index < kWorkers; ++index) cluster_.worker(index).kill(SIGKILL);
    ledger.append_many(writer, 100, options);
    cluster_.broker().wait();
    for (std::size_t index = 0; index < kWorkers; ++index) cluster_.worker(index).wait();
    wait_for_answers(ledger);
    ledger.expect_stored_once(writer);
  }
  expect_all_stored_once_after_a_restart();
}

// A worker that was paused finds, when it goes on, requests that were given up and asked again.
TEST_F(StoredOnceTest, WhereAWorkerIsPausedInMidFlight) {
  Client writer = client();
  for (int round = 1; round <= 4; ++round) {
    Ledger& ledger = new_ledger();
    const std::size_t paused = rng_.below(kWorkers);
    const AppendOptions options = patience();
    ledger.append_many(writer, 1 + rng_.below(kAppends - 1), options);
    cluster_.worker(paused).kill(SIGSTOP);
    ledger.append_many(writer, 100, options);
    const auto suspects = [](const ClusterStatus& status) {
      return std::count_if(status.workers.begin(), status.workers.end(),
                           [](const auto& worker) { return worker.liveness == Liveness::suspect; });
    };
    EXPECT_TRUE(eventually([&] { return suspects(test::must(writer.status())) == 1; }));
    cluster_.worker(paused).kill(SIGCONT);
    wait_for_answers(ledger);
    ledger.expect_stored_once(writer);
  }
  expect_all_stored_once_after_a_restart();
}

}  // namespace
}  // namespace kipu

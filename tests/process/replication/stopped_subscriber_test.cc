// A replica that is stopped while much is written past it: nobody keeps that for it in memory, and
// it has all of it once it goes on.
//
// Bound: 96 MiB of anonymous memory (RssAnon) for each of broker, workers and writer, at any time.
// What scripts/test writes past it is more than that; scripts/replication writes 1 GiB.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <semaphore>
#include <string>

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/process/faults/cluster.h"
#include "tests/support/memory_watch.h"

namespace kipu::test {
namespace {

constexpr std::uint64_t kMostKib = std::uint64_t{96} * 1024;
constexpr std::size_t kValueBytes = std::size_t{8} * 1024;
constexpr std::size_t kKeys = 64;
constexpr std::size_t kUnderWay = 256;

std::size_t mebibytes() {
  const char* text = std::getenv("KIPU_PAST_MIB");
  return text == nullptr ? 128 : std::stoul(text);
}

std::string key_of(std::size_t number) {
  return "key" + std::to_string(number % kKeys);
}

class StoppedSubscriberTest : public testing::Test {
 protected:
  static constexpr std::size_t kStopped = 2;

  static ClusterOptions three_replicas() {
    ClusterOptions options;
    options.workers = 3;
    options.replicas = 3;
    return options;
  }

  std::vector<pid_t> processes() {
    return {getpid(), cluster_.broker().pid(), cluster_.worker(0).pid(), cluster_.worker(1).pid(),
            cluster_.worker(kStopped).pid()};
  }

  // How many of them were acknowledged.
  std::size_t write(std::size_t count) {
    std::counting_semaphore<kUnderWay> room(kUnderWay);
    std::atomic<std::size_t> acknowledged = 0;
    const std::string padding(kValueBytes, '.');
    for (std::size_t i = 0; i < count; ++i, ++written_) {
      room.acquire();
      client_.append_async(key_of(written_), Values{std::to_string(written_) + padding}, {},
                           [&](const Result<Stamp>& stamp, std::optional<Stamp>) {
                             if (stamp) ++acknowledged;
                             room.release();
                           });
    }
    client_.flush();
    return acknowledged;
  }

  // What its coordinators have that the stopped one has not acknowledged. Nothing if one of them
  // has not said.
  std::optional<std::uint64_t> lag() {
    const auto status = client_.status();
    if (!status) return std::nullopt;
    std::uint64_t entries = 0;
    for (const WorkerStatus& worker : status->workers) {
      if (worker.liveness != Liveness::alive) return std::nullopt;
      for (const ReplicaLag& behind : worker.health.lags) entries += behind.entries;
    }
    return entries;
  }

  // Patience lasts from the last progress, since how long it takes depends on how much was written.
  bool catches_up() {
    std::uint64_t least = UINT64_MAX;
    auto progress = std::chrono::steady_clock::now();
    while (least > 0) {
      const auto now = std::chrono::steady_clock::now();
      const auto entries = lag();
      if (entries && *entries < least) {
        least = *entries;
        progress = now;
      }
      if (now - progress > kPatience) return false;
      pause_between_checks();
    }
    return true;
  }

  std::size_t expect_same(const std::string& key) {
    std::vector<EntryId> first;
    for (std::uint32_t number = 1; number <= 3; ++number) {
      std::vector<EntryId> ids;
      ReadOptions options;
      options.from_worker = WorkerId{number};
      for (const auto& item : client_.values(key, options)) ids.push_back(must(item).id);
      if (number == 1) first = ids;
      EXPECT_EQ(ids, first) << key << " differs on worker " << number;
    }
    return first.size();
  }

  Cluster cluster_{three_replicas()};
  Client client_ = cluster_.client();
  std::size_t written_ = 0;
};

TEST_F(StoppedSubscriberTest, MakesNoOtherGrowAndCatchesUp) {
  ASSERT_TRUE(eventually([&] { return client_.append(key_of(0), "ready").has_value(); }));
  MemoryWatch watch(processes());
  cluster_.worker(kStopped).kill(SIGSTOP);
  const std::size_t count = mebibytes() * 1024 * 1024 / kValueBytes;
  EXPECT_EQ(write(count), count);
  cluster_.worker(kStopped).kill(SIGCONT);
  EXPECT_TRUE(catches_up());
  watch.expect_at_most(kMostKib, "a replica stopped while much was written");
  std::size_t stored = 0;
  for (std::size_t key = 0; key < kKeys; ++key) stored += expect_same(key_of(key));
  EXPECT_EQ(stored, count + 1);
}

}  // namespace
}  // namespace kipu::test

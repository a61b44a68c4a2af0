// A broker and two workers on threads of their own, over the in-process bus.
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "cluster/map.h"
#include "tests/runtime/runtimes.h"
#include "tests/support/raw_client.h"

namespace kipu {
namespace {

using test::RawClient;
using test::RuntimesTest;
using test::Worker;

// A worker that has just heard of the map may still wait for its first lease, and refuses until
// then.
Status append_soon(RawClient& client, const schema::ClusterMap& map, const Entry& entry) {
  Status status;
  test::eventually([&] {
    status = client.append(map, entry);
    return status.has_value();
  });
  return status;
}

class ClusterRuntimeTest : public RuntimesTest {
 protected:
  static constexpr std::uint32_t kWorkers = 2;
  ClusterRuntimeTest() : RuntimesTest(kWorkers, 1) {}
};

TEST_F(ClusterRuntimeTest, IsBornAndServesWhatWasAppended) {
  RawClient client(*bus_, "frontend");
  const auto map = client.wait_for_map();
  ASSERT_TRUE(map);
  EXPECT_EQ(map->workers.size(), kWorkers);
  for (int at = 0; at < 50; ++at) {
    const std::string key = "key" + std::to_string(at);
    const auto status = append_soon(client, *map, test::entry_now(key, "value of " + key));
    ASSERT_TRUE(status) << status.error().message;
  }
  for (int at = 0; at < 50; ++at) {
    const std::string key = "key" + std::to_string(at);
    EXPECT_EQ(values_of(client.page(*map, key)), std::vector<std::string>{"value of " + key});
  }
}

TEST_F(ClusterRuntimeTest, ServesSeveralClientsAtOnce) {
  std::vector<std::thread> threads;
  std::mutex stamping;
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back([this, number, &stamping] {
      RawClient client(*bus_, "frontend");
      const auto map = client.wait_for_map();
      ASSERT_TRUE(map);
      const std::string key = "client" + std::to_string(number);
      for (int at = 0; at < 25; ++at) {
        std::unique_lock lock(stamping);
        const Entry entry = test::entry_now(key, std::to_string(at));
        lock.unlock();
        ASSERT_TRUE(append_soon(client, *map, entry));
      }
      EXPECT_EQ(values_of(client.page(*map, key)).size(), 25U);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ClusterRuntimeTest, StopsWithoutAnError) {
  RawClient client(*bus_, "frontend");
  ASSERT_TRUE(client.wait_for_map());
  EXPECT_TRUE(broker_->stop());
  for (const auto& worker : workers_) EXPECT_TRUE(worker->stop());
}

TEST_F(ClusterRuntimeTest, AnswersWhatIsInFlightBeforeItStops) {
  RawClient client(*bus_, "frontend");
  const auto map = client.wait_for_map();
  ASSERT_TRUE(map);
  const Entry entry = test::entry_now("key", "value");
  const auto partition = cluster::partition_of(entry.bucket, entry.key, 16);
  test::GatedStore* store = nullptr;
  Worker* worker = nullptr;
  for (std::size_t at = 0; at < stores_.size(); ++at) {
    const auto* member = cluster::find_worker(*map, stores_[at]->info().store);
    ASSERT_NE(member, nullptr);
    if (member->id != cluster::coordinator_of(*map, partition)) continue;
    store = stores_[at].get();
    worker = workers_[at].get();
  }
  ASSERT_NE(store, nullptr);
  store->close();
  Status appended;
  std::thread asking([&] { appended = append_soon(client, *map, entry); });
  store->wait_for_merge();
  std::thread stopping_broker([&] { EXPECT_TRUE(broker_->stop()); });
  std::thread stopping_worker([&] { EXPECT_TRUE(worker->stop()); });
  store->open();
  asking.join();
  EXPECT_TRUE(appended) << appended.error().message;
  stopping_broker.join();
  stopping_worker.join();
}

TEST_F(ClusterRuntimeTest, GoesOnWithANewBroker) {
  RawClient client(*bus_, "frontend");
  const auto before = client.wait_for_map();
  ASSERT_TRUE(before);
  ASSERT_TRUE(append_soon(client, *before, test::entry_now("key", "old")));
  broker_.reset();
  start_broker();
  const auto after = client.wait_for_map();
  ASSERT_TRUE(after);
  EXPECT_GT(after->version.generation, before->version.generation);
  EXPECT_EQ(after->placement, before->placement);
  EXPECT_EQ(values_of(client.page(*after, "key")), std::vector<std::string>{"old"});
}

TEST_F(ClusterRuntimeTest, GoesOnWithANewRuntimeOverTheSameStore) {
  RawClient client(*bus_, "frontend");
  const auto map = client.wait_for_map();
  ASSERT_TRUE(map);
  ASSERT_TRUE(append_soon(client, *map, test::entry_now("key", "old")));
  for (std::size_t at = 0; at < workers_.size(); ++at) {
    workers_[at].reset();
    stores_[at]->reopen();
    workers_[at] = start_worker(*stores_[at]);
  }
  // Until both are back, the broker says that they are not.
  EXPECT_TRUE(test::eventually([&] { return client.page(*map, "key").has_value(); }));
  EXPECT_EQ(values_of(client.page(*map, "key")), std::vector<std::string>{"old"});
}

TEST_F(ClusterRuntimeTest, RefusesAnEndpointInUse) {
  broker::RuntimeOptions options;
  options.config.cluster = ClusterId{Uuid{1, 2}};
  options.frontend = "frontend";
  options.backend = "another";
  const auto made = broker::Runtime::create(*bus_, options, Rng(1), {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::in_use);
}

TEST_F(ClusterRuntimeTest, RefusesMoreReplicasThanWorkers) {
  broker::RuntimeOptions options;
  options.config.cluster = ClusterId{Uuid{1, 2}};
  options.config.replicas = options.config.workers + 1;
  const auto made = broker::Runtime::create(*bus_, options, Rng(1), {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace kipu

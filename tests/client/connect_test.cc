#include <chrono>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/limits.h"
#include "bus/process_bus.h"
#include "client/open.h"
#include "kipu/client.h"
#include "tests/client/fake_cluster.h"

namespace kipu {
namespace {

using test::FakeCluster;

ErrorCode refused(bus::Bus& bus, const ClientOptions& options) {
  const auto client = client::open(bus, options, nullptr);
  return client ? ErrorCode::internal : client.error().code;
}

TEST(ConnectTest, RefusesOptionsThatCannotBe) {
  FakeCluster cluster;
  ClientOptions options = cluster.options();
  options.brokers.clear();
  EXPECT_EQ(refused(cluster.bus(), options), ErrorCode::invalid_argument);
  options = cluster.options();
  options.batch_bytes = limits::kMaxBatchBytes + 1;
  EXPECT_EQ(refused(cluster.bus(), options), ErrorCode::invalid_argument);
  options = cluster.options();
  options.batch_entries = 0;
  EXPECT_EQ(refused(cluster.bus(), options), ErrorCode::invalid_argument);
  options = cluster.options();
  options.in_flight_bytes = 0;
  EXPECT_EQ(refused(cluster.bus(), options), ErrorCode::invalid_argument);
}

TEST(ConnectTest, IsUnavailableWhereNobodyAnswers) {
  const auto bus = bus::make_process_bus();
  ClientOptions options;
  options.brokers = {"fake://nobody"};
  options.timeout = std::chrono::milliseconds(300);
  EXPECT_EQ(refused(*bus, options), ErrorCode::unavailable);
  options.timeout = std::chrono::hours(1);
  options.connect_timeout = std::chrono::milliseconds(300);
  EXPECT_EQ(refused(*bus, options), ErrorCode::unavailable);
}

TEST(ConnectTest, RefusesAnotherCluster) {
  FakeCluster cluster;
  ClientOptions options = cluster.options();
  options.cluster = ClusterId{Uuid{1, 2}};
  EXPECT_EQ(refused(cluster.bus(), options), ErrorCode::wrong_cluster);
}

TEST(ConnectTest, FindsTheBrokerThatAnswers) {
  FakeCluster cluster;
  ClientOptions options = cluster.options();
  options.brokers.insert(options.brokers.begin(), "fake://nobody");
  Client client = cluster.connect(options);
  EXPECT_TRUE(client.append("key", "value"));
}

TEST(AskStatusTest, IsAnsweredWhileTheClusterIsNotReady) {
  FakeCluster cluster;
  cluster.wait_for_workers("2 of 3 workers to be born: 1 has come");
  const auto status = client::ask_status(cluster.bus(), cluster.options());
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->phase, ClusterPhase::birth);
  EXPECT_EQ(status->waiting_for, "2 of 3 workers to be born: 1 has come");
  // While nothing else is.
  ClientOptions options = cluster.options();
  options.timeout = std::chrono::milliseconds(300);
  const auto client = client::open(cluster.bus(), options, nullptr);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, ErrorCode::unavailable);
  EXPECT_NE(client.error().message.find("waiting for 2 of 3"), std::string::npos)
      << client.error().message;
}

TEST(AskStatusTest, IsAnsweredOnceItIsReady) {
  FakeCluster cluster;
  const auto status = client::ask_status(cluster.bus(), cluster.options());
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->phase, ClusterPhase::in_force);
  EXPECT_FALSE(status->in_force.is_none());
}

TEST(AskStatusTest, FindsTheBrokerThatAnswers) {
  FakeCluster cluster;
  cluster.wait_for_workers("2 of 3 workers");
  ClientOptions options = cluster.options();
  options.brokers.insert(options.brokers.begin(), "fake://nobody");
  EXPECT_TRUE(client::ask_status(cluster.bus(), options));
}

TEST(AskStatusTest, IsUnavailableWhereNobodyAnswersInTime) {
  FakeCluster cluster;
  cluster.refuse([](const schema::Message&) {
    return std::optional<Error>({ErrorCode::unavailable, "waiting for 2 of 3 workers"});
  });
  ClientOptions options = cluster.options();
  options.timeout = std::chrono::milliseconds(300);
  auto status = client::ask_status(cluster.bus(), options);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::unavailable);
  options.brokers = {"fake://nobody"};
  options.timeout = std::chrono::hours(1);
  options.connect_timeout = std::chrono::milliseconds(300);
  status = client::ask_status(cluster.bus(), options);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::unavailable);
}

TEST(AskStatusTest, RefusesAnotherCluster) {
  FakeCluster cluster;
  ClientOptions options = cluster.options();
  options.cluster = ClusterId{Uuid{1, 2}};
  const auto status = client::ask_status(cluster.bus(), options);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::wrong_cluster);
}

TEST(ConnectTest, MovesAClientOverAnother) {
  FakeCluster one;
  FakeCluster two;
  Client client = one.connect();
  ASSERT_TRUE(client.append("key", "in one"));
  client = two.connect();
  EXPECT_FALSE(*client.exists("key"));
  Client moved = std::move(client);
  EXPECT_TRUE(moved.append("key", "in two"));
}

}  // namespace
}  // namespace kipu

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

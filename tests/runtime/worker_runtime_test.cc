// The worker's runtime with a socket in the broker's place.
#include <thread>

#include <gtest/gtest.h>

#include "bus/process_bus.h"
#include "schema/codec.h"
#include "tests/runtime/stores.h"
#include "tests/support/process.h"
#include "worker/runtime.h"

namespace kipu {
namespace {

using test::eventually;

class WorkerRuntimeTest : public testing::Test {
 protected:
  void start(storage::Store& store) {
    worker::RuntimeOptions options;
    options.broker = "backend";
    options.peers = {"stream:0", "peer:0", ""};
    auto made = worker::Runtime::create(*bus_, store, options, Rng(1), {});
    ASSERT_TRUE(made);
    runtime_ = std::move(*made);
    thread_ = std::thread([this] { status_ = runtime_->run(); });
  }
  // The next message of that kind from the worker.
  std::optional<bus::Incoming> expect(schema::MessageKind kind) {
    std::optional<bus::Incoming> found;
    EXPECT_TRUE(eventually([&] {
      std::vector<bus::Incoming> got;
      broker_->receive(got, 1);
      if (!got.empty() && got[0].message.envelope.kind == kind) found = std::move(got[0]);
      return found.has_value();
    }));
    return found;
  }
  template <class Body>
  void send(const PeerId& to, schema::MessageKind kind, const Body& body) {
    schema::Envelope envelope;
    envelope.kind = kind;
    envelope.remaining = std::chrono::seconds(10);
    ASSERT_TRUE(broker_->send(to, schema::make_message(envelope, body)));
  }
  static schema::ClusterMap map_with(StoreId store) {
    schema::Worker worker;
    worker.id = WorkerId{1};
    worker.store = store;
    schema::ClusterMap map;
    map.cluster = kCluster;
    map.version = MapVersion{1, 1, 1};
    map.buckets.push_back(Bucket{"default"});
    map.workers.push_back(worker);
    map.placement.assign(4, {worker.id});
    return map;
  }
  // How it ended.
  Status join() {
    if (thread_.joinable()) thread_.join();
    return status_;
  }
  void TearDown() override {
    if (runtime_) runtime_->stop();
    join();
  }

  static constexpr ClusterId kCluster{Uuid{1, 2}};
  std::unique_ptr<bus::Bus> bus_ = bus::make_process_bus();
  std::unique_ptr<bus::Socket> broker_ = std::move(*bus_->bind_router("backend"));
  test::WrappedStore store_{7};
  test::FailingStore failing_store_{8};
  std::unique_ptr<worker::Runtime> runtime_;
  Status status_;
  std::thread thread_;
};

TEST_F(WorkerRuntimeTest, SaysHelloSavesItsMapAndStops) {
  start(store_);
  const auto hello = expect(schema::MessageKind::worker_hello);
  ASSERT_TRUE(hello);
  const auto body = schema::decode<schema::WorkerHello>(hello->message.body.view());
  ASSERT_TRUE(body);
  EXPECT_EQ(body->store, store_.info().store);
  send(hello->from, schema::MessageKind::worker_welcome, schema::WorkerWelcome{kCluster, {}, {}});
  send(hello->from, schema::MessageKind::map_store, map_with(body->store));
  ASSERT_TRUE(expect(schema::MessageKind::map_stored));
  runtime_->stop();
  EXPECT_TRUE(join());
  EXPECT_EQ(store_.info().cluster, kCluster);
}

TEST_F(WorkerRuntimeTest, EndsWithTheReasonWhenItsStoreFails) {
  start(failing_store_);
  const auto hello = expect(schema::MessageKind::worker_hello);
  ASSERT_TRUE(hello);
  send(hello->from, schema::MessageKind::worker_welcome, schema::WorkerWelcome{kCluster, {}, {}});
  send(hello->from, schema::MessageKind::map_store, map_with(failing_store_.info().store));
  const Status status = join();
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("the disk is gone"), std::string::npos)
      << status.error().message;
}

// Its supervisor tells by the code whether the disk is at fault.
TEST_F(WorkerRuntimeTest, EndsWithTheCodeOfTheBrokersRefusal) {
  start(store_);
  const auto hello = expect(schema::MessageKind::worker_hello);
  ASSERT_TRUE(hello);
  schema::Envelope envelope;
  envelope.request_id = hello->message.envelope.request_id;
  const schema::ErrorReply refusal{{ErrorCode::unsupported, "this version cannot add workers"}};
  ASSERT_TRUE(broker_->send(hello->from, schema::make_message(envelope, refusal)));
  const Status status = join();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::unsupported);
}

TEST_F(WorkerRuntimeTest, TellsTheBrokerWhereOthersFindIt) {
  start(store_);
  const auto hello = expect(schema::MessageKind::worker_hello);
  ASSERT_TRUE(hello);
  const auto body = schema::decode<schema::WorkerHello>(hello->message.body.view());
  ASSERT_TRUE(body);
  EXPECT_EQ(body->endpoints, runtime_->endpoints());
  EXPECT_FALSE(body->endpoints.peer.ends_with(":0"));
  EXPECT_FALSE(bus_->bind_pub(body->endpoints.stream));
  EXPECT_FALSE(bus_->bind_router(body->endpoints.peer));
}

TEST_F(WorkerRuntimeTest, RefusesAnEndpointInUse) {
  worker::RuntimeOptions options;
  options.broker = "another";
  options.peers = {"", "backend", ""};
  const auto made = worker::Runtime::create(*bus_, store_, options, Rng(1), {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::in_use);
}

TEST_F(WorkerRuntimeTest, StopsThoughNoBrokerEverAnswered) {
  start(store_);
  ASSERT_TRUE(expect(schema::MessageKind::worker_hello));
  runtime_->stop();
  EXPECT_TRUE(join());
}

}  // namespace
}  // namespace kipu

// Two workers' sockets to one another, over the in-process bus.
#include <gtest/gtest.h>

#include "bus/process_bus.h"
#include "tests/support/process.h"
#include "worker/runtime_peers.h"

namespace kipu::worker {
namespace {

using test::eventually;

constexpr StoreId kOne{Uuid{1, 10}};
constexpr StoreId kTwo{Uuid{2, 20}};
constexpr StoreId kThree{Uuid{3, 30}};

schema::Message message(std::uint64_t id) {
  schema::Message made;
  made.envelope.kind = schema::MessageKind::standing;
  made.envelope.request_id = id;
  return made;
}

// A worker's sockets, and what came by them.
struct Side {
  Side(bus::Bus& bus, StoreId store, const PeerOptions& options = {"stream:0", "peer:0", ""})
      : poller(bus.make_poller().value()) {
    auto made = PeerSockets::bind(bus, *poller, options, store,
                                  [this](const LogLine& line) { log.push_back(line.text); });
    EXPECT_TRUE(made);
    if (made) sockets = std::move(*made);
  }
  void receive() {
    sockets->receive(
        16, [this](const auto& each) { peer.push_back(each.envelope.request_id); },
        [this](const auto& each) { stream.push_back(each.envelope.request_id); });
  }
  const schema::Endpoints& endpoints() const { return sockets->endpoints(); }

  std::unique_ptr<bus::Poller> poller;
  std::vector<std::string> log;
  std::vector<std::uint64_t> peer;
  std::vector<std::uint64_t> stream;
  std::unique_ptr<PeerSockets> sockets;  // last: it leaves the poller when it goes
};

class BusThatConnectsNowhere final : public bus::Bus {
 public:
  using Made = Result<std::unique_ptr<bus::Socket>>;
  explicit BusThatConnectsNowhere(bus::Bus* later = nullptr) : later_(later) {}
  void connect_from_now_on() { connects_ = true; }

  Made bind_router(const std::string& endpoint) override { return inner_->bind_router(endpoint); }
  Made bind_pub(const std::string& endpoint) override { return inner_->bind_pub(endpoint); }
  Made connect_dealer(const std::string& endpoint) override {
    return connects_ ? later_->connect_dealer(endpoint) : refuse(endpoint);
  }
  Made connect_sub(const std::string& endpoint, const std::string& topic) override {
    return connects_ ? later_->connect_sub(endpoint, topic) : refuse(endpoint);
  }
  Result<std::unique_ptr<bus::Poller>> make_poller() override { return inner_->make_poller(); }

 private:
  static Made refuse(const std::string& endpoint) {
    return fail(ErrorCode::invalid_argument, "no endpoint: " + endpoint);
  }
  std::unique_ptr<bus::Bus> inner_ = bus::make_process_bus();
  bus::Bus* const later_;
  bool connects_ = false;
};

using Ids = std::vector<std::uint64_t>;

class PeerSocketsTest : public testing::Test {
 protected:
  PeerSocketsTest() {
    const Peers all{{{kOne, one_.endpoints()}, {kTwo, two_.endpoints()}}};
    one_.sockets->connect(all);
    two_.sockets->connect(all);
  }

  std::unique_ptr<bus::Bus> bus_ = bus::make_process_bus();
  Side one_{*bus_, kOne};
  Side two_{*bus_, kTwo};
};

TEST_F(PeerSocketsTest, CarriesWhatIsSentAndWhatIsPublished) {
  one_.sockets->send({kTwo, message(1)});
  two_.sockets->send({kOne, message(2)});
  one_.sockets->publish({kTwo, message(3)});
  one_.sockets->publish({kThree, message(4)});
  two_.poller->wait(test::kPatience);
  one_.receive();
  two_.receive();
  EXPECT_EQ(two_.peer, Ids{1});
  EXPECT_EQ(one_.peer, Ids{2});
  EXPECT_EQ(two_.stream, Ids{3});
  EXPECT_TRUE(one_.stream.empty());
}

TEST_F(PeerSocketsTest, WakesForAStreamAlone) {
  one_.sockets->publish({kTwo, message(1)});
  two_.poller->wait(std::chrono::hours(1));
  two_.receive();
  EXPECT_EQ(two_.stream, Ids{1});
}

TEST_F(PeerSocketsTest, TakesABoundedNumberFromEachSocketAtOnce) {
  for (std::uint64_t id = 0; id < 20; ++id) {
    one_.sockets->send({kTwo, message(id)});
    one_.sockets->publish({kTwo, message(id)});
  }
  two_.receive();
  EXPECT_EQ(two_.peer.size(), 16U);
  EXPECT_EQ(two_.stream.size(), 16U);
  two_.receive();
  EXPECT_EQ(two_.peer.size(), 20U);
}

TEST_F(PeerSocketsTest, DropsWhatIsForNobodyInTheMap) {
  one_.sockets->send({kThree, message(1)});
  one_.sockets->connect({});
  one_.sockets->send({kTwo, message(2)});
  two_.sockets->publish({kOne, message(3)});
  one_.receive();
  two_.receive();
  EXPECT_TRUE(two_.peer.empty());
  EXPECT_TRUE(one_.stream.empty());
}

TEST_F(PeerSocketsTest, KeepsTheConnectionOfWhoeverStaysWhereItWas) {
  const auto router = std::move(*bus_->bind_router("router"));
  Peers peers{{{kThree, {"nobody", "router"}}}};
  std::vector<bus::Incoming> got;
  for (int round = 0; round < 2; ++round) {
    one_.sockets->connect(peers);
    one_.sockets->send({kThree, message(1)});
    peers.addresses[kTwo] = two_.endpoints();
  }
  peers.addresses[kThree].peer = "elsewhere";
  one_.sockets->connect(peers);
  peers.addresses[kThree].peer = "router";
  one_.sockets->connect(peers);
  one_.sockets->send({kThree, message(1)});
  router->receive(got, 16);
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0].from, got[1].from);
  EXPECT_NE(got[1].from, got[2].from);
}

TEST_F(PeerSocketsTest, FollowsAWorkerThatMoved) {
  Side moved(*bus_, kTwo);
  ASSERT_NE(moved.endpoints(), two_.endpoints());
  one_.sockets->connect({{{kTwo, moved.endpoints()}}});
  one_.sockets->send({kTwo, message(1)});
  moved.sockets->publish({kOne, message(2)});
  two_.sockets->publish({kOne, message(3)});
  moved.receive();
  two_.receive();
  one_.receive();
  EXPECT_EQ(moved.peer, Ids{1});
  EXPECT_TRUE(two_.peer.empty());
  EXPECT_EQ(one_.stream, Ids{2});
}

TEST_F(PeerSocketsTest, SubscribesAnewWhenToldTo) {
  one_.sockets->publish({kTwo, message(1)});
  two_.sockets->resubscribe(kOne);
  two_.sockets->resubscribe(kThree);
  one_.sockets->publish({kTwo, message(2)});
  two_.receive();
  EXPECT_EQ(two_.stream, Ids{2}) << "what the old subscription held goes with it";
}

TEST_F(PeerSocketsTest, SaysOnceThatAPeerTakesNothingMore) {
  for (std::uint64_t id = 0; id < 20'000; ++id) one_.sockets->send({kTwo, message(id)});
  ASSERT_EQ(one_.log.size(), 1U);
  EXPECT_NE(one_.log[0].find(kTwo.id.to_string()), std::string::npos);
}

TEST_F(PeerSocketsTest, GoesOnWithoutAPeerThatHasNoEndpointToUse) {
  BusThatConnectsNowhere bus;
  Side side(bus, kOne);
  side.sockets->connect({{{kTwo, {"no endpoint", "nor this"}}, {kThree, {}}}});
  side.sockets->send({kTwo, message(1)});
  side.sockets->send({kThree, message(1)});
  EXPECT_EQ(side.log.size(), 2U);
}

// As where there was no file descriptor for it.
TEST_F(PeerSocketsTest, ReachesAPeerAnewThatItCouldNotReachBefore) {
  BusThatConnectsNowhere bus(bus_.get());
  Side side(bus, kThree);
  side.sockets->connect({{{kTwo, two_.endpoints()}}});
  bus.connect_from_now_on();
  side.sockets->resubscribe(kTwo);
  side.sockets->send({kTwo, message(1)});
  two_.receive();
  EXPECT_EQ(two_.peer, Ids{1});
}

TEST_F(PeerSocketsTest, BindsNothingWhereNothingIsAskedFor) {
  Side alone(*bus_, kThree, {});
  EXPECT_EQ(alone.endpoints(), schema::Endpoints{});
  alone.sockets->publish({kOne, message(1)});
  alone.receive();
  EXPECT_TRUE(alone.peer.empty());
}

TEST_F(PeerSocketsTest, RefusesAnEndpointInUse) {
  for (const PeerOptions& options : {PeerOptions{one_.endpoints().stream, "peer:0", ""},
                                     PeerOptions{"stream:0", one_.endpoints().peer, ""}}) {
    const auto made = PeerSockets::bind(*bus_, *one_.poller, options, kThree, {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::in_use);
  }
}

TEST(AdvertisedEndpointTest, NamesTheHostThatOthersConnectTo) {
  EXPECT_EQ(advertised_endpoint("tcp://127.0.0.1:7403", ""), "tcp://127.0.0.1:7403");
  EXPECT_EQ(advertised_endpoint("tcp://0.0.0.0:7403", "db1.example"), "tcp://db1.example:7403");
  EXPECT_EQ(advertised_endpoint("tcp://[::]:7403", "fd00::1"), "tcp://[fd00::1]:7403");
  EXPECT_EQ(advertised_endpoint("tcp://[::1]:7403", "[fd00::1]"), "tcp://[fd00::1]:7403");
  EXPECT_EQ(advertised_endpoint("ipc:///run/kipu/peer", "db1"), "ipc:///run/kipu/peer");
}

TEST(AdvertisedEndpointTest, RefusesWhatNobodyCanConnectTo) {
  for (const std::string bound : {"tcp://0.0.0.0:7403", "tcp://[::]:7403", "tcp://*:7403"}) {
    const auto shown = advertised_endpoint(bound, "");
    ASSERT_FALSE(shown) << bound;
    EXPECT_EQ(shown.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(shown.error().message.find("--advertise"), std::string::npos);
  }
  EXPECT_FALSE(advertised_endpoint("tcp://127.0.0.1:1", std::string(250, 'x')));
}

TEST(TopicTest, IsTheIdInSixteenBytes) {
  const StoreId store{Uuid{0x0102030405060708, 0x090a0b0c0d0e0fff}};
  EXPECT_EQ(topic_of(store), std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e"
                                         "\x0f\xff"));
}

}  // namespace
}  // namespace kipu::worker

// What any Bus does, run over each of them.
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "base/limits.h"
#include "bus/process_bus.h"
#include "bus/zmq_bus.h"
#include "tests/support/process.h"

namespace kipu::bus {
namespace {

using test::eventually;

struct Kind {
  std::string name;
  std::function<std::unique_ptr<Bus>()> make;
  std::string endpoint;                  // to bind at
  std::function<std::string()> unbound;  // one where nobody is bound, nor was a moment ago
  bool reconnects = true;                // a dealer finds a router that is bound again
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

std::vector<Kind> kinds() {
  const auto free_tcp = [] { return "tcp://127.0.0.1:" + std::to_string(test::free_port()); };
  return {
      {"Process", [] { return make_process_bus(); }, "any name", [] { return "other"; }, true},
      {"ZmqTcp", [] { return make_zmq_bus(); }, "tcp://127.0.0.1:0", free_tcp, true},
      {"ZmqInproc", [] { return make_zmq_bus(); }, "inproc://one", [] { return "inproc://other"; },
       false},
  };
}

schema::Message message(std::uint64_t id, std::string body = "body") {
  schema::Message made;
  made.envelope.kind = schema::MessageKind::ping;
  made.envelope.request_id = id;
  made.envelope.destination = PartitionId{7};
  made.envelope.remaining = std::chrono::seconds(3);
  made.body = Buffer(std::move(body));
  return made;
}

class BusTest : public testing::TestWithParam<Kind> {
 protected:
  BusTest() : bus_(GetParam().make()), poller_(bus_->make_poller().value()) {}

  std::unique_ptr<Socket> bind() { return std::move(*bus_->bind_router(GetParam().endpoint)); }
  std::unique_ptr<Socket> connect(const std::string& endpoint) {
    return std::move(*bus_->connect_dealer(endpoint));
  }
  // Once the endpoint is free.
  std::unique_ptr<Socket> bind_again(const std::string& endpoint) {
    std::unique_ptr<Socket> router;
    EXPECT_TRUE(eventually([&] {
      auto bound = bus_->bind_router(endpoint);
      if (bound) router = std::move(*bound);
      return router != nullptr;
    }));
    return router;
  }
  // As many messages as asked for; what does not come is a failure, and empty.
  static std::vector<Incoming> receive(Socket& socket, std::size_t count) {
    std::vector<Incoming> all;
    eventually([&] {
      socket.receive(all, count - all.size());
      return all.size() >= count;
    });
    EXPECT_EQ(all.size(), count);
    all.resize(count);
    return all;
  }

  std::unique_ptr<Bus> bus_;
  std::unique_ptr<Poller> poller_;
};

TEST_P(BusTest, CarriesEnvelopeAndBodyBothWays) {
  auto router = bind();
  auto dealer = connect(router->endpoint());
  ASSERT_TRUE(dealer->send({}, message(1, "question")));
  auto asked = receive(*router, 1);
  EXPECT_EQ(asked[0].message.envelope, message(1).envelope);
  EXPECT_EQ(asked[0].message.body.view(), "question");

  ASSERT_TRUE(router->send(asked[0].from, message(2, "answer")));
  auto answered = receive(*dealer, 1);
  EXPECT_EQ(answered[0].message.envelope, message(2).envelope);
  EXPECT_EQ(answered[0].message.body.view(), "answer");
  EXPECT_EQ(answered[0].from, PeerId{});
}

TEST_P(BusTest, CarriesEmptyAndLargestBodies) {
  auto router = bind();
  auto dealer = connect(router->endpoint());
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{16} * 1024,
                                 std::size_t{16} * 1024 + 1, limits::kMaxBodyBytes}) {
    const std::string body(size, 'x');
    ASSERT_TRUE(dealer->send({}, message(size, body)));
    auto asked = receive(*router, 1);
    EXPECT_EQ(asked[0].message.body.view(), body);
    ASSERT_TRUE(router->send(asked[0].from, std::move(asked[0].message)));
    EXPECT_EQ(receive(*dealer, 1)[0].message.body.view(), body);
  }
}

TEST_P(BusTest, RefusesABodyThatNoPeerAccepts) {
  auto router = bind();
  auto dealer = connect(router->endpoint());
  const auto status = dealer->send({}, message(1, std::string(limits::kMaxBodyBytes + 1, 'x')));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::too_large);
}

TEST_P(BusTest, KeepsTheOrderOfEachPeer) {
  auto router = bind();
  auto dealer = connect(router->endpoint());
  for (std::uint64_t id = 0; id < 1000; ++id) ASSERT_TRUE(dealer->send({}, message(id)));
  const auto all = receive(*router, 1000);
  for (std::uint64_t id = 0; id < 1000; ++id) {
    EXPECT_EQ(all[id].message.envelope.request_id, id);
  }
}

TEST_P(BusTest, ReceivesNoMoreThanAskedFor) {
  auto router = bind();
  auto dealer = connect(router->endpoint());
  for (std::uint64_t id = 0; id < 10; ++id) ASSERT_TRUE(dealer->send({}, message(id)));
  EXPECT_EQ(receive(*router, 1)[0].message.envelope.request_id, 0U);
  EXPECT_EQ(receive(*router, 9)[8].message.envelope.request_id, 9U);
}

TEST_P(BusTest, AnswersEachOfSeveralPeers) {
  auto router = bind();
  std::vector<std::unique_ptr<Socket>> dealers;
  for (std::uint64_t id = 0; id < 5; ++id) {
    dealers.push_back(connect(router->endpoint()));
    ASSERT_TRUE(dealers.back()->send({}, message(id)));
  }
  for (auto& asked : receive(*router, 5)) {
    ASSERT_TRUE(router->send(asked.from, std::move(asked.message)));
  }
  for (std::uint64_t id = 0; id < 5; ++id) {
    EXPECT_EQ(receive(*dealers[id], 1)[0].message.envelope.request_id, id);
  }
}

TEST_P(BusTest, RefusesToSendToAnUnknownPeer) {
  auto router = bind();
  const auto status = router->send(PeerId{"nobody"}, message(1));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::unavailable);
}

TEST_P(BusTest, RefusesToSendToAPeerThatVanished) {
  auto router = bind();
  auto dealer = connect(router->endpoint());
  ASSERT_TRUE(dealer->send({}, message(1)));
  const PeerId peer = receive(*router, 1)[0].from;
  dealer.reset();
  EXPECT_TRUE(eventually([&] {
    const auto status = router->send(peer, message(2));
    return !status && status.error().code == ErrorCode::unavailable;
  }));
}

TEST_P(BusTest, RefusesWhatNoQueueHolds) {
  auto router = bind();
  auto dealer = connect(router->endpoint());
  Status status;
  for (std::uint64_t id = 0; status && id < 1'000'000; ++id) {
    status = dealer->send({}, message(id, std::string(1024, 'x')));
  }
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::overloaded);
}

TEST_P(BusTest, QueuesForARouterThatIsNotThereYet) {
  const std::string endpoint = GetParam().unbound();
  auto dealer = connect(endpoint);
  ASSERT_TRUE(dealer->send({}, message(1)));
  const auto router = bind_again(endpoint);
  EXPECT_EQ(receive(*router, 1)[0].message.envelope.request_id, 1U);
}

TEST_P(BusTest, ReconnectsToARouterThatCameBack) {
  if (!GetParam().reconnects) GTEST_SKIP() << "inproc does not outlive its router";
  auto router = bind();
  const std::string endpoint = router->endpoint();
  auto dealer = connect(endpoint);
  ASSERT_TRUE(dealer->send({}, message(1)));
  receive(*router, 1);
  router.reset();
  router = bind_again(endpoint);
  // What was on its way when the router went may be lost: that is what retries are for.
  std::vector<Incoming> got;
  ASSERT_TRUE(eventually([&] {
    EXPECT_TRUE(dealer->send({}, message(2)));
    router->receive(got, 1);
    return !got.empty();
  }));
  EXPECT_TRUE(router->send(got[0].from, message(3)));
  EXPECT_EQ(receive(*dealer, 1)[0].message.envelope.request_id, 3U);
}

TEST_P(BusTest, NamesTheEndpointThatIsInUse) {
  auto router = bind();
  const auto second = bus_->bind_router(router->endpoint());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::in_use);
  EXPECT_NE(second.error().message.find(router->endpoint()), std::string::npos);
}

TEST_P(BusTest, RefusesAnEndpointThatIsNone) {
  const auto bound = bus_->bind_router("");
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, ErrorCode::invalid_argument);
  const auto connected = bus_->connect_dealer("");
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, ErrorCode::invalid_argument);
}

TEST_P(BusTest, WaitsUntilAMessageComes) {
  auto router = bind();
  auto dealer = connect(router->endpoint());
  poller_->add(*router);
  ASSERT_TRUE(dealer->send({}, message(1)));
  poller_->wait(test::kPatience);
  std::vector<Incoming> got;
  router->receive(got, 1);
  EXPECT_EQ(got.size(), 1U);
  poller_->remove(*router);
}

TEST_P(BusTest, WakesAWaitFromAnotherThread) {
  std::thread waker([&] { poller_->wake(); });
  poller_->wait(std::chrono::hours(1));
  waker.join();
}

TEST_P(BusTest, RemembersAWakeThatCameBeforeTheWait) {
  poller_->wake();
  poller_->wake();
  poller_->wait(std::chrono::hours(1));
}

TEST_P(BusTest, DeliversToASocketWhosePollerIsGone) {
  auto router = bind();
  auto dealer = connect(router->endpoint());
  poller_->add(*router);
  poller_.reset();
  ASSERT_TRUE(dealer->send({}, message(1)));
  EXPECT_EQ(receive(*router, 1)[0].message.envelope.request_id, 1U);
}

TEST_P(BusTest, LeavesABodyWholeAfterTheBusIsGone) {
  auto router = bind();
  auto dealer = connect(router->endpoint());
  const std::string body(100'000, 'x');
  ASSERT_TRUE(dealer->send({}, message(1, body)));
  const auto got = receive(*router, 1);
  router.reset();
  dealer.reset();
  poller_.reset();
  bus_.reset();
  EXPECT_EQ(got[0].message.body.view(), body);
}

// Publishing and subscribing. Topics have one length, as store ids have.
class StreamTest : public BusTest {
 protected:
  std::unique_ptr<Socket> publish_at(const std::string& endpoint) {
    std::unique_ptr<Socket> made;
    EXPECT_TRUE(eventually([&] {
      auto bound = bus_->bind_pub(endpoint);
      if (bound) made = std::move(*bound);
      return made != nullptr;
    }));
    return made;
  }
  std::unique_ptr<Socket> subscribe(const std::string& endpoint, const std::string& topic) {
    return std::move(*bus_->connect_sub(endpoint, topic));
  }
  // Publishes id 0 until the publisher has heard of the subscription, and takes what came of it.
  static void settle(Socket& pub, Socket& sub, const std::string& topic) {
    std::vector<Incoming> got;
    ASSERT_TRUE(eventually([&] {
      EXPECT_TRUE(pub.send(PeerId{topic}, message(0)));
      sub.receive(got, 16);
      return !got.empty();
    }));
  }
  // The next messages but those of settle().
  static std::vector<Incoming> receive_past(Socket& sub, std::size_t count) {
    std::vector<Incoming> all;
    EXPECT_TRUE(eventually([&] {
      sub.receive(all, 64);
      std::erase_if(all, [](const auto& each) { return each.message.envelope.request_id == 0; });
      return all.size() >= count;
    }));
    EXPECT_EQ(all.size(), count);
    all.resize(count);
    return all;
  }
};

TEST_P(StreamTest, DeliversToWhoeverIsSubscribedToTheTopic) {
  auto pub = publish_at(GetParam().endpoint);
  auto one = subscribe(pub->endpoint(), "one");
  auto two = subscribe(pub->endpoint(), "two");
  auto too = subscribe(pub->endpoint(), "two");
  settle(*pub, *one, "one");
  settle(*pub, *two, "two");
  settle(*pub, *too, "two");
  ASSERT_TRUE(pub->send(PeerId{"one"}, message(1, "for one")));
  ASSERT_TRUE(pub->send(PeerId{"two"}, message(2, "for two")));
  const auto got = receive_past(*one, 1);
  EXPECT_EQ(got[0].message.envelope, message(1).envelope);
  EXPECT_EQ(got[0].message.body.view(), "for one");
  EXPECT_EQ(got[0].from, PeerId{});
  EXPECT_EQ(receive_past(*two, 1)[0].message.body.view(), "for two");
  EXPECT_EQ(receive_past(*too, 1)[0].message.body.view(), "for two");
}

TEST_P(StreamTest, TakesNoTopicThatOnlyBeginsAlike) {
  auto pub = publish_at(GetParam().endpoint);
  auto sub = subscribe(pub->endpoint(), "one");
  settle(*pub, *sub, "one");
  ASSERT_TRUE(pub->send(PeerId{"one more"}, message(1)));
  ASSERT_TRUE(pub->send(PeerId{"one"}, message(2)));
  EXPECT_EQ(receive_past(*sub, 1)[0].message.envelope.request_id, 2U);
}

TEST_P(StreamTest, KeepsTheOrderAndTheBytesOfLargeMessages) {
  auto pub = publish_at(GetParam().endpoint);
  auto sub = subscribe(pub->endpoint(), "one");
  settle(*pub, *sub, "one");
  const std::vector<std::size_t> sizes{1, 100, 64 * 1024, limits::kMaxBodyBytes, 0};
  for (std::size_t at = 0; at < sizes.size(); ++at) {
    ASSERT_TRUE(pub->send(PeerId{"one"}, message(at + 1, std::string(sizes[at], 'x'))));
  }
  const auto got = receive_past(*sub, sizes.size());
  for (std::size_t at = 0; at < sizes.size(); ++at) {
    EXPECT_EQ(got[at].message.envelope.request_id, at + 1);
    EXPECT_EQ(got[at].message.body.size(), sizes[at]);
  }
}

TEST_P(StreamTest, LosesWhatNobodyIsSubscribedTo) {
  auto pub = publish_at(GetParam().endpoint);
  for (std::uint64_t id = 1; id < 100; ++id) {
    EXPECT_TRUE(pub->send(PeerId{"one"}, message(id, std::string(1024 * 1024, 'x'))));
  }
  auto sub = subscribe(pub->endpoint(), "one");
  settle(*pub, *sub, "one");
  ASSERT_TRUE(pub->send(PeerId{"one"}, message(100)));
  EXPECT_EQ(receive_past(*sub, 1)[0].message.envelope.request_id, 100U);
}

TEST_P(StreamTest, HoldsOnlySoMuchForASubscriberThatTakesNothing) {
  auto pub = publish_at(GetParam().endpoint);
  auto slow = subscribe(pub->endpoint(), "one");
  settle(*pub, *slow, "one");
  constexpr std::uint64_t kMessages = 40'000;
  const auto publish = [&pub](std::uint64_t id, std::size_t size) {
    const auto sent = pub->send(PeerId{"one"}, message(id, std::string(size, 'x')));
    EXPECT_TRUE(sent || sent.error().code == ErrorCode::overloaded);
  };
  for (std::uint64_t id = 1; id <= kMessages; ++id) publish(id, 2048);
  // Nobody else is the worse for it.
  auto quick = subscribe(pub->endpoint(), "two");
  settle(*pub, *quick, "two");
  std::vector<Incoming> got;
  std::uint64_t taken = 0;
  ASSERT_TRUE(eventually([&] {
    got.clear();
    publish(kMessages + 1, 1);
    slow->receive(got, 1024);
    taken += got.size();
    return !got.empty() && got.back().message.envelope.request_id == kMessages + 1;
  }));
  EXPECT_LT(taken, kMessages);
}

TEST_P(StreamTest, RefusesABodyThatNoPeerAccepts) {
  auto pub = publish_at(GetParam().endpoint);
  const auto status =
      pub->send(PeerId{"one"}, message(1, std::string(limits::kMaxBodyBytes + 1, 'x')));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::too_large);
}

TEST_P(StreamTest, SubscribesToAPublisherThatIsNotThereYet) {
  const std::string endpoint = GetParam().unbound();
  auto sub = subscribe(endpoint, "one");
  const auto pub = publish_at(endpoint);
  settle(*pub, *sub, "one");
}

TEST_P(StreamTest, SubscribesAnewToAPublisherThatCameBack) {
  if (!GetParam().reconnects) GTEST_SKIP() << "inproc does not outlive its publisher";
  auto pub = publish_at(GetParam().endpoint);
  const std::string endpoint = pub->endpoint();
  auto sub = subscribe(endpoint, "one");
  settle(*pub, *sub, "one");
  pub.reset();
  pub = publish_at(endpoint);
  ASSERT_TRUE(eventually([&] {
    std::vector<Incoming> got;
    EXPECT_TRUE(pub->send(PeerId{"one"}, message(7)));
    sub->receive(got, 16);
    return !got.empty() && got.back().message.envelope.request_id == 7;
  }));
}

TEST_P(StreamTest, ForgetsASubscriberThatIsGone) {
  auto pub = publish_at(GetParam().endpoint);
  auto sub = subscribe(pub->endpoint(), "one");
  settle(*pub, *sub, "one");
  sub.reset();
  sub = subscribe(pub->endpoint(), "one");
  settle(*pub, *sub, "one");
}

TEST_P(StreamTest, WakesAPollerOfTheSubscriber) {
  auto pub = publish_at(GetParam().endpoint);
  auto sub = subscribe(pub->endpoint(), "one");
  settle(*pub, *sub, "one");
  poller_->add(*sub);
  ASSERT_TRUE(pub->send(PeerId{"one"}, message(1)));
  poller_->wait(test::kPatience);
  EXPECT_EQ(receive_past(*sub, 1)[0].message.envelope.request_id, 1U);
  poller_->remove(*sub);
}

TEST_P(StreamTest, ReceivesNothingOnAPublisher) {
  auto pub = publish_at(GetParam().endpoint);
  auto sub = subscribe(pub->endpoint(), "one");
  settle(*pub, *sub, "one");
  std::vector<Incoming> got;
  pub->receive(got, 16);
  EXPECT_TRUE(got.empty());
}

TEST_P(StreamTest, BindsNoEndpointTwiceAndNoneThatIsNone) {
  auto pub = publish_at(GetParam().endpoint);
  const auto second = bus_->bind_pub(pub->endpoint());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::in_use);
  EXPECT_FALSE(bus_->bind_router(pub->endpoint()));
  const auto none = bus_->bind_pub("");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::invalid_argument);
  const auto nowhere = bus_->connect_sub("", "one");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, ErrorCode::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(EveryBus, StreamTest, testing::ValuesIn(kinds()),
                         [](const auto& each) { return each.param.name; });

INSTANTIATE_TEST_SUITE_P(EveryBus, BusTest, testing::ValuesIn(kinds()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace kipu::bus

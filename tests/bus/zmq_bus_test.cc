// What strangers may send to a ZeroMQ socket, with sockets that keep no rule of ours.
#include "bus/zmq_bus.h"

#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zmq.hpp>

#include "base/limits.h"
#include "bus/zmq_frames.h"
#include "schema/codec.h"
#include "tests/support/process.h"
#include "tests/support/sanitizers.h"

namespace kipu::bus {
namespace {

using test::eventually;

class ZmqBusTest : public testing::Test {
 protected:
  ZmqBusTest() { stranger_.connect(router_->endpoint()); }

  void send(const std::vector<std::string>& frames) {
    for (std::size_t at = 0; at < frames.size(); ++at) {
      const bool last = at + 1 == frames.size();
      ASSERT_TRUE(stranger_.send(zmq::buffer(frames[at]),
                                 last ? zmq::send_flags::none : zmq::send_flags::sndmore));
    }
  }
  static std::string envelope(std::uint64_t id) {
    schema::Envelope made;
    made.kind = schema::MessageKind::ping;
    made.request_id = id;
    return std::string(schema::encode(made).view());
  }
  // Sends a good message after what the test sent, and expects it to be all that arrives.
  void expect_only_the_next_arrives(std::uint64_t dropped) {
    send({envelope(99), "good"});
    std::vector<Incoming> got;
    ASSERT_TRUE(eventually([&] {
      router_->receive(got, 16);
      return !got.empty();
    }));
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].message.envelope.request_id, 99U);
    EXPECT_EQ(router_->dropped(), dropped);
  }

  std::unique_ptr<Bus> bus_ = make_zmq_bus();
  std::unique_ptr<Socket> router_ = std::move(*bus_->bind_router("tcp://127.0.0.1:0"));
  zmq::context_t context_;
  zmq::socket_t stranger_{context_, zmq::socket_type::dealer};
};

TEST_F(ZmqBusTest, DropsAMessageOfOneFrame) {
  send({envelope(1)});
  expect_only_the_next_arrives(1);
}

TEST_F(ZmqBusTest, DropsAMessageOfTooManyFrames) {
  send({envelope(1), "body", "more"});
  send(std::vector<std::string>(500, "x"));
  expect_only_the_next_arrives(2);
}

TEST_F(ZmqBusTest, DropsAnEnvelopeThatIsNone) {
  send({"", "body"});
  send({"no envelope at all", "body"});
  send({envelope(1).substr(0, 9), "body"});
  expect_only_the_next_arrives(3);
}

TEST_F(ZmqBusTest, DropsAnEnvelopeThatIsTooLarge) {
  send({envelope(1) + std::string(limits::kMaxEnvelopeBytes, '\0'), "body"});
  expect_only_the_next_arrives(1);
}

TEST_F(ZmqBusTest, DisconnectsWhoSendsALargerFrameThanAllowed) {
  send({envelope(1), std::string(limits::kMaxBodyBytes + 1, 'x')});
  // The stranger's library connects anew, and sends what follows over that connection.
  std::vector<Incoming> got;
  ASSERT_TRUE(eventually([&] {
    send({envelope(99), "good"});
    router_->receive(got, 16);
    return !got.empty();
  }));
  EXPECT_EQ(got[0].message.envelope.request_id, 99U);
}

// libzmq 4.3.4 aborts where its heartbeat falls due on such a connection, about two seconds after.
TEST_F(ZmqBusTest, OutlivesAPeerThatIsGoneWhileItsMessagesWait) {
  constexpr std::size_t kMessages = 300;
  for (std::uint64_t id = 1; id <= kMessages; ++id) send({envelope(id), std::string(100, 'x')});
  std::vector<Incoming> got;
  ASSERT_TRUE(eventually([&] {
    router_->receive(got, 1);
    return !got.empty();
  }));
  stranger_.close();
  const auto idle = std::move(*bus_->bind_router("tcp://127.0.0.1:0"));
  const auto poller = std::move(*bus_->make_poller());
  poller->add(*idle);
  poller->wait(std::chrono::milliseconds(2500));
  poller->remove(*idle);
  EXPECT_TRUE(eventually([&] {
    router_->receive(got, 16);
    return got.size() == kMessages;
  })) << got.size();
}

TEST_F(ZmqBusTest, ShowsTheRealPortOfAWildcard) {
  const auto wild = bus_->bind_router("tcp://127.0.0.1:*");
  ASSERT_TRUE(wild);
  EXPECT_EQ((*wild)->endpoint().find('*'), std::string::npos);
  EXPECT_FALSE((*wild)->endpoint().ends_with(":0"));
}

TEST_F(ZmqBusTest, RefusesEndpointsThatAreNone) {
  for (const std::string endpoint :
       {"nonsense", "tcp://", "tcp://127.0.0.1", "foo://a:1", "tcp://no.such.interface:7400"}) {
    const auto bound = bus_->bind_router(endpoint);
    ASSERT_FALSE(bound) << endpoint;
    EXPECT_EQ(bound.error().code, ErrorCode::invalid_argument) << endpoint;
    EXPECT_NE(bound.error().message.find(endpoint), std::string::npos) << endpoint;
  }
}

// A library must not end the process of whoever uses it.
TEST_F(ZmqBusTest, SaysSoWhereNoFileDescriptorIsLeft) {
  if (test::kSanitized) GTEST_SKIP() << "sanitizers need file descriptors for their own checks";
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;  // all of them are used; with less, ZeroMQ's own threads could not poll either
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto poller = bus_->make_poller();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(poller);
  EXPECT_EQ(poller.error().code, ErrorCode::io_error);
  EXPECT_NE(poller.error().message.find("ulimit -n"), std::string::npos);
}

TEST(ZmqStreamTest, DropsWhatIsNoMessageOfItsTopic) {
  zmq::context_t context;
  zmq::socket_t stranger(context, zmq::socket_type::pub);
  stranger.bind("tcp://127.0.0.1:*");
  const auto bus = make_zmq_bus();
  const auto sub = std::move(*bus->connect_sub(stranger.get(zmq::sockopt::last_endpoint), "one"));
  schema::Envelope ping;
  ping.kind = schema::MessageKind::ping;
  const std::string good(schema::encode(ping).view());
  const std::vector<std::vector<std::string>> sent{
      {"one"}, {"one", good},      {"one", good, "body", "more"}, {"one", "none", "body"},
      {"on"},  {"one!", good, ""}, {"one", good, "body"}};
  std::vector<Incoming> got;
  ASSERT_TRUE(eventually([&] {
    for (const auto& frames : sent) {
      for (std::size_t at = 0; at < frames.size(); ++at) {
        const bool last = at + 1 == frames.size();
        stranger.send(zmq::buffer(frames[at]),
                      last ? zmq::send_flags::none : zmq::send_flags::sndmore);
      }
    }
    sub->receive(got, 1024);
    return !got.empty();
  }));
  for (const Incoming& each : got) EXPECT_EQ(each.message.body.view(), "body");
  EXPECT_GE(sub->dropped(), 5U);
}

TEST(SendBudgetTest, RefusesWhatAPeerHasNotTaken) {
  SendBudget budget;
  auto most = budget.reserve("slow", SendBudget::kPeerBytes);
  ASSERT_TRUE(most);
  EXPECT_FALSE(budget.reserve("slow", 1));
  EXPECT_TRUE(budget.reserve("quick", 1));
  most.reset();
  EXPECT_TRUE(budget.reserve("slow", 1));
}

TEST(SendBudgetTest, BoundsAllPeersTogether) {
  SendBudget budget;
  std::vector<SendBudget::Reservation> held;
  for (std::size_t used = 0; used < SendBudget::kTotalBytes; used += SendBudget::kPeerBytes) {
    auto next = budget.reserve("peer" + std::to_string(used), SendBudget::kPeerBytes);
    ASSERT_TRUE(next);
    held.push_back(std::move(*next));
  }
  EXPECT_FALSE(budget.reserve("one more", 1));
  held.pop_back();
  EXPECT_TRUE(budget.reserve("one more", 1));
}

}  // namespace
}  // namespace kipu::bus

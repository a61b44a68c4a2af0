// Peers of other clusters, peers that pretend, and peers that cost.
#include <algorithm>

#include "base/random.h"
#include "tests/process/protocol/abused_cluster.h"
#include "tests/schema/samples.h"

namespace kipu::test {
namespace {

using schema::MessageKind;
using schema::samples::sample;

const ClusterId kForeign{Uuid{0xdead, 0xbeef}};

class StrangerTest : public AbusedCluster {
 protected:
  static std::optional<ErrorCode> answer_to_hello(Peer& peer, const schema::WorkerHello& hello) {
    peer.send(frames_of(envelope_of(MessageKind::worker_hello), bytes_of(hello)));
    const auto reply = peer.receive();
    EXPECT_TRUE(reply);
    return reply ? code_of(*reply) : ErrorCode::internal;
  }
};

TEST_F(StrangerTest, ThatIsAClientOfAnotherClusterIsRefused) {
  Peer peer(cluster->frontend());
  peer.send(
      frames_of(envelope_of(MessageKind::client_hello), bytes_of(schema::ClientHello{kForeign})));
  const auto reply = peer.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(code_of(*reply), ErrorCode::wrong_cluster);
  ClientOptions options;
  options.brokers = {cluster->frontend()};
  options.cluster = kForeign;
  const auto refused = Client::connect(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::wrong_cluster) << refused.error().message;
}

TEST_F(StrangerTest, ThatIsAStoreOfAnotherClusterIsRefused) {
  Peer peer(cluster->backend());
  schema::WorkerHello hello;
  hello.store = StoreId{Uuid{7, 7}};
  hello.cluster = kForeign;
  EXPECT_EQ(answer_to_hello(peer, hello), ErrorCode::wrong_cluster);
  hello.store = map.workers[0].store;
  EXPECT_EQ(answer_to_hello(peer, hello), ErrorCode::wrong_cluster);
  hello.cluster = map.cluster;
  hello.map = sample<schema::ClusterMap>();
  EXPECT_EQ(answer_to_hello(peer, hello), ErrorCode::wrong_cluster);
}

TEST_F(StrangerTest, ThatIsAStoreOfNoMapIsRefused) {
  Peer peer(cluster->backend());
  schema::WorkerHello hello;
  hello.store = StoreId{Uuid{7, 7}};
  EXPECT_EQ(answer_to_hello(peer, hello), ErrorCode::unsupported);
  hello.store = StoreId{};
  EXPECT_EQ(answer_to_hello(peer, hello), ErrorCode::invalid_argument);
  hello.store = StoreId{Uuid{7, 7}};
  hello.weight = 0;
  EXPECT_NE(answer_to_hello(peer, hello), std::nullopt);
}

// Answers come from the worker that was asked, or they are none: here every request id is guessed.
TEST_F(StrangerTest, CannotAnswerForAWorker) {
  Peer peer(cluster->backend());
  for (std::uint64_t id = 0; id < 1000; ++id) {
    peer.send(frames_of(envelope_of(MessageKind::append_reply, id),
                        bytes_of(schema::AppendReply{1, {}})));
    peer.send(frames_of(envelope_of(MessageKind::map_stored, id),
                        bytes_of(schema::MapStored{MapVersion{99, 1, id}})));
  }
  EXPECT_EQ(answers_at_backend(peer).size(), 0U);
  EXPECT_EQ(client->status()->in_force, map.version);
}

// Until there are keys, a store is who says that it is. The true one takes its place back.
TEST_F(StrangerTest, ThatTakesAWorkersPlaceLosesItAgain) {
  for (const schema::Worker& worker : map.workers) {
    Peer peer(cluster->backend());
    schema::WorkerHello hello;
    hello.store = worker.store;
    hello.cluster = map.cluster;
    EXPECT_EQ(answer_to_hello(peer, hello), std::nullopt);
  }
  for (const std::string key : {"a", "b", "c", "d"}) {
    const auto stamp = client->append(key, "value");
    ASSERT_TRUE(stamp) << stamp.error().message;
  }
  for (const Entry& entry : stored()) {
    if (entry.key.size() == 1) before.push_back(entry);
  }
  EXPECT_EQ(std::count_if(before.begin(), before.end(),
                          [](const Entry& entry) { return entry.key.size() == 1; }),
            4);
}

TEST_F(StrangerTest, ThatOnlyConnectsCostsNobodyElse) {
  std::vector<std::unique_ptr<Peer>> silent;
  for (int count = 0; count < 100; ++count) {
    silent.push_back(std::make_unique<Peer>(cluster->frontend()));
    silent.push_back(std::make_unique<Peer>(cluster->backend()));
  }
  for (const auto& peer : silent) peer->send({"half a message"});
  const auto stamp = client->append("crowd", "value");
  ASSERT_TRUE(stamp) << stamp.error().message;
  for (const Entry& entry : stored()) {
    if (entry.key == "crowd") before.push_back(entry);
  }
}

}  // namespace
}  // namespace kipu::test

// Peers that ask for more than they take. What they cost the broker is bounded, and others are
// served meanwhile.
//
// Bound: a process holds 32 MiB for each of the four peers that do not read (SendBudget), and at
// most 96 MiB for all else.
#include <algorithm>
#include <cstdio>

#include "cluster/map.h"
#include "tests/process/protocol/abused_cluster.h"
#include "tests/support/memory_watch.h"
#include "tests/support/sanitizers.h"

namespace kipu::test {
namespace {

using schema::MessageKind;

constexpr int kPeers = 4;
constexpr std::uint64_t kMostKib = std::uint64_t{kPeers * 32 + 96} * 1024;

class FloodTest : public AbusedCluster {
 protected:
  // Sends `frames` for as long as the broker takes them, `most` times at most; asks others'
  // questions meanwhile.
  void flood(Peer& peer, const Frames& frames, int most) {
    for (int sent = 0; sent < most; ++sent) {
      if (sent % 100 == 0) look();
      if (!peer.try_send(frames)) {
        if (!eventually([&] { return peer.try_send(frames); })) return;
      }
    }
    look();
  }
  void look() {
    for (const pid_t pid : cluster->processes()) {
      most_kib_ = std::max(most_kib_, anonymous_kib(pid));
    }
    const auto ping = client->ping();
    EXPECT_TRUE(ping) << ping.error().message;
  }
  void TearDown() override {
    look();
    std::printf("at most %llu KiB\n", static_cast<unsigned long long>(most_kib_));
    if (!kSanitized) {
      EXPECT_LE(most_kib_, kMostKib);
    }
    AbusedCluster::TearDown();
  }

  std::uint64_t most_kib_ = 0;
};

TEST_F(FloodTest, OfSmallAnswersThatNobodyReads) {
  std::vector<std::unique_ptr<Peer>> peers;
  const Frames hello =
      frames_of(envelope_of(MessageKind::client_hello), bytes_of(schema::ClientHello{}));
  for (int count = 0; count < kPeers; ++count) {
    peers.push_back(std::make_unique<Peer>(cluster->frontend(), false));
    flood(*peers.back(), hello, 20'000);
  }
}

// Whoever reads in the end finds an answer to each request, a page, or that it must ask again;
// unless it read nothing for so long that the kernel took it for gone (bus/zmq_options.cc).
TEST_F(FloodTest, OfPagesThatNobodyReads) {
  constexpr int kPages = 200;
  const std::string value(10'000, 'x');
  for (int number = 0; number < 110; ++number) {
    client->append_async("pages", Values{value}, {},
                         [](const auto& stamp, const auto&) { EXPECT_TRUE(stamp); });
  }
  client->flush();
  before = stored();
  PageQuery query;
  query.bucket = "default";
  query.key = "pages";
  query.partition = cluster::partition_of(query.bucket, query.key,
                                          static_cast<std::uint32_t>(map.placement.size()));
  const Frames page =
      frames_of(envelope_of(MessageKind::page, 1, query.partition), bytes_of(query));
  std::vector<std::unique_ptr<Peer>> peers;
  for (int count = 0; count < kPeers; ++count) {
    peers.push_back(std::make_unique<Peer>(cluster->frontend(), false));
    flood(*peers.back(), page, kPages);
  }
  EXPECT_TRUE(client->last("pages"));
  int refused = 0;
  int cut_off = 0;
  for (const auto& peer : peers) {
    for (int left = kPages; left > 0; --left) {
      const auto answer = peer->receive();
      if (!answer && peer->was_cut_off()) {
        ++cut_off;
        break;
      }
      ASSERT_TRUE(answer) << left << " are not answered";
      if (code_of(*answer) == ErrorCode::overloaded) ++refused;
    }
  }
  EXPECT_GT(refused + cut_off, 0) << "more fitted than is allowed";
}

// Everything that they ask fails at the worker, and nobody reads that it did.
TEST_F(FloodTest, OfAppendsThatAreRefused) {
  Entry bad = entry_now("key", std::string(10'000, 'x'));
  ++bad.digest.bits;
  const schema::AppendRequest body{map.version, Level::one, std::vector<Entry>(100, bad)};
  const Frames append = frames_of(envelope_of(MessageKind::append, 1, WorkerId{1}), bytes_of(body));
  Peer peer(cluster->frontend(), false);
  flood(peer, append, 200);
}

}  // namespace
}  // namespace kipu::test

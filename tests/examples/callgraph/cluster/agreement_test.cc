// Several indexers and readers of one graph, in a real cluster of which a worker is killed.
#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "examples/callgraph/graph/place.h"
#include "tests/examples/callgraph/graph/store_fixture.h"
#include "tests/support/local_cluster.h"

namespace callgraph {
namespace {

using kipu::test::eventually;
using testing::IsEmpty;

constexpr std::uint32_t kUnits = 40;

std::string unit_name(std::uint32_t unit) {
  return "f" + std::to_string(unit);
}

kipu::Client client_of(const kipu::test::LocalCluster& cluster) {
  GraphPlace place;
  place.brokers = {cluster.frontend()};
  auto client = connect(place);
  if (!client) throw std::runtime_error(client.error().message);
  return std::move(*client);
}

// What went wrong in any thread.
class Failures {
 public:
  void add(const kipu::Error& error) {
    const std::lock_guard lock(mutex_);
    list_.push_back(error.message);
  }
  std::vector<std::string> list() {
    const std::lock_guard lock(mutex_);
    return list_;
  }

 private:
  std::mutex mutex_;  // guards list_
  std::vector<std::string> list_;
};

// A unit and the header that all units share, as an indexer sees them in one translation unit.
std::vector<Change> changes_of(std::uint32_t unit, const std::string& md5) {
  const std::string name = unit_name(unit);
  return {{Change::Kind::add, source("shared.h", md5), {{}, {call("shared", name, unit)}}},
          {Change::Kind::commit,
           source(name + ".cc", md5),
           {{function(name)}, {call(name, "shared")}}}};
}

std::set<std::string> callers_of_shared(kipu::Client& client, Failures& failures) {
  auto snapshot = Snapshot::open(client, "main");
  const std::vector<std::string> usrs{"c:@F@shared"};
  auto links =
      snapshot
          ? snapshot->links(usrs, Direction::in)
          : kipu::Result<std::vector<std::vector<Link>>>(kipu::fail(std::move(snapshot.error())));
  if (!links) {
    failures.add(links.error());
    return {};
  }
  const auto names = others(links->front());
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size()) << "doubled";
  return {names.begin(), names.end()};
}

TEST(AgreementTest, TwoIndexersAndAReaderSeeNoErrorWhileAWorkerIsKilled) {
  kipu::test::LocalCluster cluster;
  kipu::Client one = client_of(cluster);
  kipu::Client other = client_of(cluster);
  Failures failures;
  std::atomic<std::uint32_t> written{0};
  std::atomic<int> indexing{2};
  const auto index = [&](kipu::Client& client) {
    auto graph = GraphWriter::open(client, "main");
    if (!graph) failures.add(graph.error());
    for (std::uint32_t unit = 1; graph && unit <= kUnits; ++unit) {
      const auto done = graph->apply(changes_of(unit, "m1"));
      if (!done) failures.add(done.error());
      ++written;
    }
    --indexing;
  };
  ASSERT_TRUE(GraphWriter::open(one, "main"));
  {
    std::jthread first([&] { index(one); });
    std::jthread second([&] { index(other); });
    std::jthread reader([&] {
      std::size_t seen = 0;
      while (indexing > 0) {
        const std::size_t now = callers_of_shared(other, failures).size();
        EXPECT_GE(now, seen) << "what was seen went away";
        seen = std::max(seen, now);
      }
    });
    EXPECT_TRUE(eventually([&] { return written >= kUnits / 2; }));
    ::kill(cluster.worker(1), SIGKILL);
  }
  EXPECT_THAT(failures.list(), IsEmpty());
  std::set<std::string> expected;
  for (std::uint32_t unit = 1; unit <= kUnits; ++unit) expected.insert(unit_name(unit));
  EXPECT_EQ(callers_of_shared(one, failures), expected);
  EXPECT_EQ(callers_of_shared(other, failures), expected);
  EXPECT_THAT(failures.list(), IsEmpty());
}

}  // namespace
}  // namespace callgraph

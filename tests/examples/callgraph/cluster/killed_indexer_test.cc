// An indexer that is killed at every point at which it waits for the store.
#include <csignal>
#include <set>

#include <gmock/gmock.h>

#include "examples/callgraph/graph/place.h"
#include "examples/callgraph/graph/records.h"
#include "examples/callgraph/graph/snapshot.h"
#include "tests/examples/callgraph/disk_project.h"
#include "tests/support/local_cluster.h"
#include "tests/support/proxy.h"

namespace callgraph {
namespace {

using kipu::test::eventually;
using kipu::test::Process;
using kipu::test::Proxy;
using Facts = std::map<std::string, FileFacts>;

class KilledIndexerTest : public testing::Test {
 protected:
  KilledIndexerTest() : project_(cluster_.file("project")), client_(connected()) {
    project_.write("leaf.h", "int leaf();\ninline int twice() { return leaf() + leaf(); }\n");
    project_.write("leaf.cc", "#include \"leaf.h\"\nint leaf() { return 1; }\n");
    project_.write("main.cc", "#include \"leaf.h\"\nint main() { return twice() + leaf(); }\n");
    project_.compile({"leaf.cc", "main.cc"});
  }

  Process indexing(const std::string& graph, const std::string& broker) {
    std::vector<std::string> command{
        kipu::test::program("callgraph"), "index", "-j", "1", "--graph", graph, "--broker", broker};
    for (std::string& word : project_.options()) command.push_back(std::move(word));
    return Process(std::move(command), cluster_.options());
  }
  void index(const std::string& graph) {
    Process indexer = indexing(graph, cluster_.frontend());
    EXPECT_EQ(indexer.wait().exit_code, 0) << indexer.errors();
  }

  // Indexes, and kills the indexer where it sends its k-th request to append, which never arrives.
  // False if it was done before.
  bool index_and_kill(const std::string& graph, std::uint64_t k) {
    Proxy proxy(cluster_.frontend());
    proxy.hold(kipu::schema::MessageKind::append, k);
    Process indexer = indexing(graph, proxy.endpoint());
    EXPECT_TRUE(eventually([&] { return proxy.is_holding() || !indexer.running(); }));
    if (!proxy.is_holding()) return false;
    indexer.kill(SIGKILL);
    EXPECT_EQ(indexer.wait().signal, SIGKILL);
    return true;
  }

  // What the graph says. Nothing, as long as there is no graph of that name.
  Facts said(const std::string& graph) {
    auto snapshot = Snapshot::open(client_, graph);
    if (!snapshot) return {};
    auto facts = snapshot->everything();
    EXPECT_TRUE(facts) << facts.error().message;
    return facts ? std::move(*facts) : Facts{};
  }

  // How many values each key of the graph has.
  std::map<std::string, std::size_t> stored(const std::string& graph) {
    std::map<std::string, std::size_t> counts;
    kipu::KeysOptions options;
    options.bucket = *bucket_of(graph);
    for (const auto& entry : client_.entries(options)) {
      if (entry) counts[entry->key] += entry->values.size();
    }
    return counts;
  }

  kipu::test::LocalCluster cluster_{1};
  DiskProject project_;
  kipu::Client client_;

 private:
  kipu::Client connected() const {
    GraphPlace place;
    place.brokers = {cluster_.frontend()};
    auto client = connect(place);
    if (!client) throw std::runtime_error(client.error().message);
    return std::move(*client);
  }
};

// Facts of files that have no record yet.
bool has_hidden_facts(const std::map<std::string, std::size_t>& stored, const Facts& said) {
  for (const char* path : {"leaf.h", "leaf.cc", "main.cc"}) {
    if (stored.contains(facts_key(path)) && !said.contains(path)) return true;
  }
  return false;
}

TEST_F(KilledIndexerTest, WhereverItIsKilledNothingIsHalfThereAndTheNextCompletesIt) {
  index("whole");
  const Facts whole = said("whole");
  const auto stored_whole = stored("whole");
  ASSERT_EQ(whole.size(), 3U);
  bool between_facts_and_record = false;
  std::uint64_t k = 1;
  for (; index_and_kill("killed" + std::to_string(k), k); ++k) {
    const std::string graph = "killed" + std::to_string(k);
    SCOPED_TRACE("killed at append " + std::to_string(k));
    const Facts half = said(graph);
    for (const auto& [path, facts] : half) {
      EXPECT_EQ(facts.symbols, whole.at(path).symbols) << path;
      EXPECT_EQ(facts.edges, whole.at(path).edges) << path;
    }
    const auto stored_half = stored(graph);
    between_facts_and_record = between_facts_and_record || has_hidden_facts(stored_half, half);
    index(graph);
    const Facts after = said(graph);
    for (const auto& [path, facts] : whole) {
      ASSERT_TRUE(after.contains(path)) << path;
      EXPECT_EQ(after.at(path).symbols, facts.symbols) << path;
      EXPECT_EQ(after.at(path).edges, facts.edges) << path;
    }
    // What had no record is stored again, and nothing else: no more than the killed indexer had
    // stored, and one record for each file.
    const auto stored_after = stored(graph);
    for (const auto& [key, count] : stored_after) {
      const auto left = stored_half.find(key);
      const auto alone = stored_whole.find(key);
      ASSERT_NE(alone, stored_whole.end()) << key;
      EXPECT_LE(count, alone->second + (left == stored_half.end() ? 0 : left->second)) << key;
    }
    for (const auto& [path, facts] : whole) {
      EXPECT_EQ(stored_after.at(record_key(path)), stored_whole.at(record_key(path))) << path;
    }
  }
  EXPECT_GT(k, 3U);
  const std::string last = "killed" + std::to_string(k - 1);
  const auto stored_last = stored(last);
  index(last);
  EXPECT_EQ(stored(last), stored_last) << "an index without a change appended something";
  RecordProperty("kills", static_cast<int>(k - 1));
  EXPECT_TRUE(between_facts_and_record) << "no kill came between a file's facts and its record";
}

}  // namespace
}  // namespace callgraph

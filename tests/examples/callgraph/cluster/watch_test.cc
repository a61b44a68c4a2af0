// callgraph watch, over a real cluster, while others ask.
#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>

#include "examples/callgraph/graph/place.h"
#include "examples/callgraph/graph/snapshot.h"
#include "tests/examples/callgraph/disk_project.h"
#include "tests/support/local_cluster.h"

namespace callgraph {
namespace {

using kipu::test::eventually;
using kipu::test::Process;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Asks who calls leaf, again and again, on a thread and with a client of its own.
class Asker {
 public:
  explicit Asker(const std::string& broker)
      : client_(connected(broker)), thread_([this] { ask(); }) {}
  ~Asker() {
    if (thread_.joinable()) finish();
  }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  // Ends it. What went wrong.
  std::vector<std::string> finish() {
    stop_ = true;
    thread_.join();
    return failures_;
  }
  std::size_t answers() const { return answers_; }

 private:
  static kipu::Client connected(const std::string& broker) {
    GraphPlace place;
    place.brokers = {broker};
    auto client = connect(place);
    if (!client) throw std::runtime_error(client.error().message);
    return std::move(*client);
  }

  void ask() {
    const std::vector<std::string> leaf{"c:@F@leaf#"};
    while (!stop_) {
      auto snapshot = Snapshot::open(client_, "main");
      if (!snapshot) {
        failures_.push_back(snapshot.error().message);
        continue;
      }
      const auto links = snapshot->links(leaf, Direction::in);
      if (!links) failures_.push_back(links.error().message);
      // Every state has a caller of leaf: main keeps one, whatever is edited.
      if (links && links->front().empty()) failures_.emplace_back("nobody calls leaf");
      ++answers_;
    }
  }

  kipu::Client client_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::size_t> answers_ = 0;
  std::vector<std::string> failures_;  // of the thread, until it has ended
  std::thread thread_;
};

class WatchTest : public testing::Test {
 protected:
  WatchTest() : project_(cluster_.file("project")) {
    project_.write("leaf.h", "int leaf();\n");
    project_.write("leaf.cc", "#include \"leaf.h\"\nint leaf() { return 1; }\n");
    project_.write("main.cc", "#include \"leaf.h\"\nint main() { return leaf(); }\n");
    project_.write("alone.cc", "int alone() { return 3; }\n");
    project_.compile({"leaf.cc", "main.cc", "alone.cc"});
  }

  Process watching() {
    std::vector<std::string> command{kipu::test::program("callgraph"), "watch"};
    for (std::string& word : project_.options()) command.push_back(std::move(word));
    Process watch(std::move(command), cluster_.options());
    EXPECT_TRUE(watch.wait_for_line("watching ")) << watch.errors();
    return watch;
  }

  std::string callers(const std::string& symbol) {
    return kipu::test::run({kipu::test::program("callgraph"), "callers", symbol, "--depth", "0"},
                           cluster_.options())
        .output;
  }
  bool becomes_caller(const std::string& symbol, const std::string& caller) {
    return eventually([&] { return callers(symbol).find(caller) != std::string::npos; });
  }

  kipu::test::LocalCluster cluster_;
  DiskProject project_;
};

TEST_F(WatchTest, WhatIsEditedIsSeenByOthersWhoAskAllTheWhile) {
  Process watch = watching();
  Asker asker(cluster_.frontend());
  project_.write("main.cc",
                 "#include \"leaf.h\"\nint fresh() { return leaf(); }\n"
                 "int main() { return fresh() + leaf(); }\n");
  EXPECT_TRUE(becomes_caller("leaf", "fresh()"));
  // A header that changed brings its includers: leaf.cc and main.cc, but not alone.cc.
  EXPECT_TRUE(watch.wait_for_line("reindexed 1 of 4 files"));
  project_.write("leaf.h", "int leaf();\ninline int twice() { return leaf() + leaf(); }\n");
  EXPECT_TRUE(watch.wait_for_line("reindexed 3 of 4 files")) << watch.output() << watch.errors();
  EXPECT_THAT(callers("leaf"), HasSubstr("twice()"));
  // What is no longer said is gone.
  project_.write("main.cc", "#include \"leaf.h\"\nint main() { return twice() + leaf(); }\n");
  EXPECT_TRUE(becomes_caller("twice", "main()"));
  EXPECT_THAT(callers("leaf"), Not(HasSubstr("fresh()")));
  EXPECT_TRUE(eventually([&] { return asker.answers() > 0; }));
  EXPECT_THAT(asker.finish(), IsEmpty());
  watch.kill(SIGTERM);
  EXPECT_EQ(watch.wait().exit_code, 0) << watch.errors();
}

}  // namespace
}  // namespace callgraph

#include "examples/callgraph/indexer/write_behind.h"

#include <atomic>
#include <chrono>
#include <future>

#include <gmock/gmock.h>

namespace callgraph::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::chrono::seconds kLong{60};

Change change(Change::Kind kind, const std::string& path, const std::string& md5,
              std::uint32_t line) {
  Change made;
  made.kind = kind;
  made.file.path = path;
  made.file.md5 = md5;
  made.facts.edges.push_back({"c:@F@f", "c:@F@g", Relation::calls, Certainty::direct, line, 1});
  return made;
}

Change add(const std::string& path, const std::string& md5, std::uint32_t line) {
  return change(Change::Kind::add, path, md5, line);
}

Change commit(const std::string& path, const std::string& md5, std::uint32_t line) {
  return change(Change::Kind::commit, path, md5, line);
}

// Does nothing before it is let through; notes what it was given.
class SlowGraph final : public GraphPort {
 public:
  kipu::Result<std::map<std::string, FileRecord>> current_files() override {
    return graph_.current_files();
  }
  kipu::Status apply(std::span<const Change> changes) override {
    if (!entered_.exchange(true)) first_.set_value();
    EXPECT_EQ(through_.wait_for(kLong), std::future_status::ready);
    std::vector<std::string> paths;
    for (const Change& change : changes) paths.push_back(change.file.path);
    applied_.push_back(std::move(paths));
    if (fails_) return kipu::fail(kipu::ErrorCode::unavailable, "no worker");
    return graph_.apply(changes);
  }

  // Until the first apply() has begun.
  void wait() { EXPECT_EQ(first_.get_future().wait_for(kLong), std::future_status::ready); }
  void let_through(bool fails = false) {
    fails_ = fails;
    let_.set_value();
  }
  const std::vector<std::vector<std::string>>& applied() const { return applied_; }
  std::vector<std::uint32_t> lines(const std::string& path) const {
    std::vector<std::uint32_t> lines;
    const auto file = graph_.files().find(path);
    if (file == graph_.files().end()) return lines;
    for (const Edge& edge : file->second.facts.edges) lines.push_back(edge.line);
    return lines;
  }

 private:
  MemoryGraph graph_;
  std::promise<void> first_;
  std::atomic<bool> entered_ = false;
  std::promise<void> let_;
  std::shared_future<void> through_ = let_.get_future().share();
  std::atomic<bool> fails_ = false;
  std::vector<std::vector<std::string>> applied_;
};

WriteBehind::Done nothing() {
  return [](const kipu::Status&) {};
}

TEST(WriteBehindTest, WritesTogetherWhatWaits) {
  SlowGraph graph;
  WriteBehind writing(graph);
  writing.add({commit("a.c", "1", 1)}, nothing());
  graph.wait();
  writing.add({add("x.h", "1", 1), commit("b.c", "1", 1)}, nothing());
  writing.add({add("x.h", "1", 2), commit("c.c", "1", 1)}, nothing());
  graph.let_through();
  writing.finish();
  EXPECT_THAT(graph.applied(), ElementsAre(ElementsAre("a.c"), ElementsAre("x.h", "b.c", "c.c")));
  EXPECT_THAT(graph.lines("x.h"), ElementsAre(1, 2));
}

TEST(WriteBehindTest, KeepsTheOrderOfChangesOfOneFile) {
  SlowGraph graph;
  WriteBehind writing(graph);
  writing.add({commit("first.c", "1", 1)}, nothing());
  graph.wait();
  writing.add({add("a.c", "1", 1)}, nothing());
  writing.add({commit("a.c", "1", 2)}, nothing());  // forgets what was added
  writing.add({add("a.c", "1", 3)}, nothing());
  writing.add({commit("b.c", "1", 1)}, nothing());
  writing.add({add("b.c", "2", 2)}, nothing());  // of another content, which replaces the first
  graph.let_through();
  writing.finish();
  EXPECT_THAT(graph.lines("a.c"), ElementsAre(2, 3));
  EXPECT_THAT(graph.lines("b.c"), ElementsAre(2));
  EXPECT_THAT(graph.applied(), SizeIs(4));
}

TEST(WriteBehindTest, HoldsBackWhoBringsMoreThanMayWait) {
  SlowGraph graph;
  WriteBehind writing(graph, 2);
  writing.add({commit("a.c", "1", 1)}, nothing());
  graph.wait();
  writing.add({commit("b.c", "1", 1), commit("c.c", "1", 1)}, nothing());
  auto more =
      std::async(std::launch::async, [&] { writing.add({commit("d.c", "1", 1)}, nothing()); });
  graph.let_through();
  EXPECT_EQ(more.wait_for(kLong), std::future_status::ready);
  writing.finish();
  // Had it not been held back, it would have been written with the others.
  EXPECT_THAT(graph.applied(),
              ElementsAre(ElementsAre("a.c"), ElementsAre("b.c", "c.c"), ElementsAre("d.c")));
}

TEST(WriteBehindTest, TellsEachUnitHowItWasWritten) {
  SlowGraph graph;
  std::vector<std::string> told;
  {
    WriteBehind writing(graph);
    const auto note = [&](const std::string& unit) {
      return [&told, unit](const kipu::Status& written) {
        told.push_back(unit + (written ? "" : ": " + written.error().message));
      };
    };
    writing.add({commit("a.c", "1", 1)}, note("a"));
    graph.wait();
    writing.add({commit("b.c", "1", 1)}, note("b"));
    writing.add({}, note("nothing"));
    EXPECT_THAT(told, IsEmpty());
    graph.let_through(true);
  }
  EXPECT_THAT(told, ElementsAre("a: no worker", "b: no worker", "nothing: no worker"));
}

}  // namespace
}  // namespace callgraph::test

#include "examples/callgraph/graph/snapshot.h"

#include <gmock/gmock.h>

#include "tests/examples/callgraph/graph/store_fixture.h"

namespace callgraph {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class SnapshotTest : public GraphStoreTest {};

TEST_F(SnapshotTest, ANodeIsNamedByItsDefinition) {
  GraphWriter graph = writer();
  Symbol declared = function("f", 7);
  declared.is_definition = false;
  ASSERT_TRUE(graph.commit(source("a.h", "m1"), {{declared}, {}}));
  ASSERT_TRUE(graph.commit(source("z.cc", "m1"), {{function("f", 9)}, {}}));
  const std::vector<std::string> usrs{"c:@F@f"};
  Snapshot now = snapshot();
  const auto nodes = now.nodes(usrs);
  ASSERT_TRUE(nodes) << nodes.error().message;
  EXPECT_EQ(nodes->front().name, "f");
  EXPECT_THAT(nodes->front().mentions,
              ElementsAre(Mention{"z.cc", 9, 6, true}, Mention{"a.h", 7, 6, false}));
  EXPECT_EQ(nodes->front().version, graph.current_files()->at("z.cc").generation);
}

TEST_F(SnapshotTest, SymbolsThatNothingDeclaresHaveANameAllTheSame) {
  EXPECT_EQ(name_from_usr("c:@F@printf"), "printf");
  EXPECT_EQ(name_from_usr("c:@N@std@S@basic_string@F@append#*1C#"), "std::basic_string::append");
  EXPECT_EQ(name_from_usr("file:a/b.h"), "a/b.h");
  EXPECT_EQ(name_from_usr("odd"), "odd");
  writer();
  Snapshot now = snapshot();
  const std::vector<std::string> usrs{"c:@F@printf", "file:a.h"};
  const auto nodes = now.nodes(usrs);
  ASSERT_TRUE(nodes);
  EXPECT_THAT(nodes->at(0).mentions, IsEmpty());
  EXPECT_EQ(nodes->at(1).kind, SymbolKind::file);
}

TEST_F(SnapshotTest, NamesAreFoundByHowTheyBegin) {
  ASSERT_TRUE(writer().commit(source("a.cc", "m1"),
                              {{function("kipu::append"), function("Apply"), function("g")}, {}}));
  Snapshot now = snapshot();
  EXPECT_THAT(*now.names("app"), SizeIs(2));
  EXPECT_THAT(*now.names("g"), SizeIs(1));
  EXPECT_THAT(*now.names("zz"), IsEmpty());
}

TEST_F(SnapshotTest, SaysWhichGraphsThereAre) {
  writer("one");
  const auto none = Snapshot::open(client_, "two");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("no graph is named 'two' here; there are: one"));
}

TEST_F(SnapshotTest, KnowsWhenAGraphWasMadeAndChanged) {
  GraphWriter graph = writer();
  EXPECT_FALSE(snapshot().info()->updated);
  ASSERT_TRUE(graph.commit(source("a.cc", "m1"), {{function("f")}, {}}));
  const auto info = snapshot().info();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->files, 1U);
  EXPECT_EQ(info->updated, graph.current_files()->at("a.cc").generation.time.wall());
  EXPECT_LE(info->created, *info->updated);
  EXPECT_THAT(info->id, SizeIs(16));
}

TEST_F(SnapshotTest, EverythingIsWhatAllFilesSay) {
  GraphWriter graph = writer();
  ASSERT_TRUE(graph.commit(source("a.cc", "m1"), {{function("f")}, {call("f", "g")}}));
  ASSERT_TRUE(graph.commit(source("b.cc", "m1"), {{function("g")}, {}}));
  ASSERT_TRUE(graph.commit(source("c.cc", "m1"), {{function("h")}, {}}));
  ASSERT_TRUE(graph.remove("c.cc"));
  Snapshot now = snapshot();
  const auto all = now.everything();
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_THAT(*all, SizeIs(2));
  EXPECT_THAT(all->at("a.cc").edges, ElementsAre(call("f", "g")));
  EXPECT_THAT(all->at("b.cc").symbols, ElementsAre(function("g")));
  EXPECT_FALSE(*now.facts("c.cc"));
}

TEST_F(SnapshotTest, ItsAnswersDoNotChangeWhileOthersWrite) {
  GraphWriter graph = writer();
  ASSERT_TRUE(graph.commit(source("a.cc", "m1"), {{}, {call("f", "g")}}));
  Snapshot before = snapshot();
  const std::vector<std::string> f{"c:@F@f"};
  const std::vector<std::string> g{"c:@F@g"};
  EXPECT_THAT(others(before.links(f, Direction::out)->front()), ElementsAre("g"));
  ASSERT_TRUE(graph.commit(source("a.cc", "m2"), {{}, {call("f", "h")}}));
  EXPECT_THAT(others(before.links(g, Direction::in)->front()), ElementsAre("f"));
  EXPECT_THAT(neighbours("g", Direction::in), IsEmpty());
}

}  // namespace
}  // namespace callgraph

#include "examples/callgraph/graph/writer.h"

#include <thread>

#include <gmock/gmock.h>

#include "examples/callgraph/graph/records.h"
#include "tests/examples/callgraph/graph/store_fixture.h"

namespace callgraph {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class GraphWriterTest : public GraphStoreTest {};

TEST_F(GraphWriterTest, WhatIsCommittedIsSeenFromBothEnds) {
  GraphWriter graph = writer();
  const auto done = graph.commit(source("a.cc", "m1"), {{function("f")}, {call("f", "g")}});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(done->recorded);
  EXPECT_EQ(done->added, 2U);
  EXPECT_THAT(neighbours("f", Direction::out), ElementsAre("g"));
  EXPECT_THAT(neighbours("g", Direction::in), ElementsAre("f"));
}

TEST_F(GraphWriterTest, CommittingTheSameAgainAppendsNothing) {
  ASSERT_TRUE(writer().commit(source("a.cc", "m1"), {{function("f")}, {call("f", "g")}}));
  const std::size_t before = stored();
  const auto again = writer().commit(source("a.cc", "m1"), {{function("f")}, {call("f", "g")}});
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->recorded);
  EXPECT_EQ(stored(), before);
}

TEST_F(GraphWriterTest, AnotherContentAppendsOnlyWhatDiffers) {
  GraphWriter graph = writer();
  ASSERT_TRUE(
      graph.commit(source("a.cc", "m1"), {{function("f")}, {call("f", "g"), call("f", "h", 3)}}));
  const std::size_t before = stored();
  const auto done =
      graph.commit(source("a.cc", "m2"), {{function("f")}, {call("f", "g"), call("f", "k", 3)}});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->added, 1U);
  EXPECT_EQ(done->dropped, 1U);
  // One entry each for the file, f's calls, h and k from the other end, and the record.
  EXPECT_EQ(stored() - before, 5U);
  EXPECT_THAT(neighbours("f", Direction::out), ElementsAre("g", "k"));
  EXPECT_THAT(neighbours("h", Direction::in), IsEmpty());
}

TEST_F(GraphWriterTest, AnOldTimeIsAnsweredAsItWas) {
  GraphWriter graph = writer();
  ASSERT_TRUE(graph.commit(source("a.cc", "m1"), {{}, {call("f", "g")}}));
  const auto first = graph.current_files();
  ASSERT_TRUE(first);
  const kipu::StampTime then = first->at("a.cc").generation.time.plus(1);
  ASSERT_TRUE(graph.commit(source("a.cc", "m2"), {{}, {call("f", "h")}}));
  ASSERT_TRUE(graph.remove("a.cc"));
  EXPECT_THAT(neighbours("f", Direction::out), IsEmpty());
  EXPECT_THAT(neighbours("f", Direction::out, then), ElementsAre("g"));
}

TEST_F(GraphWriterTest, HeadersGrowByWhatOtherUnitsShow) {
  GraphWriter one = writer();
  GraphWriter other = writer();
  ASSERT_TRUE(one.add_facts(source("a.h", "m1"), {{}, {call("f", "g")}}));
  const auto more = other.add_facts(source("a.h", "m1"), {{}, {call("f", "h")}});
  ASSERT_TRUE(more);
  EXPECT_EQ(more->added, 1U);
  const std::size_t before = stored();
  const auto known = other.add_facts(source("a.h", "m1"), {{}, {call("f", "g")}});
  ASSERT_TRUE(known);
  EXPECT_FALSE(known->recorded);
  EXPECT_EQ(stored(), before);
  EXPECT_THAT(neighbours("f", Direction::out), ElementsAre("g", "h"));
}

TEST_F(GraphWriterTest, AnAdditionThatIsBuiltOnOldKnowledgeIsUnitedWithTheOthers) {
  GraphWriter one = writer();
  GraphWriter other = writer();
  ASSERT_TRUE(one.commit(source("a.h", "m1"), {{}, {call("f", "g")}}));
  ASSERT_TRUE(other.add_facts(source("a.h", "m1"), {{}, {call("f", "h")}}));
  // `one` remembers its own commit, and adds to that.
  ASSERT_TRUE(one.add_facts(source("a.h", "m1"), {{}, {call("f", "k")}}));
  EXPECT_THAT(neighbours("f", Direction::out), ElementsAre("g", "h", "k"));
  ASSERT_TRUE(writer().commit(source("a.h", "m1"), {{}, {call("f", "k")}}));
  EXPECT_THAT(neighbours("f", Direction::out), ElementsAre("k"));
}

TEST_F(GraphWriterTest, AnotherContentOfAHeaderReplacesWhatWasAdded) {
  GraphWriter graph = writer();
  ASSERT_TRUE(graph.add_facts(source("a.h", "m1"), {{}, {call("f", "g")}}));
  ASSERT_TRUE(graph.add_facts(source("a.h", "m1"), {{}, {call("f", "h")}}));
  ASSERT_TRUE(graph.add_facts(source("a.h", "m2"), {{}, {call("f", "h")}}));
  EXPECT_THAT(neighbours("f", Direction::out), ElementsAre("h"));
}

TEST_F(GraphWriterTest, AFileThatIsGoneAndComesBackSaysWhatItSaysNow) {
  GraphWriter graph = writer();
  ASSERT_TRUE(graph.commit(source("a.cc", "m1"), {{function("f")}, {call("f", "g")}}));
  ASSERT_TRUE(graph.remove("a.cc"));
  EXPECT_THAT(*graph.current_files(), IsEmpty());
  EXPECT_FALSE(graph.remove("a.cc")->recorded);
  EXPECT_FALSE(graph.remove("never.cc")->recorded);
  ASSERT_TRUE(graph.commit(source("a.cc", "m1"), {{function("f")}, {call("f", "g")}}));
  EXPECT_THAT(neighbours("f", Direction::out), ElementsAre("g"));
}

TEST_F(GraphWriterTest, FilesAreListedWithWhatTheyInclude) {
  GraphWriter graph = writer();
  const Edge include{
      file_usr("a.cc"), file_usr("a.h"), Relation::includes, Certainty::direct, 1, 1};
  ASSERT_TRUE(graph.commit(source("a.cc", "m1"), {{}, {include}}));
  const auto files = graph.current_files();
  ASSERT_TRUE(files);
  EXPECT_EQ(files->at("a.cc").file.md5, "m1");
  EXPECT_THAT(files->at("a.cc").includes, ElementsAre("a.h"));
}

TEST_F(GraphWriterTest, FactsWithoutARecordAreInvisible) {
  GraphWriter graph = writer();
  ASSERT_TRUE(graph.commit(source("a.cc", "m1"), {{}, {call("f", "g")}}));
  // What an indexer leaves that is killed before its record.
  kipu::AppendOptions options;
  options.bucket = "callgraph.main";
  options.stamp = kipu::Stamp{graph.current_files()->at("a.cc").generation.time.plus(1), 99};
  Edge edge = call("f", "h");
  edge.from.clear();
  ASSERT_TRUE(
      client_.append(out_key("c:@F@f"), kipu::Values{"a.cc", marked(true, encode(edge))}, options));
  EXPECT_THAT(neighbours("f", Direction::out), ElementsAre("g"));
  ASSERT_TRUE(graph.commit(source("a.cc", "m2"), {{}, {call("f", "k")}}));
  EXPECT_THAT(neighbours("f", Direction::out), ElementsAre("k"));
}

TEST_F(GraphWriterTest, RecordsMainFilesOnlyWhenAllElseIsRecorded) {
  GraphWriter graph = writer();
  Change main{Change::Kind::commit, source("a.cc", "m1"), {{function("a")}, {call("a", "f")}}};
  main.is_main = true;
  Change header{Change::Kind::add, source("a.h", "m1"), {{function("f")}, {}}};
  const auto recorded = [&](const std::string& path) {
    return graph.current_files()->contains(path);
  };
  // A record that no store takes: as if the indexer had ended before it was written.
  header.file.language = std::string(kipu::limits::kMaxBodyBytes, 'x');
  EXPECT_FALSE(graph.apply(std::vector<Change>{main, header}));
  EXPECT_FALSE(recorded("a.cc"));
  header.file.language = "C++";
  EXPECT_TRUE(graph.apply(std::vector<Change>{main, header}));
  EXPECT_TRUE(recorded("a.cc"));
  EXPECT_TRUE(recorded("a.h"));
}

TEST_F(GraphWriterTest, ManyThreadsAndWritersOfTheSameFilesAgree) {
  GraphWriter shared = writer();
  GraphWriter separate = writer();
  const auto work = [](GraphWriter& graph, std::uint32_t unit) {
    const std::string name = "f" + std::to_string(unit);
    const std::vector<Change> changes{
        {Change::Kind::add, source("shared.h", "m1"), {{}, {call("f", name, unit)}}},
        {Change::Kind::commit, source(name + ".cc", "m1"), {{function(name)}, {call(name, "f")}}}};
    const auto done = graph.apply(changes);
    EXPECT_TRUE(done) << done.error().message;
  };
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t unit = 1; unit <= 4; ++unit) {
      threads.emplace_back([&, unit] { work(shared, unit); });
      threads.emplace_back([&, unit] { work(separate, unit); });
    }
  }
  EXPECT_THAT(neighbours("f", Direction::out), UnorderedElementsAre("f1", "f2", "f3", "f4"));
  EXPECT_THAT(neighbours("f", Direction::in), UnorderedElementsAre("f1", "f2", "f3", "f4"));
}

TEST_F(GraphWriterTest, SymbolsWithVeryLongNamesAreKeptApart) {
  GraphWriter graph = writer();
  const std::string longest(2000, 'x');
  ASSERT_TRUE(graph.commit(source("a.cc", "m1"),
                           {{function(longest + "1")}, {call(longest + "1", longest + "2")}}));
  EXPECT_THAT(neighbours(longest + "1", Direction::out), ElementsAre(longest + "2"));
  EXPECT_THAT(neighbours(longest + "2", Direction::in), ElementsAre(longest + "1"));
}

TEST_F(GraphWriterTest, AFileThatSaysVeryMuchIsStoredInSeveralEntries) {
  FileFacts facts;
  for (std::uint32_t line = 1; line <= 20'000; ++line) facts.edges.push_back(call("f", "g", line));
  ASSERT_TRUE(writer().commit(source("a.cc", "m1"), facts));
  EXPECT_EQ(neighbours("g", Direction::in).size(), 20'000U);
  EXPECT_FALSE(writer().commit(source("a.cc", "m1"), facts)->recorded);
}

TEST_F(GraphWriterTest, RefusesPathsThatCannotBe) {
  GraphWriter graph = writer();
  EXPECT_EQ(graph.commit(source("", "m"), {}).error().code, kipu::ErrorCode::invalid_argument);
  const std::vector<Change> twice{{Change::Kind::commit, source("a", "m"), {}},
                                  {Change::Kind::commit, source("a", "m"), {}}};
  EXPECT_EQ(graph.apply(twice).error().code, kipu::ErrorCode::invalid_argument);
  EXPECT_EQ(GraphWriter::open(client_, "no/name").error().code, kipu::ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace callgraph

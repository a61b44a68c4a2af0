#include "examples/callgraph/ask/walk.h"

#include <gmock/gmock.h>

#include "examples/callgraph/ask/diff.h"
#include "examples/callgraph/ask/path.h"
#include "examples/callgraph/ask/whole.h"
#include "tests/examples/callgraph/ask/sample.h"

namespace callgraph {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class QuestionTest : public SampleTest {
 protected:
  // The names of what a walk finds, with its roots left out.
  static std::vector<std::string> found(const kipu::Result<Answer>& answer,
                                        std::size_t section = 0) {
    EXPECT_TRUE(answer) << answer.error().message;
    std::vector<std::string> names;
    if (!answer) return names;
    for (const Step& step : answer->sections[section].steps) {
      names.push_back(answer->nodes.at(step.child).name);
    }
    return names;
  }
  kipu::Result<Answer> walked(Question question, const Symbol& root, std::size_t depth,
                              std::size_t limit = 100) {
    WalkRequest walk = walk_for(question, {root.usr});
    walk.depth = depth;
    walk.limit = limit;
    Snapshot now = snapshot();
    return ask(now, walk);
  }
};

TEST_F(QuestionTest, CallersAreFoundStepByStep) {
  EXPECT_THAT(found(walked(Question::callers, step_, 1)),
              UnorderedElementsAre("run", "Derived::go"));
  EXPECT_THAT(found(walked(Question::callers, run_, 1)), UnorderedElementsAre("main", "step"));
}

TEST_F(QuestionTest, AMethodIsCalledByVirtualCallsOfWhatItOverrides) {
  EXPECT_THAT(found(walked(Question::callers, derived_go_, 1)), ElementsAre("Base::go", "run"));
}

TEST_F(QuestionTest, AVirtualCallGoesToWhatOverrides) {
  EXPECT_THAT(found(walked(Question::callees, run_, 2)), Contains("Derived::go"));
  EXPECT_THAT(found(walked(Question::callees, run_, 1)), UnorderedElementsAre("step", "Base::go"));
}

TEST_F(QuestionTest, WhatALimitLeavesOutIsSaid) {
  const auto answer = walked(Question::callees, main_, kNoEnd, 1);
  EXPECT_THAT(found(answer), ElementsAre("run"));
  ASSERT_THAT(answer->notes, SizeIs(1));
  EXPECT_THAT(answer->notes.front(), HasSubstr("2 more were found and left out"));
}

TEST_F(QuestionTest, AnEmptyAnswerSaysThatItIs) {
  EXPECT_THAT(walked(Question::callers, lonely_, 1)->notes, ElementsAre("the graph knows of none"));
}

TEST_F(QuestionTest, ReadersAndWritersAreToldApart) {
  EXPECT_THAT(found(walked(Question::readers, counter_, 1)), ElementsAre("main"));
  EXPECT_THAT(found(walked(Question::writers, counter_, 1)), ElementsAre("step"));
}

TEST_F(QuestionTest, ImpactFollowsEveryUse) {
  EXPECT_THAT(found(walked(Question::impact, counter_, kNoEnd)),
              testing::IsSupersetOf({"main", "step", "run", "Derived::go"}));
}

TEST_F(QuestionTest, HierarchiesGoUpAndDown) {
  Snapshot now = snapshot();
  const auto of_base = ask_hierarchy(now, {base_.usr}, kNoEnd, 10);
  EXPECT_THAT(found(of_base, 0), IsEmpty());
  EXPECT_THAT(found(of_base, 1), ElementsAre("Derived"));
  EXPECT_THAT(found(ask_hierarchy(now, {derived_.usr}, kNoEnd, 10), 0), ElementsAre("Base"));
}

TEST_F(QuestionTest, IncludesGoBothWays) {
  Snapshot now = snapshot();
  EXPECT_THAT(found(ask(now, walk_for(Question::included_by, {file_usr("go.h")}))),
              ElementsAre("main.cc"));
  EXPECT_THAT(found(ask(now, walk_for(Question::includes, {file_usr("main.cc")}))),
              ElementsAre("go.h"));
}

kipu::Result<Answer> way(Snapshot& snapshot, std::vector<Stretch> stretches,
                         std::size_t limit = 100) {
  return ask_path(snapshot, stretches, limit);
}

TEST_F(QuestionTest, APathIsAShortestOneThroughVirtualCallsToo) {
  Snapshot now = snapshot();
  EXPECT_THAT(found(way(now, {{"", {{main_.usr}, {derived_go_.usr}}}})),
              ElementsAre("run", "Base::go", "Derived::go"));
  EXPECT_THAT(found(way(now, {{"", {{main_.usr}, {step_.usr}}}})), ElementsAre("run", "step"));
}

TEST_F(QuestionTest, APathGoesThroughAllItsStopsInOrder) {
  Snapshot now = snapshot();
  const auto path = way(now, {{"", {{main_.usr}, {step_.usr}, {run_.usr}}}});
  EXPECT_THAT(found(path), ElementsAre("run", "step", "run"));
  EXPECT_TRUE(path->sections.front().is_way);
}

TEST_F(QuestionTest, BetweenStretchesNoCallsAreLookedFor) {
  Snapshot now = snapshot();
  const auto path = way(now, {{"here", {{step_.usr}}}, {"there", {{main_.usr}, {run_.usr}}}});
  ASSERT_THAT(path->sections, SizeIs(2));
  EXPECT_THAT(found(path, 0), IsEmpty());
  EXPECT_THAT(found(path, 1), ElementsAre("run"));
  EXPECT_EQ(path->sections[1].heading, "there");
  EXPECT_THAT(path->notes, IsEmpty());
}

TEST_F(QuestionTest, APathThatIsNotThereIsSaid) {
  Snapshot now = snapshot();
  const auto none = way(now, {{"", {{step_.usr}, {lonely_.usr}, {run_.usr}}}});
  EXPECT_THAT(found(none), IsEmpty());
  EXPECT_THAT(none->notes, ElementsAre(HasSubstr("no way of calls leads from step to lonely")));
  EXPECT_THAT(way(now, {{"", {{main_.usr}, {derived_go_.usr}}}}, 1)->notes.front(),
              HasSubstr("within 1 symbols: --limit N looks further"));
}

TEST(StretchesTest, ASlashOpensOneWithACaption) {
  const std::vector<std::string> operands{"/ the client", "a", "b", "/", "c"};
  const auto stretches = stretches_of(operands);
  ASSERT_TRUE(stretches);
  ASSERT_THAT(*stretches, SizeIs(2));
  EXPECT_EQ((*stretches)[0].caption, "the client");
  EXPECT_THAT((*stretches)[0].names, ElementsAre("a", "b"));
  EXPECT_EQ((*stretches)[1].caption, "");
  EXPECT_THAT((*stretches)[1].names, ElementsAre("c"));
}

TEST(StretchesTest, APathLeadsFromSomewhereToSomewhere) {
  for (const std::vector<std::string>& operands :
       {std::vector<std::string>{"a"}, {"a", "/"}, {"/", "b", "/x", "/y"}}) {
    EXPECT_FALSE(stretches_of(operands));
  }
}

TEST_F(QuestionTest, UnusedIsWhatNoRootReaches) {
  Snapshot now = snapshot();
  const auto unused = ask_unused(now, {}, 100);
  ASSERT_TRUE(unused) << unused.error().message;
  EXPECT_THAT(unused->sections.front().roots, ElementsAre(lonely_.usr));
  const auto from_lonely = ask_unused(now, {"lonely"}, 1);
  ASSERT_TRUE(from_lonely);
  EXPECT_THAT(from_lonely->sections.front().roots, SizeIs(1));
  EXPECT_THAT(from_lonely->notes, ElementsAre(HasSubstr("4 more are left out")));
  EXPECT_FALSE(ask_unused(now, {"nobody"}, 100));
}

TEST_F(QuestionTest, CyclesAreGroupsThatReachEachOther) {
  Snapshot now = snapshot();
  const auto cycles = ask_cycles(now, {Relation::calls}, 100);
  ASSERT_TRUE(cycles);
  ASSERT_THAT(cycles->sections, SizeIs(1));
  EXPECT_THAT(cycles->sections.front().roots, UnorderedElementsAre(run_.usr, step_.usr));
  EXPECT_THAT(ask_cycles(now, {Relation::includes}, 100)->notes,
              ElementsAre("there are no cycles"));
}

TEST_F(QuestionTest, ADifferenceIsWhatFilesBeganAndCeasedToSay) {
  GraphWriter graph = writer();
  const kipu::StampTime then = graph.current_files()->at("main.cc").generation.time.plus(1);
  // main moves to line 2, calls step instead of run; lonely is gone.
  ASSERT_TRUE(graph.commit(
      source("main.cc", "m2"),
      {{function("main", 2), run_, step_, counter_},
       {edge(main_, step_, Relation::calls), edge(run_, step_, Relation::calls),
        edge(step_, run_, Relation::calls),
        edge(run_, base_go_, Relation::calls, Certainty::dynamic),
        edge(step_, counter_, Relation::writes), edge(main_, counter_, Relation::reads)}}));
  Snapshot before = snapshot(then);
  Snapshot after = snapshot();
  const auto table = ask_diff(before, after, 100);
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_THAT(
      table->rows,
      UnorderedElementsAre(ElementsAre("-", "main.cc:13", "defines function", "void lonely()", ""),
                           ElementsAre("-", "main.cc:20", "calls", "main", "run"),
                           ElementsAre("-", "main.cc:1", "includes", "main.cc", "go.h"),
                           ElementsAre("+", "main.cc:20", "calls", "main", "step")));
  EXPECT_THAT(ask_diff(before, after, 1)->notes, ElementsAre(HasSubstr("3 more differences")));
}

TEST_F(QuestionTest, FilesAreListedAsTheyWere) {
  GraphWriter graph = writer();
  const kipu::StampTime then = graph.current_files()->at("main.cc").generation.time.plus(1);
  ASSERT_TRUE(graph.remove("main.cc"));
  Snapshot before = snapshot(then);
  Snapshot after = snapshot();
  EXPECT_THAT(ask_files(before, 100)->rows, SizeIs(2));
  EXPECT_THAT(ask_files(after, 100)->rows, ElementsAre(Contains("go.h")));
}

TEST(ComponentsTest, FindsWhatReachesItself) {
  const auto found = components({{1}, {2}, {0}, {3}, {0}});
  std::vector<std::size_t> sizes;
  for (const auto& component : found) sizes.push_back(component.size());
  EXPECT_THAT(sizes, UnorderedElementsAre(3U, 1U, 1U));
}

TEST(ComponentsTest, TakesAVeryLongChain) {
  std::vector<std::vector<std::size_t>> chain(200'000);
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) chain[i] = {i + 1};
  EXPECT_EQ(components(chain).size(), chain.size());
}

}  // namespace
}  // namespace callgraph

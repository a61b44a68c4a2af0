#include "examples/callgraph/ask/resolve.h"

#include <gmock/gmock.h>

#include "examples/callgraph/ask/answer.h"
#include "tests/examples/callgraph/ask/sample.h"

namespace callgraph {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class ResolveTest : public SampleTest {
 protected:
  std::vector<std::string> resolved(const std::string& text, bool all = false) {
    Snapshot now = snapshot();
    auto usrs = resolve(now, text, all);
    EXPECT_TRUE(usrs) << usrs.error().message;
    return usrs.value_or(std::vector<std::string>{});
  }
  std::string refusal(const std::string& text) {
    Snapshot now = snapshot();
    const auto usrs = resolve(now, text, false);
    EXPECT_FALSE(usrs);
    return usrs ? std::string() : usrs.error().message;
  }
};

TEST_F(ResolveTest, NamesAreCompletedAndEndsOfThemDo) {
  EXPECT_THAT(resolved("main"), ElementsAre(main_.usr));
  EXPECT_THAT(resolved("Base::go"), ElementsAre(base_go_.usr));
  EXPECT_THAT(resolved("lon"), ElementsAre(lonely_.usr));
  EXPECT_THAT(resolved("derived"), ElementsAre(derived_.usr));
  EXPECT_THAT(resolved("Base::go(int)"), ElementsAre(base_go_.usr));
  EXPECT_THAT(resolved(counter_.usr), ElementsAre(counter_.usr));
}

TEST_F(ResolveTest, FilesAreFoundByTheEndOfTheirPath) {
  EXPECT_THAT(resolved("go.h"), ElementsAre("file:go.h"));
  const std::string path = "base/go.h";
  const Symbol file{file_usr(path), SymbolKind::file, path, path, "C++", true, 1, 1};
  ASSERT_TRUE(writer().commit(source(path, "m1"), {{file}, {}}));
  EXPECT_THAT(resolved("base/go.h"), ElementsAre("file:base/go.h"));
}

TEST_F(ResolveTest, SeveralMatchesAreListedWithWhatToType) {
  const std::string message = refusal("go");
  EXPECT_THAT(message, HasSubstr("'go' may mean 2 symbols"));
  EXPECT_THAT(message, HasSubstr("'Base::go'     method  go.h:2"));
  EXPECT_THAT(message, HasSubstr("'Derived::go'  method  go.h:6"));
  EXPECT_THAT(resolved("go", true), SizeIs(2));
}

TEST_F(ResolveTest, OverloadsAreToldApartByTheirParametersElseByUsr) {
  Symbol one = function("over", 30);
  Symbol two = function("over", 31);
  one.usr += "#I#";
  two.usr += "#d#";
  one.signature = "over(int)";
  two.signature = "over(double)";
  ASSERT_TRUE(writer().commit(source("over.cc", "m1"), {{one, two}, {}}));
  EXPECT_THAT(refusal("over"), HasSubstr("'over(double)'"));
  EXPECT_THAT(resolved("over(double)"), ElementsAre(two.usr));
  const std::vector<Match> same{{Fit::exact, {"u1", {}, "f", "f", {}, {}, {}}},
                                {Fit::exact, {"u2", {}, "f", "f", {}, {}, {}}}};
  EXPECT_EQ(to_type(same[0].node, same), "u1");
}

TEST_F(ResolveTest, TheProjectsOwnComeBeforeWhatItCallsOutside) {
  Symbol theirs = function("lib::run", 0);
  theirs.is_definition = false;
  ASSERT_TRUE(writer().commit(source("uses.cc", "m1"), {{theirs}, {}}));
  EXPECT_THAT(resolved("run"), ElementsAre(run_.usr));
  EXPECT_THAT(resolved("lib::run"), ElementsAre(theirs.usr));
  Snapshot now = snapshot();
  const std::vector<std::string> usrs{theirs.usr, run_.usr};
  const auto nodes = now.nodes(usrs);
  EXPECT_EQ(place_of(nodes->at(0)), "");
  EXPECT_EQ(place_of(nodes->at(1)), "main.cc:5");
}

TEST_F(ResolveTest, AQuestionIsAboutWhatCanAnswerIt) {
  const Symbol constructor = method("Base", "Base", 3);
  ASSERT_TRUE(writer().commit(source("base.cc", "m1"), {{constructor}, {}}));
  EXPECT_THAT(resolved("Base"), ElementsAre(base_.usr)) << "what fits best";
  Snapshot now = snapshot();
  EXPECT_THAT(*resolve(now, "Base", false, About::classes), ElementsAre(base_.usr));
  EXPECT_THAT(*resolve(now, "Base", false, About::functions), ElementsAre(constructor.usr));
  EXPECT_THAT(*resolve(now, "Base", false, About::files), ElementsAre(base_.usr))
      << "where none is such, all are meant";
}

TEST_F(ResolveTest, SaysThatSeveralFilesDefineIt) {
  Symbol declared = function("start", 7);
  declared.is_definition = false;
  ASSERT_TRUE(writer().commit(source("tool.cc", "m1"), {{function("start", 9)}, {}}));
  ASSERT_TRUE(writer().commit(source("other.cc", "m1"), {{function("start", 3), declared}, {}}));
  ASSERT_TRUE(writer().commit(source("tool.h", "m1"), {{declared}, {}}));
  Snapshot now = snapshot();
  const std::vector<std::string> usrs{"c:@F@start"};
  EXPECT_EQ(place_of(now.nodes(usrs)->front()), "other.cc:3 (and 1 more)");
}

TEST_F(ResolveTest, WhatIsNotThereIsSaid) {
  EXPECT_THAT(refusal("nothing_like_it"), HasSubstr("nothing in the graph is named"));
  ASSERT_TRUE(writer().remove("main.cc"));
  EXPECT_THAT(refusal("lonely"), HasSubstr("nothing in the graph is named"));
}

}  // namespace
}  // namespace callgraph

#include "examples/callgraph/program/completion.h"

#include <gmock/gmock.h>

namespace callgraph {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using Kind = Completion::Kind;

Completion after(std::vector<std::string> typed) {
  return completion_of(typed);
}

TEST(CompletionTest, ACommandComesFirst) {
  EXPECT_THAT(after({"call"}).words, ElementsAre("callers", "callees"));
  EXPECT_THAT(after({""}).words, IsSupersetOf({"index", "path", "help"}));
  EXPECT_THAT(after({""}).words, Not(Contains("complete"))) << "it is for the shell";
  EXPECT_THAT(after({"--graph", "g", "wat"}).words, ElementsAre("watch"));
  EXPECT_THAT(after({"help", "pa"}).words, ElementsAre("path"));
}

TEST(CompletionTest, ThenWhatTheCommandTakes) {
  EXPECT_EQ(after({"callers", "ap"}).kind, Kind::symbols);
  EXPECT_EQ(after({"path", "main", ""}).kind, Kind::symbols);
  EXPECT_EQ(after({"includes", "cl"}).kind, Kind::files);
  EXPECT_EQ(after({"facts", "cl"}).kind, Kind::paths);
  EXPECT_THAT(after({"cycles", "x"}).words, IsEmpty());
}

TEST(CompletionTest, OptionsAreThoseOfTheCommand) {
  EXPECT_THAT(after({"callers", "f", "--de"}).words, ElementsAre("--depth"));
  EXPECT_THAT(after({"index", "--de"}).words, IsEmpty());
  EXPECT_THAT(after({"callers", "f", "--d"}).words, ElementsAre("--depth"));
}

TEST(CompletionTest, AValueFollowsItsOption) {
  EXPECT_THAT(after({"callers", "f", "-o", "g"}).words, ElementsAre("graphml"));
  EXPECT_THAT(after({"cycles", "--relation", "incl"}).words, ElementsAre("includes"));
  EXPECT_EQ(after({"index", "-p", "bu"}).kind, Kind::paths);
  EXPECT_EQ(after({"callers", "--graph", ""}).kind, Kind::graphs);
  EXPECT_EQ(after({"unused", "--roots", "ma"}).kind, Kind::symbols);
  EXPECT_EQ(after({"callers", "--depth=3", "ma"}).kind, Kind::symbols);
}

TEST(CompletionTest, TheGraphIsTheOneOfTheLine) {
  const std::vector<std::string> typed{"callers", "-g",    "tools", "--broker=tcp://127.0.0.1:1",
                                       "--depth", "graph", "ap"};
  EXPECT_THAT(place_options(typed), ElementsAre("--graph=tools", "--broker=tcp://127.0.0.1:1"));
  const std::vector<std::string> under_way{"callers", "--graph", "to"};
  EXPECT_THAT(place_options(under_way), IsEmpty());
}

}  // namespace
}  // namespace callgraph

#include "examples/callgraph/show/show.h"

#include <cstdlib>
#include <regex>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/support/process.h"

namespace callgraph {
namespace {

using testing::HasSubstr;
using testing::Not;

Node node(const std::string& name, std::uint32_t line) {
  return {"u:" + name, SymbolKind::function,      name, name + "()",
          "C++",       {{"a.cc", line, 1, true}}, {}};
}

Step called(const std::string& parent, const std::string& child, std::uint32_t line,
            Certainty certainty = Certainty::direct) {
  return {"u:" + parent, "u:" + child, false, Relation::calls, certainty, "a.cc", line, 3};
}

// Who calls c: b (which a calls) and, perhaps, a; and b is called by c again.
Answer callers_of_c() {
  Answer answer;
  answer.sections.push_back({"",
                             {"u:c"},
                             {called("c", "b", 5), called("c", "a", 6, Certainty::pointer),
                              called("b", "a", 7), called("a", "c", 8)}});
  for (const std::string name : {"a", "b", "c"}) answer.nodes.emplace("u:" + name, node(name, 1));
  return answer;
}

TEST(TextTest, DrawsATreeWithPlacesInAColumn) {
  EXPECT_EQ(as_text(callers_of_c()),
            "c()                 a.cc:1\n"
            "├─ b()              a.cc:5\n"
            "│  └─ a()           a.cc:7\n"
            "│     └─ c() …      a.cc:8\n"
            "└─ a() (pointer) …  a.cc:6\n");
}

TEST(TextTest, SaysTheRelationWhereThereAreSeveral) {
  Answer answer = callers_of_c();
  answer.sections.front().steps.resize(2);
  answer.sections.front().steps[1].relation = Relation::references;
  EXPECT_THAT(as_text(answer), HasSubstr("└─ a() (referenced by, pointer)"));
  EXPECT_THAT(as_text(answer), HasSubstr("├─ b() (called by)"));
}

TEST(TextTest, TakesAVeryDeepTree) {
  Answer answer;
  answer.sections.push_back({"", {"u:0"}, {}});
  for (std::uint32_t i = 0; i < 2000; ++i) {
    answer.nodes.emplace("u:" + std::to_string(i), node(std::to_string(i), i));
    if (i > 0) {
      answer.sections[0].steps.push_back(called(std::to_string(i - 1), std::to_string(i), i));
    }
  }
  EXPECT_THAT(as_text(answer), HasSubstr("1999()"));
}

// The way that main goes to c, and another in a second place that begins with c.
Answer two_ways() {
  Answer answer = callers_of_c();
  answer.sections = {
      {"here", {"u:a"}, {called("a", "b", 5), called("b", "c", 6, Certainty::dynamic)}, true},
      {"", {"u:c"}, {}, true}};
  return answer;
}

TEST(TextTest, AWayIsReadDownwards) {
  EXPECT_EQ(as_text(two_ways()),
            "here:\n"
            "  a()            a.cc:1\n"
            "→ b()            a.cc:5\n"
            "⇢ c() (virtual)  a.cc:6\n"
            "┆\n"
            "  c()            a.cc:1\n");
}

TEST(TextTest, LongSignaturesOfAWayLoseTheirParameters) {
  Answer answer = two_ways();
  answer.nodes.at("u:b").signature = "b(" + std::string(100, 'x') + ")";
  EXPECT_THAT(as_text(answer), HasSubstr("→ b(…)           a.cc:5\n"));
}

TEST(TextTest, ColoursChangeNothingButColours) {
  for (const Answer& answer : {callers_of_c(), two_ways()}) {
    const std::string coloured = as_text(answer, Look::coloured);
    EXPECT_THAT(coloured, HasSubstr("\033[2m"));
    EXPECT_EQ(std::regex_replace(coloured, std::regex("\033\\[[0-9]*m"), ""), as_text(answer));
  }
}

TEST(TextTest, TablesHaveAlignedColumns) {
  EXPECT_EQ(as_text(Table{{"path", "bytes"}, {{"a.cc", "1"}, {"longer.cc", "22"}}, {}}),
            "path       bytes\n"
            "a.cc       1\n"
            "longer.cc  22\n");
}

TEST(JsonTest, HasEveryEdgeInItsOwnDirectionAndTheNotes) {
  Answer answer = callers_of_c();
  answer.notes = {"left out"};
  const auto json = nlohmann::json::parse(as_json(answer));
  const auto& edge = json["sections"][0]["edges"][0];
  EXPECT_EQ(edge["from"], "u:b");
  EXPECT_EQ(edge["to"], "u:c");
  EXPECT_EQ(edge["relation"], "calls");
  EXPECT_EQ(json["nodes"].size(), 3U);
  EXPECT_EQ(json["notes"][0], "left out");
}

TEST(JsonTest, NamesThatAreNoUtf8AreReplacedNotRefused) {
  Answer answer = callers_of_c();
  answer.nodes.at("u:a").name = "\xff\xfe";
  EXPECT_FALSE(nlohmann::json::parse(as_json(answer)).empty());
}

TEST(PicturesTest, QuotesWhatNamesHold) {
  Answer answer = callers_of_c();
  answer.nodes.at("u:a").signature = "operator\"\"_x<a & b>\\";
  EXPECT_THAT(as_dot(answer), HasSubstr("label=\"operator\\\"\\\"_x<a & b>\\\\\\na.cc:1\""));
  EXPECT_THAT(as_graphml(answer), HasSubstr("operator&quot;&quot;_x&lt;a &amp; b&gt;\\"));
  EXPECT_THAT(as_dot(answer), HasSubstr("\"u:b\" -> \"u:c\""));
  EXPECT_THAT(as_dot(answer), HasSubstr("style=dashed"));
}

TEST(PicturesTest, WaysAreColumnsJoinedByDots) {
  const std::string dot = as_dot(two_ways());
  EXPECT_THAT(dot, HasSubstr("subgraph cluster_0 {\n    label=\"here\";"));
  EXPECT_THAT(dot, HasSubstr("s0_1 -> s0_2 [style=dashed, label=\"virtual\"]"));
  EXPECT_THAT(dot, HasSubstr("s0_2 -> s1_0 [style=dotted, penwidth=2, constraint=false]"));
  EXPECT_THAT(dot, HasSubstr("{rank=same; s0_0; s1_0; }"));
}

TEST(PicturesTest, ADrawingComesFromGraphviz) {
  if (std::system("command -v dot >/dev/null") != 0) GTEST_SKIP() << "Graphviz is not installed";
  const auto svg = show(callers_of_c(), Format::svg);
  ASSERT_TRUE(svg) << svg.error().message;
  EXPECT_THAT(*svg, HasSubstr("<svg"));
  EXPECT_THAT(*svg, HasSubstr("a.cc:1"));
}

// A server draws for several pages at once.
TEST(PicturesTest, DrawingsThatAreMadeAtOnceAreNotMixedUp) {
  if (std::system("command -v dot >/dev/null") != 0) GTEST_SKIP() << "Graphviz is not installed";
  constexpr std::size_t kAtOnce = 16;
  std::vector<std::string> drawings(kAtOnce);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      threads.emplace_back([&drawings, i] {
        drawings[i] = drawn(fmt::format("digraph {{ node{}_ }}", i)).value_or("");
      });
    }
  }
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    EXPECT_THAT(drawings[i], HasSubstr(fmt::format("node{}_", i)));
  }
}

TEST(PicturesTest, TablesHaveNone) {
  const auto svg = show(Table{{"a"}, {}, {}}, Format::svg);
  ASSERT_FALSE(svg);
  EXPECT_EQ(svg.error().code, kipu::ErrorCode::unsupported);
}

TEST(FormatsTest, AreKnownByTheirWords) {
  EXPECT_EQ(format_of("graphml"), Format::graphml);
  EXPECT_FALSE(format_of("png"));
}

}  // namespace
}  // namespace callgraph

#include "examples/callgraph/graph/records.h"

#include <gtest/gtest.h>

namespace callgraph {
namespace {

TEST(RecordsTest, AGenerationReadsBackAsItWasWritten) {
  Generation written;
  written.kind = Generation::Kind::add;
  written.parents = {{kipu::StampTime(~std::uint64_t{0}), 7}, {kipu::StampTime(1), 0}};
  written.file = {"src/a b.cc", 1234,     "d41d8cd98f00b204e9800998ecf8427e", 0xFFFFFFFF, -5,
                  "C++",        "command"};
  written.includes = {"x.h", std::string("a\0b", 3)};
  Generation read;
  ASSERT_TRUE(decode(encode(written), read));
  EXPECT_EQ(read.kind, written.kind);
  EXPECT_EQ(read.parents, written.parents);
  EXPECT_EQ(read.file.path, written.file.path);
  EXPECT_EQ(read.file.md5, written.file.md5);
  EXPECT_EQ(read.file.adler32, written.file.adler32);
  EXPECT_EQ(read.file.modified, written.file.modified);
  EXPECT_EQ(read.file.command, written.file.command);
  EXPECT_EQ(read.includes, written.includes);
}

TEST(RecordsTest, FactsReadBackAndEqualFactsAreEqualBytes) {
  const Symbol symbol{"c:@F@f", SymbolKind::function, "f", "void f()", "C", true, 300, 2};
  const Edge edge{"c:@F@f", "c:@F@g", Relation::expands, Certainty::heuristic, 70000, 9};
  Symbol symbol_read;
  Edge edge_read;
  ASSERT_TRUE(decode(encode(symbol), symbol_read));
  ASSERT_TRUE(decode(encode(edge), edge_read));
  EXPECT_EQ(symbol_read, symbol);
  EXPECT_EQ(edge_read, edge);
  EXPECT_EQ(encode(symbol_read), encode(symbol));
  EXPECT_TRUE(is_symbol(encode(symbol)));
  EXPECT_FALSE(decode(encode(symbol), edge_read));
}

TEST(RecordsTest, CutBytesAndBytesThatGoOnAreRefused) {
  const std::string whole = encode(Edge{"a", "b", Relation::calls, Certainty::direct, 1, 1});
  Edge edge;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(decode(whole.substr(0, length), edge)) << length;
  }
  EXPECT_FALSE(decode(whole + "x", edge));
  Generation generation;
  EXPECT_FALSE(decode("\x02", generation));
}

TEST(RecordsTest, LongNamesStandInKeysAsDigests) {
  const std::string longest(900, 'x');
  EXPECT_EQ(node_key(longest), "n/" + longest);
  EXPECT_EQ(node_key(longest + "x").size(), 2 + 33U);
  EXPECT_NE(node_key(longest + "x"), node_key(longest + "y"));
  EXPECT_EQ(names_key("Append"), "s/ap");
  EXPECT_EQ(names_key("f"), "s/f");
}

TEST(RecordsTest, AGraphsNameIsCheckedBeforeItNamesABucket) {
  EXPECT_EQ(bucket_of("main").value_or(""), "callgraph.main");
  EXPECT_FALSE(bucket_of(""));
  EXPECT_FALSE(bucket_of("a/b"));
  EXPECT_FALSE(bucket_of(std::string(49, 'a')));
}

}  // namespace
}  // namespace callgraph

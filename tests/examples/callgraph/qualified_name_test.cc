#include "examples/callgraph/qualified_name.h"

#include <gtest/gtest.h>

namespace callgraph {
namespace {

TEST(QualifiedNameTest, TheSimpleNameIsTheLastPart) {
  EXPECT_EQ(simple_name("kipu::Client::append"), "append");
  EXPECT_EQ(simple_name("main"), "main");
  EXPECT_EQ(simple_name("std::map<a::b, c>::find<x::y>"), "find");
  EXPECT_EQ(simple_name("A::operator<"), "operator<");
  EXPECT_EQ(simple_name("A::operator->"), "operator->");
  EXPECT_EQ(simple_name("A::operator std::string"), "operator std::string");
  EXPECT_EQ(simple_name("my_operator::call"), "call");
  EXPECT_EQ(simple_name("Box<int>"), "Box");
  EXPECT_EQ(simple_name("<lambda>"), "<lambda>");
  EXPECT_EQ(simple_name("Client::"), "Client");
}

TEST(QualifiedNameTest, PartsAreCountedOutsideOfBrackets) {
  EXPECT_EQ(part_count(""), 1U);
  EXPECT_EQ(part_count("std::vector<a::b>::push_back"), 3U);
  EXPECT_EQ(part_count("f(std::string)"), 1U);
  EXPECT_EQ(part_count("Client::"), 2U);
}

TEST(QualifiedNameTest, LastPartsAreAtMostAll) {
  EXPECT_EQ(last_parts("kipu::Client::append", 2), "Client::append");
  EXPECT_EQ(last_parts("std::vector<a::b>::push_back", 2), "vector<a::b>::push_back");
  EXPECT_EQ(last_parts("main", 2), "main");
  EXPECT_EQ(last_parts("a::b::operator>", 2), "b::operator>");
  EXPECT_EQ(last_parts("a::b::operator std::string", 2), "b::operator std::string");
}

}  // namespace
}  // namespace callgraph

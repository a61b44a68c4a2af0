// A small program as a graph: main → run → step → run (a cycle), a virtual call, a variable,
// classes.
#pragma once

#include "tests/examples/callgraph/graph/store_fixture.h"

namespace callgraph {

inline Symbol method(const std::string& owner, const std::string& name, std::uint32_t line) {
  return {"c:@S@" + owner + "@F@" + name + "#",
          SymbolKind::method,
          owner + "::" + name,
          owner + "::" + name + "(int)",
          "C++",
          true,
          line,
          3};
}

inline Symbol class_named(const std::string& name, std::uint32_t line) {
  return {"c:@S@" + name, SymbolKind::class_type, name, name, "C++", true, line, 7};
}

inline Edge edge(const Symbol& from, const Symbol& to, Relation relation,
                 Certainty certainty = Certainty::direct, std::uint32_t line = 20) {
  return {from.usr, to.usr, relation, certainty, line, 5};
}

class SampleTest : public GraphStoreTest {
 protected:
  SampleTest() {
    FileFacts header{{base_, derived_, base_go_, derived_go_},
                     {edge(derived_, base_, Relation::inherits),
                      edge(derived_go_, base_go_, Relation::overrides),
                      edge(derived_go_, step_, Relation::calls)}};
    FileFacts main_file{
        {main_, run_, step_, lonely_, counter_},
        {edge(main_, run_, Relation::calls),
         edge(run_, step_, Relation::calls),
         edge(step_, run_, Relation::calls),
         edge(run_, base_go_, Relation::calls, Certainty::dynamic),
         edge(step_, counter_, Relation::writes),
         edge(main_, counter_, Relation::reads),
         {file_usr("main.cc"), file_usr("go.h"), Relation::includes, Certainty::direct, 1, 1}}};
    GraphWriter graph = writer();
    EXPECT_TRUE(graph.commit(source("go.h", "m1"), header));
    EXPECT_TRUE(graph.commit(source("main.cc", "m1"), main_file));
  }

  const Symbol main_ = function("main", 1);
  const Symbol run_ = function("run", 5);
  const Symbol step_ = function("step", 9);
  const Symbol lonely_ = function("lonely", 13);
  const Symbol counter_{
      "c:@counter", SymbolKind::variable, "counter", "int counter", "C++", true, 3, 5};
  const Symbol base_ = class_named("Base", 1);
  const Symbol derived_ = class_named("Derived", 5);
  const Symbol base_go_ = method("Base", "go", 2);
  const Symbol derived_go_ = method("Derived", "go", 6);
};

}  // namespace callgraph

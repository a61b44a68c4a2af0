// Where the facts of one translation unit go: each to the file in which it is said.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "examples/callgraph/indexer/names.h"
#include "examples/callgraph/indexer/unit_files.h"

namespace callgraph {

class FactsSink {
 public:
  FactsSink(UnitFiles& files, std::string language)
      : files_(files), language_(std::move(language)) {}

  // Says that `cursor`, which is `named`, is declared or defined here.
  void symbol(CXCursor cursor, const Named& named, bool is_definition);
  // A symbol that is no declaration of Clang's: a macro, a file.
  void symbol(const Place& at, Symbol symbol);

  // Facts outside of the project are dropped. Of a symbol from outside, the file says the name,
  // too, as a declaration in line 0.
  void edge(const Place& at, const std::string& from, Named& to, Relation relation,
            Certainty certainty = Certainty::direct);
  void edge(const Place& at, const std::string& from, const std::string& to, Relation relation,
            Certainty certainty = Certainty::direct);

  const std::string& language() const { return language_; }

 private:
  void name_from_outside(UnitFile& file, Named& named);

  UnitFiles& files_;
  std::string language_;
  std::set<std::pair<const UnitFile*, const Named*>> named_outside_;
  std::set<std::pair<const UnitFile*, const Named*>> namespaces_;  // said once a file
};

}  // namespace callgraph

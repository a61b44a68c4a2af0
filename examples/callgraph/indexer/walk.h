// Walks declarations, and says what is found: symbols, and relations between them.
//
// The tree is walked once, from each top-level declaration down; a stack of frames knows what is
// around a node. Bodies of templates are walked as they are written, where much is not known yet,
// and then as each of their instances that walked code uses, which says what the names in them are.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "examples/callgraph/indexer/claims.h"
#include "examples/callgraph/indexer/classes.h"
#include "examples/callgraph/indexer/facts_sink.h"
#include "examples/callgraph/indexer/names.h"
#include "examples/callgraph/indexer/uses.h"

namespace callgraph {

// Where a function stands in its file: from the first byte to the last.
struct Extent {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  Named* function = nullptr;
};

// An instance of a template that is to be walked. What is not a function of its own, the operator
// of a lambda, says its facts in the scope of the function around.
struct Instance {
  CXCursor body{};
  Scope scope;
};

class Walk {
 public:
  Walk(UnitFiles& files, FactsSink& sink, Claims& claims, bool locals)
      : files_(files),
        sink_(sink),
        claims_(claims),
        locals_(locals),
        names_(files),
        classes_(names_) {}

  // A top-level declaration of a file that is wanted.
  void read(CXCursor declaration);
  // One of a file that another unit reads: what is defaulted in it has a body only in units that
  // use it, and perhaps not in that one.
  void read_defaulted(CXCursor declaration);
  // What read_defaulted() found, the instances of templates that what was read uses, and what these
  // use. Call it last.
  void read_instances();

  // The function around an offset of a file that was read; null outside of all.
  Named* function_at(const UnitFile& file, std::uint32_t offset) const;
  Names& names() { return names_; }

 private:
  // walk.cc: the stack.
  // `around` is the kind of node that `top` is taken for a child of, if it matters.
  void visit(CXCursor top, const Scope& scope, CXCursorKind around = CXCursor_InvalidFile);
  void visit_children(CXCursor cursor);
  CXChildVisitResult enter(CXCursor cursor, CXCursor parent);
  void leave_to(std::size_t depth);
  void leave(Frame& frame);
  Frame frame_of_child(CXCursor cursor);
  bool open(Frame& frame);
  Place place_of(CXCursor cursor);
  void say(CXCursor at, Named* to, Relation relation, const Scope& scope,
           Certainty certainty = Certainty::direct);

  // walk.cc: what is named.
  void refer(Frame& frame);
  void refer_to_function(Frame& frame, Named& function, CXCursor target);
  void refer_to_variable(Frame& frame, Named& variable, CXCursor target);
  void say_use(const Frame& frame, Named& variable, CXCursor target);
  void collect(const Frame& frame, Named& variable);
  void initialises_member(Frame& frame, Named& member);
  void name_type(const Frame& frame);
  void capture(const Frame& frame);
  bool is_left_of_capture() const;

  // walk_declarations.cc
  void declare(Frame& frame);
  void say_symbol(const Frame& frame, const Named& named);
  void declare_function(Frame& frame, Named& named);
  bool claim_defaulted(CXCursor function);
  void declare_variable(Frame& frame, Named& named);
  void declare_class(Frame& frame, Named& named);
  void say_overrides(const Frame& frame, const Named& named, CXCursor method);
  void say_link(const Frame& frame, Named& named);
  void finish_constructor(const Frame& frame);
  void finish_destructor(const Frame& frame);
  void initialise_silently(const Frame& constructor, CXCursor member);
  std::vector<CXCursor> parts_of(Named* owner);
  bool is_kept(const Named& named) const { return locals_ || !named.is_local; }

  // walk_calls.cc
  void call(Frame& frame);
  void say_call(const Frame& frame, Named& function, CXCursor callee);
  void call_chosen(const Frame& frame, Named& function, CXCursor target);
  void call_inherited(const Frame& frame, CXCursor callee);
  void call_overloaded(const Frame& frame, CXCursor candidates);
  void call_of_base(const Frame& frame);
  void call_default_arguments(const Frame& frame);
  void visit_default_argument(const Frame& frame, CXCursor function, int index);
  void construct_forwarded(const Frame& frame, Named& function, CXCursor callee);
  void destroy(const Frame& frame, CXType type, bool deleted);
  void destroy_temporary(const Frame& call);
  void iterate(const Frame& frame, CXCursor range);
  void note_instance(CXCursor used, const Named& pattern);
  Scope scope_around(CXCursor instance, const Named& pattern);

  UnitFiles& files_;
  FactsSink& sink_;
  Claims& claims_;
  const bool locals_;
  Names names_;
  Classes classes_;

  std::vector<Frame> stack_;
  bool instance_ = false;            // an instance of a template is being walked
  std::optional<Place> elsewhere_;   // what is walked is said to be here: a default argument
  std::vector<Instance> instances_;  // to be walked
  std::unordered_map<const UnitFile*, std::vector<Extent>> extents_;
  std::set<std::pair<const Named*, std::pair<const UnitFile*, const Named*>>> depends_;
};

}  // namespace callgraph

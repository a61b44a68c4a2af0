#include "examples/callgraph/indexer/walk.h"

#include <algorithm>

namespace callgraph {

namespace {

// Expressions that are deeper than this are left out rather than walked off the stack.
constexpr std::size_t kDeepest = 4000;

bool is_reference_kind(CXCursorKind kind) {
  return kind == CXCursor_DeclRefExpr || kind == CXCursor_MemberRefExpr ||
         kind == CXCursor_MemberRef || kind == CXCursor_VariableRef;
}

}  // namespace

void Walk::read(CXCursor declaration) {
  const Place at = place_of(declaration);
  Scope scope;
  scope.from = at.file == nullptr ? nullptr : &at.file->usr;
  visit(declaration, scope);
}

void Walk::read_instances() {
  instance_ = true;
  while (!instances_.empty()) {
    const Instance instance = instances_.back();
    instances_.pop_back();
    visit(instance.body, instance.scope);
  }
  instance_ = false;
}

Named* Walk::function_at(const UnitFile& file, std::uint32_t offset) const {
  const auto found = extents_.find(&file);
  if (found == extents_.end()) return nullptr;
  // The innermost is the one that began last.
  const Extent* best = nullptr;
  for (const Extent& extent : found->second) {
    const bool inside = extent.begin <= offset && offset < extent.end;
    if (inside && (best == nullptr || extent.begin >= best->begin)) best = &extent;
  }
  return best == nullptr ? nullptr : best->function;
}

void Walk::visit(CXCursor top, const Scope& scope, CXCursorKind around) {
  const std::size_t depth = stack_.size();
  Frame outer;
  outer.cursor = clang_getNullCursor();
  outer.kind = around;
  outer.scope = scope;
  stack_.push_back(outer);
  Frame frame = frame_of_child(top);
  const bool opens = open(frame);
  stack_.push_back(std::move(frame));
  if (opens) visit_children(top);
  leave_to(depth);
}

void Walk::visit_children(CXCursor cursor) {
  clang_visitChildren(
      cursor,
      [](CXCursor child, CXCursor parent, CXClientData walk) {
        return static_cast<Walk*>(walk)->enter(child, parent);
      },
      this);
}

CXChildVisitResult Walk::enter(CXCursor cursor, CXCursor parent) {
  const auto around = std::find_if(stack_.rbegin(), stack_.rend(), [&](const Frame& frame) {
    return clang_equalCursors(frame.cursor, parent) != 0;
  });
  if (around != stack_.rend()) leave_to(static_cast<std::size_t>(stack_.rend() - around));
  if (around == stack_.rend() && is_left_of_capture()) return CXChildVisit_Continue;
  if (stack_.size() > kDeepest) return CXChildVisit_Continue;
  Frame frame = frame_of_child(cursor);
  const bool opens = open(frame);
  stack_.push_back(std::move(frame));
  return opens ? CXChildVisit_Recurse : CXChildVisit_Continue;
}

bool Walk::is_left_of_capture() const {
  return stack_.size() > 1 && stack_[stack_.size() - 2].kind == CXCursor_LambdaExpr;
}

void Walk::leave_to(std::size_t depth) {
  while (stack_.size() > depth) {
    leave(stack_.back());
    stack_.pop_back();
  }
}

void Walk::leave(Frame& frame) {
  if (frame.kind == CXCursor_Constructor) finish_constructor(frame);
  if (frame.kind == CXCursor_Destructor) finish_destructor(frame);
}

Frame Walk::frame_of_child(CXCursor cursor) {
  Frame& parent = stack_.back();
  const unsigned int index = parent.children++;
  Frame frame;
  frame.cursor = cursor;
  frame.kind = clang_getCursorKind(cursor);
  frame.scope = parent.scope;
  if (!clang_isExpression(frame.kind)) return frame;
  const ChildUse use = use_of_child(parent, cursor, index);
  frame.use = use.use;
  frame.indexed = use.indexed;
  if (use.keeps_target) frame.target = parent.target;
  const bool assigns = parent.kind == CXCursor_BinaryOperator || parent.kind == CXCursor_CallExpr;
  const bool assigned = assigns && use.use == Use::write;
  frame.collector = assigned ? static_cast<int>(stack_.size()) - 1 : parent.collector;
  if (parent.fields != nullptr && index < parent.fields->size()) {
    frame.target = names_.find((*parent.fields)[index]);
  }
  return frame;
}

// Says what a node says. Returns whether its children are to be walked.
bool Walk::open(Frame& frame) {
  if (clang_isDeclaration(frame.kind)) {
    declare(frame);
    return true;
  }
  const bool is_expression = clang_isExpression(frame.kind) != 0;
  if (stack_.back().kind == CXCursor_LambdaExpr && is_expression) return false;
  if (frame.use == Use::none && is_expression) return false;
  if (is_reference_kind(frame.kind)) {
    if (stack_.back().kind == CXCursor_LambdaExpr) capture(frame);
    refer(frame);
    return true;
  }
  switch (frame.kind) {
    case CXCursor_CallExpr:
      call(frame);
      return true;
    case CXCursor_BinaryOperator:
      frame.operation = clang_getCursorBinaryOperatorKind(frame.cursor);
      return true;
    case CXCursor_UnaryOperator:
      frame.operation = clang_getCursorUnaryOperatorKind(frame.cursor);
      return true;
    case CXCursor_InitListExpr:
      frame.fields = &classes_.fields(clang_getCursorType(frame.cursor));
      return true;
    case CXCursor_OverloadedDeclRef:
      if (stack_.back().use == Use::call) call_overloaded(frame, frame.cursor);
      return true;
    case CXCursor_TypeRef:
    case CXCursor_TemplateRef:
      name_type(frame);
      return false;
    case CXCursor_CXXDeleteExpr:
      for_each_child(frame.cursor, [&](CXCursor child) {
        destroy(frame, clang_getPointeeType(clang_getCursorType(child)), true);
        return CXChildVisit_Break;
      });
      return true;
    case CXCursor_RequiresExpr:
      return false;
    case CXCursor_CXXForRangeStmt:
      iterate(frame, frame.cursor);
      return true;
    default:
      return !clang_isAttribute(frame.kind);
  }
}

Place Walk::place_of(CXCursor cursor) {
  return elsewhere_ ? *elsewhere_ : files_.place(cursor);
}

void Walk::say(CXCursor at, Named* to, Relation relation, const Scope& scope, Certainty certainty) {
  if (to == nullptr || scope.from == nullptr) return;
  sink_.edge(place_of(at), *scope.from, *to, relation, certainty);
}

void Walk::refer(Frame& frame) {
  const CXCursor target = clang_getCursorReferenced(frame.cursor);
  const CXCursorKind kind = clang_getCursorKind(target);
  if (clang_Cursor_isNull(target)) return call_of_base(frame);
  if (!is_function_kind(kind) && !is_variable_kind(kind)) return;
  Named* named = names_.find(target);
  if (named == nullptr) return;
  if (is_function_kind(kind)) {
    refer_to_function(frame, *named, target);
  } else {
    refer_to_variable(frame, *named, target);
  }
}

void Walk::refer_to_function(Frame& frame, Named& function, CXCursor target) {
  const bool constant =
      clang_CXXMethod_isConst(target) != 0 || clang_CXXMethod_isStatic(target) != 0;
  const bool special = clang_getCursorKind(target) != CXCursor_CXXMethod;
  frame.object_use = constant || special ? Use::read : Use::reference;
  if (function.is_lambda || !function.is_written) return;
  if (frame.use == Use::call) return call_chosen(frame, function, target);
  say(frame.cursor, &function, Relation::references, frame.scope);
  note_instance(target, function);
  if (frame.target == nullptr) return;
  // What a pointer is given is what it calls; one that is local is its function's own.
  const std::string& from =
      is_kept(*frame.target) || frame.scope.from == nullptr ? frame.target->usr : *frame.scope.from;
  sink_.edge(place_of(frame.cursor), from, function, Relation::calls, Certainty::pointer);
}

void Walk::refer_to_variable(Frame& frame, Named& variable, CXCursor target) {
  frame.object_use = frame.use == Use::copy || frame.use == Use::call ? Use::read : frame.use;
  if (frame.kind == CXCursor_MemberRef) return initialises_member(frame, variable);
  collect(frame, variable);
  if (is_kept(variable)) say_use(frame, variable, target);
}

void Walk::say_use(const Frame& frame, Named& variable, CXCursor target) {
  Use use = frame.use;
  if (frame.indexed && !is_array_type(clang_getCursorType(target))) use = Use::read;
  const auto say_it = [&](Relation relation, Certainty certainty = Certainty::direct) {
    say(frame.cursor, &variable, relation, frame.scope, certainty);
  };
  if (use == Use::call) say_it(Relation::calls, Certainty::pointer);
  if (use == Use::read || use == Use::read_write || use == Use::call) say_it(Relation::reads);
  if (use == Use::write || use == Use::read_write) say_it(Relation::writes);
  if (use == Use::copy) say_it(Relation::copies);
  if (use == Use::reference) say_it(Relation::references);
}

// The left side of an assignment tells the right one where its value goes.
void Walk::collect(const Frame& frame, Named& variable) {
  if (frame.use != Use::write || frame.collector < 0) return;
  Frame& assignment = stack_[static_cast<std::size_t>(frame.collector)];
  if (assignment.target == nullptr) assignment.target = &variable;
}

// In a constructor's list of initialisers, or before a designated initialiser.
void Walk::initialises_member(Frame& frame, Named& member) {
  Frame& parent = stack_.back();
  parent.target = &member;
  if (parent.kind == CXCursor_Constructor) parent.written.push_back(&member);
  say(frame.cursor, &member, Relation::writes, frame.scope);
}

// `[x = f()]` declares a variable. Of its initialiser libclang shows the parts, as if they were the
// lambda's, or those of a node that it does not show: these are left out.
void Walk::capture(const Frame& frame) {
  const CXCursor variable = clang_getCursorReferenced(frame.cursor);
  if (clang_getCursorKind(variable) != CXCursor_VarDecl) return;
  const bool declared_here = clang_equalLocations(clang_getCursorLocation(variable),
                                                  clang_getCursorLocation(frame.cursor)) != 0;
  if (!declared_here) return;
  const Scope scope = frame.scope;
  visit(variable, scope);
}

void Walk::name_type(const Frame& frame) {
  const CXCursor named_type = clang_getCursorReferenced(frame.cursor);
  Frame& parent = stack_.back();
  CXCursor declared = named_type;
  if (!is_class_kind(clang_getCursorKind(declared))) {
    declared = clang_getTypeDeclaration(clang_getCanonicalType(clang_getCursorType(named_type)));
  }
  if (!is_class_kind(clang_getCursorKind(declared))) return;
  Named* type = names_.find(declared);
  if (type == nullptr || !type->inside) return;
  if (parent.kind == CXCursor_Constructor) parent.written.push_back(type);
  Named* owner = frame.scope.owner;
  const bool said = parent.kind == CXCursor_CXXBaseSpecifier || parent.kind == CXCursor_FieldDecl;
  if (owner == nullptr || said || owner == type || owner->usr == type->usr || instance_) return;
  const auto& links = classes_.links(*owner);
  if (std::ranges::any_of(links, [&](const ClassLink& link) { return link.to == type; })) return;
  const Place at = place_of(frame.cursor);
  if (!depends_.insert({owner, {at.file, type}}).second) return;
  sink_.edge(at, owner->usr, *type, Relation::depends);
}

}  // namespace callgraph

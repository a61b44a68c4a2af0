#include <gmock/gmock.h>

#include "tests/examples/callgraph/indexer/project.h"

namespace callgraph::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::Not;

constexpr const char* kUses = R"(
int seen, set, both, taken, copied, array[3], *pointer;
struct Point { int x; int y; void move(); int get() const; } point, other;
void change(int& value); void look(const int& value); void give(int value);
void go() {
  set = copied;
  both += seen;
  both++;
  int* p = &taken;
  change(array[0]);
  look(seen);
  give(copied);
  point.x = 1;
  other.move();
  *pointer = 2;
}
)";

TEST(UsesTest, TellsReadsWritesCopiesAndReferences) {
  EXPECT_THAT(facts_of(kUses, "reads"),
              ElementsAre("go reads both", "go reads pointer", "go reads seen"));
  EXPECT_THAT(facts_of(kUses, "writes"), ElementsAre("go writes Point::x", "go writes both",
                                                     "go writes point", "go writes set"));
  EXPECT_THAT(facts_of(kUses, "copies"), ElementsAre("go copies copied"));
  EXPECT_THAT(facts_of(kUses, "references"),
              ElementsAre("go references array", "go references other", "go references taken"));
}

TEST(UsesTest, SaysWhatHappensToLocalsOnDemand) {
  constexpr const char* kSource = "int go(int in) { int out = in; out += 1; return out; }";
  EXPECT_THAT(facts_of(kSource, "writes"), ElementsAre());
  EXPECT_THAT(facts_of(kSource, "writes", true), ElementsAre("go writes go::out"));
  EXPECT_THAT(facts_of(kSource, "copies", true), ElementsAre("go copies go::in"));
}

TEST(UsesTest, CountsMembersThatAConstructorInitialisesAsWritten) {
  EXPECT_THAT(facts_of("struct A { A(int v) : x(v) {} int x; };", "writes"),
              ElementsAre("A::A writes A::x"));
}

TEST(UsesTest, KnowsMembersOfInstancesAsThoseOfTheTemplate) {
  EXPECT_THAT(facts_of("template <class T> struct Box { T value; };\n"
                       "void go(Box<int>& box) { box.value = 1; }",
                       "writes"),
              ElementsAre("go writes Box::value"));
}

TEST(ClassesTest, TellsInheritanceFromRealization) {
  constexpr const char* kSource = R"(
struct Interface { virtual ~Interface() = default; virtual void run() = 0; };
struct Base { int data; };
struct Both : Base, Interface { void run() override; };
)";
  EXPECT_THAT(facts_of(kSource, "inherits"), ElementsAre("Both inherits Base"));
  EXPECT_THAT(facts_of(kSource, "realizes"), ElementsAre("Both realizes Interface"));
  EXPECT_THAT(facts_of(kSource, "overrides"), ElementsAre("Both::run overrides Interface::run"));
}

constexpr const char* kMembers = R"(
namespace std { template <class T> struct unique_ptr { T* p; }; template <class T> struct optional { T v; }; }
struct A {}; struct B {}; struct C {}; struct D {}; struct E {}; struct F {}; struct G {};
struct Owner {
  A a; A many[3]; B* b; C& c; Owner* next;
  void use(D d);
};
void Owner::use(D) { E e; (void)e; }
)";

TEST(ClassesTest, TellsCompositionAssociationAndDependency) {
  EXPECT_THAT(facts_of(kMembers, "composes"), Contains("Owner composes A"));
  EXPECT_THAT(facts_of(kMembers, "associates"),
              IsSupersetOf({"Owner associates B", "Owner associates C"}));
  const auto depends = facts_of(kMembers, "depends");
  EXPECT_THAT(depends, IsSupersetOf({"Owner depends D", "Owner depends E"}));
  EXPECT_THAT(depends, Not(Contains("Owner depends A")));
}

TEST(ClassesTest, TakesOwningPointersAndContainersForAggregation) {
  Project project;
  project.write("main.cc", R"(
#include <memory>
#include <optional>
#include <vector>
struct A {}; struct B {}; struct C {}; struct D {};
struct Owner { std::unique_ptr<A> a; std::vector<B*> b; std::optional<C> c; std::weak_ptr<D> d; };
)");
  project.compile("main.cc");
  project.index();
  EXPECT_THAT(project.facts("aggregates"),
              ElementsAre("Owner aggregates A (heuristic)", "Owner aggregates B (heuristic)"));
  EXPECT_THAT(project.facts("composes"), ElementsAre("Owner composes C (heuristic)"));
  EXPECT_THAT(project.facts("associates"), ElementsAre("Owner associates D (heuristic)"));
}

TEST(FilesTest, SaysIncludesMacrosDeclarationsAndLinks) {
  Project project;
  project.write(
      "api.h", "#define TWICE(x) ((x) + (x))\nint helper(int);\ninline int here() { return 1; }\n");
  project.write("main.cc", "#include \"api.h\"\nint go(int a) { return TWICE(a); }\n");
  project.compile("main.cc");
  project.index();
  EXPECT_THAT(project.facts("includes"), ElementsAre("main.cc includes api.h"));
  EXPECT_THAT(project.facts("expands"), ElementsAre("go expands TWICE"));
  EXPECT_THAT(project.facts("links"), ElementsAre("api.h links helper (heuristic)"));
  EXPECT_THAT(project.facts("declares"), ElementsAre("api.h declares helper"));
  EXPECT_THAT(project.facts("defines"),
              IsSupersetOf({"api.h defines TWICE", "api.h defines here", "main.cc defines go"}));
}

TEST(SymbolsTest, HaveKindsSignaturesAndPlaces) {
  Project project;
  project.write("main.cc",
                "namespace n {\nenum class Colour { red };\nusing Number = int;\n"
                "struct S {\n  void act(int) const;\n  int data;\n};\nint global;\n}\n");
  project.compile("main.cc");
  project.index();
  EXPECT_EQ(project.symbol("n::Colour").kind, SymbolKind::enumeration);
  EXPECT_EQ(project.symbol("n::Colour::red").kind, SymbolKind::enumerator);
  EXPECT_EQ(project.symbol("n::Number").kind, SymbolKind::type_alias);
  EXPECT_EQ(project.symbol("n::S").kind, SymbolKind::class_type);
  EXPECT_EQ(project.symbol("n::S::act").kind, SymbolKind::method);
  EXPECT_EQ(project.symbol("n::S::act").signature, "n::S::act(int) const");
  EXPECT_EQ(project.symbol("n::S::act").line, 5U);
  EXPECT_EQ(project.symbol("n::S::act").column, 8U);
  EXPECT_EQ(project.symbol("n::S::act").language, "C++");
  EXPECT_FALSE(project.symbol("n::S::act").is_definition);
  EXPECT_EQ(project.symbol("n::S::data").kind, SymbolKind::member);
  EXPECT_EQ(project.symbol("n::global").kind, SymbolKind::variable);
  EXPECT_TRUE(project.symbol("n::global").is_definition);
}

TEST(SymbolsTest, KeepTheIdOfAMacroWhenLinesAboveItChange) {
  Project project;
  project.write("main.cc", "#define ONE 1\n");
  project.compile("main.cc");
  project.index();
  const std::string before = project.symbol("ONE").usr;
  project.write("main.cc", "// More.\n#define ONE 1\n");
  project.index();
  EXPECT_EQ(project.symbol("ONE").usr, before);
  EXPECT_EQ(project.symbol("ONE").line, 2U);
}

}  // namespace
}  // namespace callgraph::test

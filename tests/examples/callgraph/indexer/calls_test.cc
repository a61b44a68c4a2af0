#include <gmock/gmock.h>

#include "tests/examples/callgraph/indexer/project.h"

namespace callgraph::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

TEST(CallsTest, FindsDirectCalls) {
  EXPECT_THAT(facts_of("int helper(int);\nint go() { return helper(helper(1)); }", "calls"),
              ElementsAre("go calls helper"));
}

TEST(CallsTest, KnowsFunctionsOfOtherFilesByTheirNames) {
  Project project;
  project.write("a.cc", "namespace { int helper() { return 1; } }\nint a() { return helper(); }");
  project.write("sub/a.cc",
                "namespace { int helper() { return 2; } }\nint b() { return helper(); }");
  project.compile("a.cc");
  project.compile("sub/a.cc");
  project.index();
  EXPECT_THAT(project.facts("calls"), ElementsAre("a calls (anonymous namespace)::helper",
                                                  "b calls (anonymous namespace)::helper"));
  EXPECT_NE(project.facts_of("a.cc").edges, project.facts_of("sub/a.cc").edges);
  const auto target = [&](const std::string& path) {
    for (const Edge& edge : project.facts_of(path).edges) {
      if (edge.relation == Relation::calls) return edge.to;
    }
    return std::string();
  };
  EXPECT_THAT(target("a.cc"), testing::StartsWith("c:a.cc@"));
  EXPECT_THAT(target("sub/a.cc"), testing::StartsWith("c:sub/a.cc@"));
}

TEST(CallsTest, TellsVirtualCallsFromQualifiedOnes) {
  EXPECT_THAT(facts_of(R"(
struct Base { virtual void run(); };
struct Derived : Base { void run() override; };
void go(Base& base, Derived* derived) { base.run(); derived->Derived::run(); }
)",
                       "calls"),
              ElementsAre("go calls Base::run (virtual)", "go calls Derived::run"));
}

TEST(CallsTest, FollowsPointersToTheVariableAndFromItToWhatItWasGiven) {
  const auto calls = facts_of(R"(
int one(int); int two(int); int three(int); int four(int);
struct Operations { int (*read)(int); int (*write)(int); };
Operations table = {one, &two};
int (*hook)(int) = three;
void set() { hook = four; }
int go(Operations* o) { return o->read(1) + hook(2) + (*o->write)(3); }
)",
                              "calls");
  EXPECT_THAT(calls, IsSupersetOf({"go calls Operations::read (pointer)", "go calls hook (pointer)",
                                   "go calls Operations::write (pointer)",
                                   "Operations::read calls one (pointer)",
                                   "Operations::write calls two (pointer)",
                                   "hook calls three (pointer)", "hook calls four (pointer)"}));
}

TEST(CallsTest, FindsConstructorsAndDestructors) {
  const auto calls = facts_of(R"(
struct Part { Part(); ~Part(); };
struct Whole { Whole(int) {} ~Whole() {} Part part; };
void go() { Whole whole(1); Whole* other = new Whole(2); delete other; }
)",
                              "calls");
  EXPECT_THAT(calls, ElementsAre("Whole::Whole calls Part::Part", "Whole::~Whole calls Part::~Part",
                                 "go calls Whole::Whole", "go calls Whole::~Whole"));
}

TEST(CallsTest, FindsOperators) {
  EXPECT_THAT(facts_of(R"(
struct Number { Number operator+(const Number&) const; bool operator==(int) const;
                explicit operator bool() const; int operator[](int) const; };
bool go(Number a, Number b) { (void)(a + b); if (a) return b == a[1]; return false; }
)",
                       "calls"),
              ElementsAre("go calls Number::operator bool", "go calls Number::operator+",
                          "go calls Number::operator==", "go calls Number::operator[]"));
}

TEST(CallsTest, CountsLambdasForTheFunctionAround) {
  EXPECT_THAT(facts_of("int helper(int);\nint go() { auto f = [](int x) { return helper(x); }; "
                       "return f(2); }",
                       "calls"),
              ElementsAre("go calls helper"));
}

TEST(CallsTest, CountsDefaultArgumentsForTheCaller) {
  const auto calls = facts_of(
      "int helper();\nint twice(int a, int b = helper());\n"
      "int go() { return twice(1); }\nint full() { return twice(1, 2); }",
      "calls");
  EXPECT_THAT(calls, IsSupersetOf({"go calls helper", "go calls twice", "full calls twice"}));
  EXPECT_THAT(calls, Not(Contains("full calls helper")));
}

TEST(CallsTest, CountsInitialisersOfMembersForTheConstructor) {
  EXPECT_THAT(facts_of(R"(
int one(); int two(); int never();
struct Holder { Holder() : a(one()) {} int a = never(); int b = two(); };
)",
                       "calls"),
              IsSupersetOf({"Holder::Holder calls one", "Holder::Holder calls two"}));
}

TEST(CallsTest, ResolvesDependentCallsThroughInstances) {
  const auto calls = facts_of(R"(
struct Cat { void speak(); };
void feed(Cat); void feed(int);
template <class T> struct Box { T value; void open() { value.speak(); } };
template <class T> void care(T t) { t.speak(); feed(t); Box<T> box{t}; box.open(); }
void go(Cat cat) { care(cat); }
)",
                              "calls");
  EXPECT_THAT(calls, IsSupersetOf({"go calls care", "care calls Cat::speak", "care calls feed",
                                   "care calls Box::open", "Box::open calls Cat::speak"}));
}

TEST(CallsTest, GuessesWhatATemplateThatNobodyUsesCalls) {
  EXPECT_THAT(facts_of("void only(int);\ntemplate <class T> void go(T t) { only(t); }", "calls"),
              ElementsAre("go calls only (heuristic)"));
}

TEST(CallsTest, FindsWhatALoopOverARangeCalls) {
  EXPECT_THAT(
      facts_of(R"(
struct Iterator { int operator*() const; Iterator& operator++();
                  friend bool operator==(const Iterator&, const Iterator&) { return true; } };
struct Range { Iterator begin(); Iterator end(); };
void go(Range range) { for (int each : range) (void)each; }
)",
               "calls"),
      ElementsAre("go calls Iterator::operator*", "go calls Iterator::operator++ (heuristic)",
                  "go calls Range::begin (heuristic)", "go calls Range::end (heuristic)",
                  "go calls operator== (heuristic)"));
}

TEST(CallsTest, KeepsSpecialisationsApart) {
  const auto calls = facts_of(R"(
void small(); void large();
template <class T> void act(T) { small(); }
template <> void act<long>(long) { large(); }
void go() { act(1); act(1L); }
)",
                              "calls");
  EXPECT_THAT(calls, IsSupersetOf({"act calls small", "act calls large", "go calls act"}));
}

TEST(CallsTest, NamesWhatIsOutsideOfTheProject) {
  Project project;
  project.write("main.c", "#include <stdlib.h>\nvoid go(void) { abort(); }");
  project.compile("main.c");
  project.index();
  EXPECT_THAT(project.facts("calls"), ElementsAre("go calls abort"));
  EXPECT_EQ(project.symbol("abort").line, 0U);
  EXPECT_FALSE(project.symbol("abort").is_definition);
}

TEST(CallsTest, SaysWhereEachCallIs) {
  Project project;
  project.write("main.cc", "void helper();\nvoid go() {\n  helper();\n  helper();\n}\n");
  project.compile("main.cc");
  project.index();
  EXPECT_THAT(project.placed("calls"), ElementsAre("go calls helper at 3", "go calls helper at 4"));
}

TEST(CallsTest, DoesNotTakeUnevaluatedCodeForCallsOfVariables) {
  EXPECT_THAT(facts_of("int a;\nint go() { return sizeof(a); }", "reads"), IsEmpty());
}

}  // namespace
}  // namespace callgraph::test

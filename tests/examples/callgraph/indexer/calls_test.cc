#include <gmock/gmock.h>

#include "tests/examples/callgraph/indexer/project.h"

namespace callgraph::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
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

TEST(CallsTest, KnowsTheClassOfAnObjectThatIsThere) {
  const auto calls = facts_of(R"(
struct Base { virtual void run(); virtual Base& operator+=(int); };
struct Holder { Base part; void go() { part.run(); } };
struct Child : Base { void again() { run(); } };
void plain(Base object) { object.run(); object += 1; }
void through(Base& base, Holder* holder) { base += 1; (*&base).run(); holder->part.run(); }
)",
                              "calls");
  EXPECT_THAT(calls,
              ElementsAre("Child::again calls Base::run (virtual)", "Holder::go calls Base::run",
                          "plain calls Base::operator+=", "plain calls Base::run",
                          "through calls Base::operator+= (virtual)", "through calls Base::run",
                          "through calls Base::run (virtual)"));
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

TEST(CallsTest, FindsFunctionsThatAnExpressionChooses) {
  const auto calls = facts_of(R"(
int one(int x) { return x; }
int two(int x) { return x; }
int three(int x) { return x; }
int either(bool first) { return (first ? one : two)(three(1)); }
int cast() { return reinterpret_cast<int (*)(unsigned)>(&three)(1U); }
int held() { int (*chosen)(int) = nullptr; return (chosen != nullptr ? chosen : one)(1); }
)",
                              "calls");
  EXPECT_THAT(calls,
              testing::UnorderedElementsAre(
                  "either calls one (pointer)", "either calls two (pointer)", "either calls three",
                  "cast calls three (pointer)", "held calls one (pointer)"));
}

TEST(CallsTest, TakesAFunctionObjectOfTheLibraryForAPointer) {
  const auto calls = facts_of(R"(
#include <functional>
int one(int); int two(int); int three(int);
struct Held {
  Held() : made(one) {}
  std::function<int(int)> made, given;
  int go() { return made(1) + given(2); }
};
void set(Held& held) { held.given = two; }
int local() { std::function<int(int)> function = three; return function(1); }
)",
                              "calls");
  EXPECT_THAT(
      calls, IsSupersetOf({"Held::go calls Held::made (pointer)",
                           "Held::go calls Held::given (pointer)", "Held::made calls one (pointer)",
                           "Held::given calls two (pointer)", "local calls three (pointer)"}));
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

TEST(CallsTest, ReadsDefaultedConstructorsAndDestructors) {
  const auto facts = facts_of(R"(
struct Part { Part(); ~Part(); };
struct Whole { Whole() = default; ~Whole(); Part part; };
Whole::~Whole() = default;
struct Gone { Gone() = delete; };
)",
                              "");
  EXPECT_THAT(facts,
              IsSupersetOf({"Whole::Whole calls Part::Part", "Whole::~Whole calls Part::~Part",
                            "Whole defines Whole::Whole"}));
  EXPECT_THAT(facts, Not(Contains("main.cc links Whole::Whole (heuristic)")));
  EXPECT_THAT(facts, Not(Contains("main.cc links Whole::~Whole (heuristic)")));
}

TEST(CallsTest, FindsDestructorsOfTemporaries) {
  const auto calls = facts_of(R"(
struct T { T(); ~T(); int get(); };
struct Part { T t = T(); };
struct Whole { Whole() : t(T()) {} T t; };
struct Silent { Silent() {} T t = T(); };
T make(); T& same(); void take(T); void look(const T&); void fill(const T& t = make());
T global = make();
int method() { return make().get(); }
void value() { take(make()); }
void reference() { look((make())); }
void standard() { fill(); }
void discarded() { make(); }
void bound() { const T& t = make(); }
T returned(bool b) { return b ? make() : make(); }
T* heap() { return new T(make()); }
void part() { Part p{make()}; }
int known() { return same().get(); }
)",
                              "calls");
  EXPECT_THAT(calls,
              IsSupersetOf({"method calls T::~T", "value calls T::~T", "reference calls T::~T",
                            "standard calls T::~T", "discarded calls T::~T", "bound calls T::~T"}));
  const std::vector<std::string> others = {"global", "returned",     "heap",          "part",
                                           "known",  "Whole::Whole", "Silent::Silent"};
  for (const std::string& other : others) EXPECT_THAT(calls, Not(Contains(other + " calls T::~T")));
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

TEST(CallsTest, ReadsGenericLambdasAsTheyAreUsed) {
  const auto calls = facts_of(R"(
struct Cat { void speak(); };
template <class F> void with(F f) { f(Cat()); }
void go() { with([](auto it) { it.speak(); }); }
void nested() { with([](auto it) { with([&](auto) { it.speak(); }); }); }
)",
                              "calls");
  EXPECT_THAT(calls, ElementsAre("go calls Cat::speak", "go calls with", "nested calls Cat::speak",
                                 "nested calls with", "nested calls with (heuristic)"));
}

TEST(CallsTest, FindsWhatALambdaCapturesByAnInitialiser) {
  const auto facts = facts_of(R"(
int helper(int); int one(); int held;
int go() { return [x = helper(one()), y = held, &z = held] { return x + y + z; }(); }
)",
                              "");
  EXPECT_THAT(facts, IsSupersetOf({"go calls helper", "go calls one", "go copies held",
                                   "go references held"}));
  EXPECT_THAT(facts, Not(Contains("go references helper")));
}

TEST(CallsTest, FindsMethodsOfABaseThatDependsOnParameters) {
  const auto calls = facts_of(R"(
#define SAME(a, b) ((a) == (b))
template <class T> struct Root { int fetch(int); void twice(); void twice(int); };
template <class T> struct Base : Root<T> { int run(); };
template <class T> struct Child : Base<T> { void body(); };
template <class T> void Child<T>::body() {
  this->fetch(this->run());
  this->twice();
}
template <class T> struct Other : Base<T> { bool body() { return SAME(1, this->run()); } };
)",
                              "calls");
  EXPECT_THAT(calls, ElementsAre("Child::body calls Base::run (heuristic)",
                                 "Child::body calls Root::fetch (heuristic)",
                                 "Other::body calls Base::run (heuristic)"));
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

// Of these, libclang does not say where they begin.
TEST(CallsTest, ReadsTemplatesThatAreWrittenWithoutTheWord) {
  EXPECT_THAT(facts_of("int one(int);\nstruct Box { void put(auto) { one(1); } };\n"
                       "void go(Box& box) { box.put(1); }",
                       "calls"),
              ElementsAre("Box::put calls one", "go calls Box::put"));
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

TEST(CallsTest, CallsTheConstructorThatAClassInherits) {
  EXPECT_THAT(facts_of(R"(
struct Base { Base(int); Base(int, int); };
struct Middle : Base { using Base::Base; };
struct Derived : Middle { using Middle::Middle; };
void go() { Derived one(1); Middle two(1, 2); }
)",
                       "calls"),
              ElementsAre("go calls Base::Base"));
}

// Every relation is between symbols that a file says, by names that people wrote.
TEST(CallsTest, NamesEverythingByWhatIsWritten) {
  Project project;
  project.write("main.cc", R"(
#include <compare>
#include <functional>
template <class T> struct Box {
  enum Color { red };
  enum class Tint { pale };
  struct Node { T value; void poke() { value.run(); } static int shared; };
  template <class U> struct Inner { void deep(U u) { u.run(); } };
  static int count;
  Node node; Color color = red; Tint tint = Tint::pale;
  struct { int inner; } part;
};
template <class T> int Box<T>::count = 1;
template <class T> int Box<T>::Node::shared = 1;
template <class T> struct Box<T*> { void pointer() {} int field; };
template <> struct Box<int> { void special() {} int field; };
struct Silent { virtual ~Silent() = default; };
struct Passed : Silent {};
struct R : Passed { void run(); ~R() override; friend auto operator<=>(const R&, const R&) = default; };
namespace std { template <> struct hash<R> { int operator()(const R&) const; }; }
template struct Box<R>;
template <class... All> struct Of { Of(All...); };
template <class... All> Of(All...) -> Of<All...>;
bool go(R a, R b) {
  Of of(a, b);
  Box<R> box; box.node.poke(); box.count++; Box<R>::Node::shared++; box.part.inner = 3;
  Box<R>::Inner<R> in; in.deep(R());
  Box<R*> pointer; pointer.pointer(); pointer.field = 1;
  Box<int> special; special.special(); special.field = 1;
  auto tint = Box<R>::Tint::pale;
  return a == b && box.color == Box<R>::red && box.tint == tint;
}
)");
  project.compile("main.cc");
  project.index();
  for (const std::string& fact : project.facts()) {
    EXPECT_THAT(fact, Not(HasSubstr("c:")));
    EXPECT_THAT(fact, Not(HasSubstr("deduction guide")));
  }
  EXPECT_THAT(project.facts("overrides"), ElementsAre("R::~R overrides Silent::~Silent"));
  EXPECT_THAT(project.facts("reads"), IsSupersetOf({"go reads Box::red", "go reads Box::color"}));
  EXPECT_THAT(project.facts("writes"), Contains("go writes Box::Node::shared"));
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

TEST(CallsTest, DoesNotTakeUnevaluatedCodeForCallsOrReads) {
  const auto facts = facts_of(R"(
int a; int one(); int two(int);
unsigned long size() { return sizeof(a) + sizeof(one()) + alignof(decltype(two(a))); }
bool never() { return noexcept(two(a)); }
template <class T> bool asked() { return requires(T t) { two(t); }; }
bool ask() { return asked<int>(); }
decltype(one()) typed() { decltype(one()) value = two(1); return value; }
auto trailing() -> decltype(one()) { return 1; }
using Type = decltype(one());
constexpr int kSize = 2; template <int> struct Sized {};
void sized() { Sized<kSize> value; }
)",
                              "");
  EXPECT_THAT(facts, Contains("typed calls two"));
  EXPECT_THAT(facts, Contains(testing::MatchesRegex("sized (reads|copies) kSize")));
  EXPECT_THAT(facts, Not(Contains(HasSubstr("calls one"))));
  EXPECT_THAT(facts, Not(Contains(HasSubstr("reads a"))));
  for (const char* function : {"size calls", "never calls", "asked calls", "main.cc calls"}) {
    EXPECT_THAT(facts, Not(Contains(HasSubstr(function))));
  }
}

}  // namespace
}  // namespace callgraph::test

#include "examples/callgraph/indexer/round.h"

#include <csignal>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <sys/types.h>
#include <unistd.h>

#include "examples/callgraph/indexer/driver.h"
#include "tests/examples/callgraph/indexer/project.h"

namespace callgraph::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Two sources that share a header, and one that does not.
void write_three(Project& project) {
  project.write("shared.h", "inline int shared() { return 1; }\n");
  project.write("a.cc", "#include \"shared.h\"\nint a() { return shared(); }\n");
  project.write("b.cc", "#include \"shared.h\"\nint b() { return shared(); }\n");
  project.write("c.cc", "int c() { return 3; }\n");
  for (const char* source : {"a.cc", "b.cc", "c.cc"}) project.compile(source);
}

TEST(RoundTest, IndexesEverythingOnce) {
  Project project;
  write_three(project);
  const RoundResult first = project.index(3);
  EXPECT_THAT(first.reindexed, ElementsAre("a.cc", "b.cc", "c.cc", "shared.h"));
  EXPECT_EQ(first.files.size(), 4U);
  EXPECT_EQ(first.units, 3U);
  EXPECT_THAT(project.facts("calls"), ElementsAre("a calls shared", "b calls shared"));
  const RoundResult second = project.index();
  EXPECT_THAT(second.reindexed, IsEmpty());
  EXPECT_EQ(second.files.size(), 4U);
  EXPECT_EQ(second.units, 0U);
}

TEST(RoundTest, ReadsAChangedSourceAlone) {
  Project project;
  write_three(project);
  project.index();
  project.write("c.cc", "int d();\nint c() { return d(); }\n");
  EXPECT_THAT(project.index().reindexed, ElementsAre("c.cc"));
  EXPECT_THAT(project.facts("calls"), Contains("c calls d"));
}

TEST(RoundTest, ReadsTheIncludersOfAChangedHeader) {
  Project project;
  write_three(project);
  project.index();
  project.write("shared.h",
                "inline int deep() { return 1; }\ninline int shared() { return deep(); }\n");
  EXPECT_THAT(project.index().reindexed, ElementsAre("a.cc", "b.cc", "shared.h"));
  EXPECT_THAT(project.facts("calls"), Contains("shared calls deep"));
  EXPECT_THAT(project.index().reindexed, IsEmpty());
}

TEST(RoundTest, ReachesIncludersThroughOtherHeaders) {
  Project project;
  project.write("deep.h", "inline int deep() { return 1; }\n");
  project.write("middle.h", "#include \"deep.h\"\n");
  project.write("a.cc", "#include \"middle.h\"\n");
  project.compile("a.cc");
  project.index();
  project.write("deep.h", "inline int deeper() { return 1; }\n");
  EXPECT_THAT(project.index().reindexed, ElementsAre("a.cc", "deep.h"));
}

TEST(RoundTest, ForgetsWhatAChangedFileNoLongerSays) {
  Project project;
  write_three(project);
  project.index();
  project.write("a.cc", "int a() { return 0; }\n");
  project.index();
  EXPECT_THAT(project.facts("calls"), ElementsAre("b calls shared"));
}

TEST(RoundTest, RemovesFilesThatAreGone) {
  Project project;
  write_three(project);
  project.index();
  project.remove("c.cc");
  project.forget("c.cc");
  const RoundResult result = project.index();
  EXPECT_EQ(result.removed, 1U);
  EXPECT_THAT(result.files, ElementsAre("a.cc", "b.cc", "shared.h"));
}

TEST(RoundTest, ReadsASourceAgainWhoseCommandChanged) {
  Project project;
  project.write("a.cc", "#ifdef EXTRA\nint extra() { return 1; }\n#endif\n");
  project.compile("a.cc");
  project.index();
  EXPECT_EQ(project.symbol("extra").line, 0U);
  project.compile("a.cc", "-DEXTRA");
  EXPECT_THAT(project.index().reindexed, ElementsAre("a.cc"));
  EXPECT_EQ(project.symbol("extra").line, 2U);
}

TEST(RoundTest, UnitesWhatAHeaderShowsUnderDifferentMacros) {
  Project project;
  project.write("shared.h",
                "#ifdef A\ninline int when_a() { return 1; }\n#else\n"
                "inline int otherwise() { return 2; }\n#endif\n");
  project.write("a.cc", "#define A\n#include \"shared.h\"\n");
  project.write("b.cc", "#include \"shared.h\"\n");
  project.compile("a.cc");
  project.compile("b.cc");
  project.index();
  EXPECT_EQ(project.symbol("when_a").line, 2U);
  EXPECT_EQ(project.symbol("otherwise").line, 4U);
  project.write("shared.h",
                "\n#ifdef A\ninline int when_a() { return 1; }\n#else\n"
                "inline int otherwise() { return 2; }\n#endif\n");
  project.index();
  EXPECT_EQ(project.symbol("when_a").line, 3U);
  EXPECT_EQ(project.symbol("otherwise").line, 5U);
}

TEST(RoundTest, UnitesWhatAHeaderDeclaresUnderDifferentNames) {
  Project project;
  project.write("template.h", "int helper(int);\nint NAME(int x) { return helper(x); }\n");
  project.write("a.c", "#define NAME of_a\n#include \"template.h\"\n");
  project.write("b.c", "#define NAME of_b\n#include \"template.h\"\n");
  project.compile("a.c");
  project.compile("b.c");
  project.index();
  EXPECT_THAT(project.facts("calls"), ElementsAre("of_a calls helper", "of_b calls helper"));
}

// The compiler writes the body of what is defaulted only in units that use it.
TEST(RoundTest, SaysTheSameOfWhatIsDefaultedWhicheverUnitIsReadFirst) {
  const auto facts_where_used_in = [](const std::string& user) {
    Project project;
    project.write("pair.h",
                  "#include <compare>\n"
                  "struct Part { int x; bool operator==(const Part& o) const { return x == o.x; } "
                  "auto operator<=>(const Part& o) const { return x <=> o.x; } };\n"
                  "struct Pair { Part part; int y; auto operator<=>(const Pair&) const = default; "
                  "friend bool operator==(const Pair&, const Pair&) = default; };\n");
    for (const std::string source : {"a.cc", "b.cc"}) {
      const std::string use =
          "bool use(const Pair& p, const Pair& q) { return p < q || p == q; }\n";
      project.write(source, "#include \"pair.h\"\n" + (source == user ? use : std::string()));
      project.compile(source);
    }
    project.index();
    std::vector<std::string> facts = project.facts();
    std::erase_if(facts,
                  [](const std::string& fact) { return fact.find(".cc") != std::string::npos; });
    return facts;
  };
  const auto first = facts_where_used_in("a.cc");
  EXPECT_THAT(first, Contains("operator== calls Part::operator=="));
  EXPECT_THAT(facts_where_used_in("b.cc"), testing::ElementsAreArray(first));
}

TEST(RoundTest, TakesAStaticFunctionForOneThatIsDefinedInAnotherFileThanDeclared) {
  Project project;
  project.write("part.c", "static int part(int x) { return x; }\n");
  project.write("main.c",
                "static int part(int);\nint go(void) { return part(1); }\n#include \"part.c\"\n");
  project.compile("main.c");
  project.index();
  EXPECT_THAT(project.facts("calls"), ElementsAre("go calls part"));
  EXPECT_EQ(project.symbol("part").usr, "c:main.c@F@part");
  EXPECT_THAT(project.facts_of("part.c").symbols,
              Contains(testing::Field(&Symbol::usr, "c:main.c@F@part")));
}

TEST(RoundTest, IndexesSourcesWithErrorsAsFarAsTheyParse) {
  Project project;
  project.write("bad.cc",
                "int helper();\nint go() { return helper(); }\nint broken( { return 1; }\n");
  project.compile("bad.cc");
  const RoundResult result = project.index();
  ASSERT_TRUE(result.with_errors.contains("bad.cc"));
  EXPECT_GE(result.with_errors.at("bad.cc").second, 1U);
  EXPECT_THAT(result.with_errors.at("bad.cc").first, HasSubstr("bad.cc:3"));
  EXPECT_THAT(project.facts("calls"), Contains("go calls helper"));
}

TEST(RoundTest, TakesAHeaderFromAUnitWithoutErrors) {
  Project project;
  project.write("shared.h", "inline int shared() { return 1; }\n");
  project.write("a.cc", "#include \"missing.h\"\n#include \"shared.h\"\n");
  project.write("b.cc", "#include \"shared.h\"\n");
  project.compile("a.cc");
  project.compile("b.cc");
  const RoundResult result = project.index();
  EXPECT_EQ(result.with_errors.size(), 1U);
  EXPECT_EQ(project.symbol("shared").line, 1U);
  EXPECT_TRUE(result.files.contains("b.cc"));
}

TEST(RoundTest, SaysTheSameWithOneThreadAndWithMany) {
  Project one;
  Project many;
  for (Project* project : {&one, &many}) {
    for (int i = 0; i < 6; ++i) {
      const std::string name = "f" + std::to_string(i);
      project->write("shared.h", "template <class T> T same(T t) { return t; }\n");
      project->write(name + ".cc",
                     "#include \"shared.h\"\nint " + name + "() { return same(1); }\n");
      project->compile(name + ".cc");
    }
  }
  one.index(1);
  many.index(4);
  EXPECT_EQ(one.facts(), many.facts());
  EXPECT_THAT(one.facts(), Not(IsEmpty()));
}

// Notes which files it was given as the main ones of their units.
class NotingGraph final : public GraphPort {
 public:
  kipu::Result<std::map<std::string, FileRecord>> current_files() override {
    return graph_.current_files();
  }
  kipu::Status apply(std::span<const Change> changes) override {
    for (const Change& change : changes)
      (change.is_main ? main_ : others_).insert(change.file.path);
    return graph_.apply(changes);
  }
  const std::set<std::string>& main() const { return main_; }
  const std::set<std::string>& others() const { return others_; }

 private:
  MemoryGraph graph_;
  std::set<std::string> main_;
  std::set<std::string> others_;
};

TEST(RoundTest, TellsTheGraphWhichFilesAreMain) {
  Project project;
  write_three(project);
  NotingGraph graph;
  const std::atomic<bool> stop = false;
  std::vector<std::string> told;
  Round round({project.root(), project.root()}, graph, stop,
              [&](std::size_t, std::size_t, const std::string& path) { told.push_back(path); });
  ASSERT_TRUE(round.run());
  EXPECT_THAT(graph.main(), ElementsAre("a.cc", "b.cc", "c.cc"));
  EXPECT_THAT(graph.others(), ElementsAre("shared.h"));
  EXPECT_THAT(told, ElementsAre("a.cc", "b.cc", "c.cc"));
}

TEST(RoundTest, KeepsADigestOfEachFile) {
  Project project;
  write_three(project);
  project.index();
  const auto files = project.graph().current_files();
  ASSERT_TRUE(files);
  const SourceFile& file = files->at("c.cc").file;
  EXPECT_EQ(file.size, 22U);
  EXPECT_EQ(file.md5, md5_of("int c() { return 3; }\n"));
  EXPECT_EQ(file.adler32, adler32_of("int c() { return 3; }\n"));
  EXPECT_EQ(file.language, "C++20");
  EXPECT_EQ(file.command.size(), 32U);
  EXPECT_TRUE(files->at("shared.h").file.command.empty());
  EXPECT_THAT(files->at("a.cc").includes, ElementsAre("shared.h"));
}

TEST(DriverTest, SaysHowManyFilesWereReindexed) {
  Project project;
  write_three(project);
  IndexOptions options;
  options.compdb = project.root();
  options.root = project.root();
  std::ostringstream out;
  EXPECT_EQ(index_once(options, project.graph(), out), 0);
  EXPECT_EQ(out.str(), "reindexed 4 of 4 files\n");
  out.str("");
  project.write("c.cc", "int c() { return 4; }\n");
  EXPECT_EQ(index_once(options, project.graph(), out), 0);
  EXPECT_EQ(out.str(), "reindexed 1 of 4 files\n");
}

TEST(DriverTest, FailsWithoutACompileDatabase) {
  Project project;
  IndexOptions options;
  options.compdb = project.root();
  std::ostringstream out;
  EXPECT_EQ(index_once(options, project.graph(), out), 1);
  EXPECT_EQ(out.str(), "");
}

// A project with a source, and one that its build has made.
IndexOptions write_generated(Project& project) {
  project.write("a.cc", "#include \"build/made.h\"\nint a() { return made(); }\n");
  project.write("build/made.h", "inline int made() { return 1; }\n");
  project.write("build/made.cc", "#include \"made.h\"\nint other() { return made(); }\n");
  project.compile("a.cc");
  project.compile("build/made.cc");
  std::filesystem::rename(project.root() / "compile_commands.json",
                          project.root() / "build/compile_commands.json");
  IndexOptions options;
  options.compdb = project.root() / "build";
  options.root = project.root();
  return options;
}

std::vector<std::string> paths_of(MemoryGraph& graph) {
  std::vector<std::string> paths;
  for (const auto& [path, change] : graph.files()) paths.push_back(path);
  return paths;
}

TEST(DriverTest, LeavesOutWhatTheBuildMadeUnlessItIsAskedFor) {
  Project project;
  IndexOptions options = write_generated(project);
  std::ostringstream out;
  EXPECT_EQ(index_once(options, project.graph(), out), 0);
  EXPECT_EQ(out.str(), "reindexed 1 of 1 file\n");
  EXPECT_THAT(paths_of(project.graph()), ElementsAre("a.cc"));
  EXPECT_THAT(project.facts("calls"), ElementsAre(HasSubstr("a calls")));
  options.generated = true;
  options.everything = true;
  EXPECT_EQ(index_once(options, project.graph(), out), 0);
  EXPECT_THAT(paths_of(project.graph()), ElementsAre("a.cc", "build/made.cc", "build/made.h"));
  // What was indexed once, and is left out now, goes.
  options.generated = false;
  options.everything = false;
  EXPECT_EQ(index_once(options, project.graph(), out), 0);
  EXPECT_THAT(out.str(), HasSubstr("removed 2"));
  EXPECT_THAT(paths_of(project.graph()), ElementsAre("a.cc"));
}

TEST(DriverTest, AFolderIsNoBuildFolderIfAllSourcesStandInIt) {
  Project project;
  IndexOptions options = write_generated(project);
  project.remove("a.cc");
  EXPECT_EQ(build_folder(options.compdb, options.root,
                         *read_compile_commands(options.compdb, options.root)),
            project.root() / "build");
  project.forget("a.cc");
  std::filesystem::rename(project.root() / "compile_commands.json",
                          project.root() / "build/compile_commands.json");
  EXPECT_EQ(build_folder(options.compdb, options.root,
                         *read_compile_commands(options.compdb, options.root)),
            std::nullopt);
  project.compile("a.cc");
  EXPECT_EQ(build_folder(project.root(), options.root,
                         *read_compile_commands(project.root(), options.root)),
            std::nullopt)
      << "the database stands in the root";
}

TEST(DriverTest, LeavesOutWhatIsExcepted) {
  Project project;
  write_three(project);
  IndexOptions options;
  options.compdb = project.root();
  options.root = project.root();
  options.except = {"b.cc", project.root() / "shared.h"};
  std::ostringstream out;
  EXPECT_EQ(index_once(options, project.graph(), out), 0);
  EXPECT_THAT(paths_of(project.graph()), ElementsAre("a.cc", "c.cc"));
  options.except = {"nowhere"};
  EXPECT_EQ(index_once(options, project.graph(), out), 1);
}

// Asks this process to end as soon as it has something to keep.
class InterruptingGraph final : public GraphPort {
 public:
  kipu::Result<std::map<std::string, FileRecord>> current_files() override {
    return graph_.current_files();
  }
  kipu::Status apply(std::span<const Change> changes) override {
    if (!interrupted_) std::raise(SIGINT);  // this thread takes it, at once
    interrupted_ = true;
    return graph_.apply(changes);
  }
  MemoryGraph& kept() { return graph_; }

 private:
  MemoryGraph graph_;
  bool interrupted_ = false;
};

TEST(DriverTest, SaysHowFarItCameWhenItIsInterrupted) {
  Project project;
  write_three(project);
  // Enough of them that they are not all read before the first is written.
  constexpr std::size_t kMore = 40;
  for (std::size_t i = 0; i < kMore; ++i) {
    const std::string source = "more" + std::to_string(i) + ".cc";
    project.write(source, "int more();\n");
    project.compile(source);
  }
  IndexOptions options;
  options.compdb = project.root();
  options.root = project.root();
  options.threads = 1;
  InterruptingGraph graph;
  std::ostringstream out;
  const int code = index_once(options, graph, out);
  // One source with the header, and what was read while they were being written.
  const std::size_t kept = paths_of(graph.kept()).size();
  EXPECT_EQ(code, 130);
  EXPECT_GE(kept, 2U);
  EXPECT_EQ(out.str(), "interrupted: read " + std::to_string(kept - 1) +
                           " of 43 translation units, reindexed " + std::to_string(kept) +
                           " files; what is finished is in the graph, the same command goes on "
                           "with the rest\n");
  out.str("");
  EXPECT_EQ(index_once(options, graph, out), 0);
  EXPECT_EQ(out.str(), "reindexed " + std::to_string(4 + kMore - kept) + " of 44 files\n");
}

bool graph_has(MemoryGraph& graph, const std::string& path, const std::string& md5) {
  const auto files = graph.current_files();
  const auto found = files->find(path);
  return found != files->end() && found->second.file.md5 == md5;
}

TEST(DriverTest, WatchesUntilItIsAskedToStop) {
  Project project;
  write_three(project);
  IndexOptions options;
  options.compdb = project.root();
  options.root = project.root();
  options.threads = 1;
  std::ostringstream out;
  int code = -1;
  std::thread watcher([&] { code = index_and_watch(options, project.graph(), out); });
  const auto becomes = [&](const std::string& path, const std::string& text) {
    return kipu::test::eventually([&] { return graph_has(project.graph(), path, md5_of(text)); });
  };
  EXPECT_TRUE(becomes("c.cc", "int c() { return 3; }\n"));
  project.write("c.cc", "int c() { return 5; }\n");
  EXPECT_TRUE(becomes("c.cc", "int c() { return 5; }\n"));
  // A source that the compile database did not have, in a directory that nobody watched.
  project.write("sub/d.cc", "int d() { return 6; }\n");
  project.compile("sub/d.cc");
  EXPECT_TRUE(becomes("sub/d.cc", "int d() { return 6; }\n"));
  project.write("sub/d.cc", "int d() { return 7; }\n");
  EXPECT_TRUE(becomes("sub/d.cc", "int d() { return 7; }\n"));
  ::kill(::getpid(), SIGTERM);
  watcher.join();
  EXPECT_EQ(code, 0);
  EXPECT_THAT(out.str(), HasSubstr("watching 5 files\n"));
  EXPECT_THAT(out.str(), HasSubstr("reindexed 1 of 4 files\n"));
}

}  // namespace
}  // namespace callgraph::test

// The program itself, over a small project, in a store of its own.
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/examples/callgraph/disk_project.h"
#include "tests/support/process.h"

namespace callgraph {
namespace {

using kipu::test::Finished;
using kipu::test::Process;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ProgramTest : public testing::Test {
 protected:
  ProgramTest() {
    project_.write("leaf.h", "int leaf();\n");
    project_.write("leaf.cc", "#include \"leaf.h\"\nint leaf() { return 1; }\n");
    project_.write("main.cc", "#include \"leaf.h\"\nint main() { return leaf(); }\n");
    project_.compile({"leaf.cc", "main.cc"});
  }

  std::vector<std::string> command(std::vector<std::string> words) {
    words.insert(words.begin(), kipu::test::program("callgraph"));
    words.insert(words.end(), {"--embedded", directory_ / "store"});
    return words;
  }
  Finished run(std::vector<std::string> words) {
    return kipu::test::run(command(std::move(words)));
  }
  std::string indexed() {
    std::vector<std::string> words{"index"};
    for (std::string& word : project_.options()) words.push_back(std::move(word));
    const Finished done = run(std::move(words));
    EXPECT_EQ(done.ended.exit_code, 0) << done.errors;
    return done.output;
  }
  // What bash offers after `line`, which is typed after the program's name.
  std::string completed(const std::string& line) {
    const std::string script =
        "source <(\"$PROGRAM\" completion); COMP_WORDBREAKS=$' \\t\\n:='\n"
        "COMP_LINE=\"$PROGRAM --embedded $STORE \"$LINE; COMP_POINT=${#COMP_LINE}\n"
        "_callgraph; echo \"${COMPREPLY[@]}\"\n";
    Process::Options options;
    options.environment = {{"PROGRAM", kipu::test::program("callgraph")},
                           {"STORE", directory_ / "store"},
                           {"LINE", line}};
    return kipu::test::run({"bash", "-c", script}, options).output;
  }

  kipu::test::TempDirectory directory_;
  DiskProject project_{directory_ / "project"};
};

TEST_F(ProgramTest, IndexesAnswersAndIndexesWhatChanged) {
  EXPECT_THAT(indexed(), HasSubstr("reindexed 3 of 3 files"));
  EXPECT_EQ(run({"callers", "leaf"}).output,
            "leaf()     leaf.cc:2\n"
            "└─ main()  main.cc:2\n");
  EXPECT_THAT(indexed(), HasSubstr("reindexed 0 of 3 files"));
  project_.write("main.cc", "#include \"leaf.h\"\nint other() { return leaf(); }\nint main() {}\n");
  EXPECT_THAT(indexed(), HasSubstr("reindexed 1 of 3 files"));
  const Finished now = run({"callers", "leaf"});
  EXPECT_THAT(now.output, HasSubstr("└─ other()  main.cc:2"));
  EXPECT_THAT(now.output, Not(HasSubstr("main()")));
}

TEST_F(ProgramTest, EveryCommandSaysThatAFullDiskTookNoMore) {
  indexed();
  std::vector<std::string> facts{"facts", "leaf.cc"};
  for (std::string& word : project_.options()) facts.push_back(std::move(word));
  std::vector<std::string> watch = facts;
  watch.erase(watch.begin(), watch.begin() + 2);
  watch.insert(watch.begin(), "watch");
  for (auto words : std::vector<std::vector<std::string>>{facts,
                                                          watch,
                                                          {"graphs"},
                                                          {"callers", "leaf"},
                                                          {"callers", "leaf", "-o", "json"},
                                                          {"files"},
                                                          {"serve", "--port", "0"},
                                                          {"help"},
                                                          {"help", "callers"},
                                                          {"callers", "--help"},
                                                          {"completion"},
                                                          {"complete", "callgraph", "call"}}) {
    words = command(std::move(words));
    words.insert(words.begin(), {"sh", "-c", R"(exec "$0" "$@" >/dev/full)"});
    const Finished refused = kipu::test::run(words);
    EXPECT_EQ(refused.ended.exit_code, 1) << testing::PrintToString(words);
    EXPECT_THAT(refused.errors, HasSubstr("callgraph: standard output took no more")) << words[4];
  }
}

TEST_F(ProgramTest, WaitsForASlowReader) {
  std::string text;
  for (int number = 0; number < 500; ++number) {
    text += "int function_" + std::to_string(number) + "() { return 0; }\n";
  }
  project_.write("leaf.cc", text);
  std::vector<std::string> facts{"facts", "leaf.cc"};
  for (std::string& word : project_.options()) facts.push_back(std::move(word));
  const Finished slow = kipu::test::run(command(facts), {}, kipu::test::SlowReader::of_pipe);
  EXPECT_EQ(slow.ended.exit_code, 0) << slow.errors;
  EXPECT_EQ(slow.output, run(facts).output);
  EXPECT_GT(slow.output.size(), 20'000U);
}

TEST_F(ProgramTest, AnswersWithClosedDescriptors) {
  indexed();
  for (const std::string closed : {">&-", "2>&-", "<&- >&- 2>&-"}) {
    auto words = command({"callers", "leaf"});
    words.insert(words.begin(), {"sh", "-c", R"(exec "$0" "$@" )" + closed});
    EXPECT_EQ(kipu::test::run(words).ended.exit_code, 0) << closed;
  }
  EXPECT_THAT(run({"callers", "leaf"}).output, HasSubstr("main.cc:2"));
}

TEST_F(ProgramTest, APastBeforeTheGraphKnowsNothing) {
  indexed();
  const Finished past = run({"callers", "leaf", "--as-of", "2020-01-01"});
  EXPECT_EQ(past.ended.exit_code, 2);
  EXPECT_THAT(past.errors, HasSubstr("the graph 'main' was made at "));
  EXPECT_THAT(past.output, IsEmpty());
}

TEST_F(ProgramTest, NotesStandBesideTheAnswerNotInIt) {
  indexed();
  const Finished json = run({"callers", "main", "-o", "json"});
  EXPECT_EQ(json.ended.exit_code, 0) << json.errors;
  EXPECT_FALSE(nlohmann::json::parse(json.output)["nodes"].empty());
  EXPECT_EQ(json.errors, "callgraph: the graph knows of none\n");
}

TEST_F(ProgramTest, MistakesEndWithTwoAndSayWhatToDo) {
  indexed();
  const Finished none = run({"callers", "leaf", "--graph", "nobody"});
  EXPECT_EQ(none.ended.exit_code, 2);
  EXPECT_THAT(none.errors, HasSubstr("no graph is named 'nobody' here; there are: main"));
  const Finished compdb = run({"index"});
  EXPECT_EQ(compdb.ended.exit_code, 2);
  EXPECT_THAT(compdb.errors, HasSubstr("--compdb DIR is missing"));
}

TEST_F(ProgramTest, WhatToIndexIsCheckedBeforeACluster) {
  const Finished none =
      kipu::test::run({kipu::test::program("callgraph"), "index", "--broker", "tcp://127.0.0.1:1"});
  EXPECT_EQ(none.ended.exit_code, 2);
  EXPECT_THAT(none.errors, HasSubstr("--compdb DIR is missing"));
}

TEST_F(ProgramTest, WhatCannotBeIndexedMakesNoGraph) {
  const Finished none = run({"index", "-p", directory_ / "nowhere"});
  EXPECT_EQ(none.ended.exit_code, 2);
  EXPECT_THAT(none.errors, HasSubstr("record a build with `bear -- make`"));
  const Finished typo = run({"index", "-p", project_.build(), "--except", "tets"});
  EXPECT_THAT(typo.errors, HasSubstr("--except tets: there is no such folder or file in "));
  EXPECT_THAT(run({"graphs"}).output, IsEmpty());
}

TEST_F(ProgramTest, WhoOnlyAsksMakesNoStore) {
  const Finished none = run({"callers", "leaf"});
  EXPECT_EQ(none.ended.exit_code, 2);
  EXPECT_THAT(none.errors, HasSubstr("there is no store in "));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "store"));
}

TEST_F(ProgramTest, BashCompletesNamesFromTheGraph) {
  project_.write("main.cc",
                 "#include \"leaf.h\"\nnamespace deep { int well() { return leaf(); } }\n"
                 "int main() { return deep::well(); }\n");
  indexed();
  EXPECT_EQ(completed("callers le"), "leaf\n");
  EXPECT_EQ(completed("callers deep::we"), "well\n") << "what stands before the colon is there";
  EXPECT_EQ(completed("callers deep::"), "well\n");
  EXPECT_EQ(completed("includes ma"), "main.cc\n");
  EXPECT_EQ(completed("callers leaf -o sv"), "svg\n");
  EXPECT_EQ(completed("callers leaf --graph "), "main\n");
  EXPECT_EQ(completed("callers nothing_like_it"), "\n");
}

TEST_F(ProgramTest, ServesUntilItIsToldToEnd) {
  indexed();
  Process server(command({"serve", "--port", "0"}));
  ASSERT_TRUE(server.wait_for_line("serving graph main at http://127.0.0.1:")) << server.errors();
  server.kill(SIGTERM);
  EXPECT_EQ(server.wait().exit_code, 0) << server.errors();
}

}  // namespace
}  // namespace callgraph

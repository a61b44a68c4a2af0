// The program itself, over a small project, in a store of its own.
#include <csignal>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

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
    std::filesystem::create_directories(directory_ / "project/build");
    write("leaf.h", "int leaf();\n");
    write("leaf.cc", "#include \"leaf.h\"\nint leaf() { return 1; }\n");
    write("main.cc", "#include \"leaf.h\"\nint main() { return leaf(); }\n");
    nlohmann::json units = nlohmann::json::array();
    for (const std::string file : {"leaf.cc", "main.cc"}) {
      units.push_back({{"directory", directory_ / "project"},
                       {"file", file},
                       {"arguments", {"c++", "-std=c++20", "-c", file}}});
    }
    write("build/compile_commands.json", units.dump());
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / ("project/" + name)) << text;
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
    const Finished done =
        run({"index", "-p", directory_ / "project/build", "--root", directory_ / "project"});
    EXPECT_EQ(done.ended.exit_code, 0) << done.errors;
    return done.output;
  }

  kipu::test::TempDirectory directory_;
};

TEST_F(ProgramTest, IndexesAnswersAndIndexesWhatChanged) {
  EXPECT_THAT(indexed(), HasSubstr("reindexed 3 of 3 files"));
  EXPECT_EQ(run({"callers", "leaf"}).output,
            "leaf()     leaf.cc:2\n"
            "└─ main()  main.cc:2\n");
  EXPECT_THAT(indexed(), HasSubstr("reindexed 0 of 3 files"));
  write("main.cc", "#include \"leaf.h\"\nint other() { return leaf(); }\nint main() {}\n");
  EXPECT_THAT(indexed(), HasSubstr("reindexed 1 of 3 files"));
  const Finished now = run({"callers", "leaf"});
  EXPECT_THAT(now.output, HasSubstr("└─ other()  main.cc:2"));
  EXPECT_THAT(now.output, Not(HasSubstr("main()")));
}

TEST_F(ProgramTest, APastBeforeTheGraphKnowsNothing) {
  indexed();
  const Finished past = run({"callers", "leaf", "--as-of", "2020-01-01"});
  EXPECT_EQ(past.ended.exit_code, 2);
  EXPECT_THAT(past.errors, HasSubstr("nothing in the graph is named 'leaf'"));
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
  const Finished none = run({"callers", "leaf", "--graph", "nobody"});
  EXPECT_EQ(none.ended.exit_code, 2);
  EXPECT_THAT(none.errors, HasSubstr("no graph is named 'nobody' here; there is none yet"));
  const Finished compdb = run({"index"});
  EXPECT_EQ(compdb.ended.exit_code, 2);
  EXPECT_THAT(compdb.errors, HasSubstr("--compdb DIR is missing"));
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

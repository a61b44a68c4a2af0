// What becomes of output that standard output does not take, or takes slowly.
#include <array>
#include <sstream>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "tests/process/cli/command_test.h"

namespace kipu::test {
namespace {

constexpr int kUnhealthy = 5;

class OutputTakenTest : public CommandTest {
 protected:
  // Runs the words in a shell with this redirection. It may not run long.
  static Finished redirected(const std::string& redirection, std::vector<std::string> words,
                             std::string input = {}) {
    const std::string script = R"(exec "$0" "$@" )" + redirection;
    words.insert(words.begin(), {"sh", "-c", script, program("kipu")});
    return run(std::move(words), cluster->options(std::move(input)));
  }
  static Finished onto_full_disk(const std::vector<std::string>& words, std::string input = {}) {
    return redirected(">/dev/full", words, std::move(input));
  }
  static void expect_not_taken(const std::vector<std::string>& words, std::string input = {}) {
    SCOPED_TRACE(testing::PrintToString(words));
    expect_refusal(onto_full_disk(words, std::move(input)), kUnhealthy,
                   "standard output took no more (No space left on device)");
  }
  static Finished into_slow_reader(std::vector<std::string> words, SlowReader reader) {
    words.insert(words.begin(), program("kipu"));
    return run(std::move(words), cluster->options(), reader);
  }

  // As the overview lists them.
  static std::vector<std::string> names_of_commands() {
    constexpr std::size_t kIndent = 2;
    constexpr std::size_t kWidth = 18;
    std::vector<std::string> names;
    std::istringstream overview(output_of({}));
    std::string line;
    while (std::getline(overview, line) && line != "Commands") continue;
    while (std::getline(overview, line) && !line.empty()) {
      std::string name = line.substr(kIndent, kWidth);
      name.erase(name.find_last_not_of(' ') + 1);
      names.push_back(std::move(name));
    }
    return names;
  }
  static void fill(const std::string& key, std::size_t values) {
    std::string input;
    for (std::size_t value = 0; value < values; ++value) {
      input += key + "\t" + std::to_string(value) + std::string(100, 'x') + "\n";
    }
    output_of({"import", "-", "--format", "tsv"}, input);
  }
};

TEST_F(OutputTakenTest, EveryCommandSaysThatAFullDiskTookNoMore) {
  output_of({"append", "fruit", "apple", "pear"});
  output_of({"bucket", "create", "fixed", "--mode", "wmrm"});
  const std::vector<std::vector<std::string>> commands{
      {"get", "fruit"},
      {"get", "fruit", "--stamps", "--limit", "1"},
      {"count", "fruit"},
      {"keys"},
      {"keys", "--count"},
      {"export"},
      {"export", "--format", "tsv"},
      {"append", "more", "one"},
      {"put", "--bucket", "fixed", "k", "v"},
      {"remove", "--bucket", "fixed", "k"},
      {"ping"},
      {"status"},
      {"ring"},
      {"bucket", "list"},
      {"bucket", "show", "fixed"},
      {"bucket", "create", "fixed", "--mode", "wmrm"},
  };
  for (const auto& command : commands) {
    for (const std::string format : {"text", "raw", "jsonl"}) {
      if (command[0] == "export" && format != "text") continue;
      std::vector<std::string> words = command;
      words.insert(words.end(), {"-o", format});
      if (format != "jsonl") {
        expect_not_taken(words);
      } else {
        SCOPED_TRACE(testing::PrintToString(words));
        expect_refusal(onto_full_disk(words), kUnhealthy, R"({"error":{"code":"io_error",)");
      }
    }
  }
}

TEST_F(OutputTakenTest, EveryCommandSaysSoOfItsHelp) {
  const auto names = names_of_commands();
  EXPECT_GT(names.size(), 15U);
  for (const std::string& name : names) {
    std::vector<std::string> words;
    std::istringstream each(name);
    for (std::string word; each >> word;) words.push_back(word);
    std::vector<std::string> help{"help"};
    help.insert(help.end(), words.begin(), words.end());
    expect_not_taken(help);
    words.emplace_back("--help");
    expect_not_taken(words);
  }
  for (const std::string shell : {"bash", "zsh", "fish"}) expect_not_taken({"completion", shell});
  expect_not_taken({"help"});
  expect_not_taken({"--version"});
  expect_not_taken({});
}

TEST_F(OutputTakenTest, TheShellAndStdinSaySo) {
  expect_not_taken({"shell"}, "append shelf a b\nget shelf\n");
  const Finished lines = onto_full_disk({"append", "lines", "-"}, "one\ntwo\n");
  EXPECT_EQ(lines.ended, (Ended{5, 0})) << lines.errors;
  EXPECT_NE(lines.errors.find("took no more"), std::string::npos) << lines.errors;
  EXPECT_NE(lines.errors.find("lines 1–2 are stored"), std::string::npos) << lines.errors;
  EXPECT_EQ(output_of({"count", "lines"}), "2\n");  // stored nevertheless, as it says
}

TEST_F(OutputTakenTest, AStoreInADirectorySaysSo) {
  const TempDirectory home;
  const std::string store = (home / "store").string();
  expect_not_taken({"--embedded", store, "append", "fruit", "apple"});
  for (const std::string command : {"get", "count"}) {
    expect_not_taken({"--embedded", store, command, "fruit"});
  }
  expect_not_taken({"--embedded", store, "export"});
  EXPECT_EQ(output_of({"--embedded", store, "get", "fruit"}), "apple\n");
}

TEST_F(OutputTakenTest, AnErrorBeforeKeepsItsCode) {
  const Finished both = onto_full_disk({"shell"}, "append shelf a\nput shelf b\n");
  EXPECT_EQ(both.ended, (Ended{1, 0}));
  EXPECT_NE(both.errors.find("took no more"), std::string::npos) << both.errors;
  // What writes nothing misses nothing.
  EXPECT_EQ(onto_full_disk({"exists", "nothing"}).ended, (Ended{6, 0}));
  EXPECT_EQ(onto_full_disk({"get", "nothing", "--quiet"}).errors, "");
}

TEST_F(OutputTakenTest, AClosedPipeEndsItQuietly) {
  fill("long", 3'000);
  for (const std::string command : {"get long", "export", "help", "count long", "--version"}) {
    for (const bool ignored : {false, true}) {
      std::array<int, 2> ends{};
      ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
      ::close(ends[0]);
      Process::Options options = cluster->options();
      options.output = ends[1];
      const std::string script =
          (ignored ? "trap '' PIPE; exec " : "exec ") + program("kipu") + " " + command;
      const Finished finished = run({"sh", "-c", script}, options);
      ::close(ends[1]);
      EXPECT_EQ(finished.ended, (ignored ? Ended{141, 0} : Ended{-1, SIGPIPE})) << command;
      EXPECT_EQ(finished.errors, "") << command;
    }
  }
}

TEST_F(OutputTakenTest, ASlowReaderGetsItAll) {
  fill("slow", 3'000);
  for (const SlowReader reader : {SlowReader::of_pipe, SlowReader::of_socket}) {
    for (const std::vector<std::string>& words : {std::vector<std::string>{"get", "slow"},
                                                  {"get", "slow", "-o", "json"},
                                                  {"export", "slow"},
                                                  {"help"}}) {
      const Finished slow = into_slow_reader(words, reader);
      EXPECT_EQ(slow.ended, (Ended{0, 0})) << slow.errors;
      EXPECT_EQ(slow.output, output_of(words)) << words[0];
    }
  }
}

TEST_F(OutputTakenTest, ClosedDescriptorsTakeNoSocketsPlace) {
  output_of({"append", "closed", "value"});
  for (const std::string closed :
       {"<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"}) {
    EXPECT_EQ(redirected(closed, {"get", "closed"}).ended, (Ended{0, 0})) << closed;
    EXPECT_EQ(redirected(closed, {"get", "nothing"}).ended, (Ended{6, 0})) << closed;
    EXPECT_EQ(redirected(closed, {"append", "again", closed}).ended, (Ended{0, 0})) << closed;
  }
  EXPECT_EQ(output_of({"count", "again"}), "7\n");
  // What cannot be read is not taken for the end of the input.
  EXPECT_EQ(redirected("<&-", {"append", "lines of none", "-"}).ended, (Ended{kUnhealthy, 0}));
}

TEST_F(OutputTakenTest, ClosedDescriptorsTakeNoFilesPlace) {
  const TempDirectory home;
  const std::string store = (home / "store").string();
  output_of({"--embedded", store, "append", "fruit", "apple"});
  for (const std::string closed : {">&-", "2>&-", "<&- >&- 2>&-"}) {
    EXPECT_EQ(redirected(closed, {"--embedded", store, "get", "nothing"}).ended, (Ended{6, 0}));
    EXPECT_EQ(redirected(closed, {"--embedded", store, "help"}).ended, (Ended{0, 0}));
    EXPECT_EQ(redirected(closed, {"--embedded", store, "get", "fruit"}).ended, (Ended{0, 0}));
  }
  EXPECT_NE(run({"grep", "-raq", "no values under", store}).ended, (Ended{0, 0}));
  EXPECT_EQ(output_of({"--embedded", store, "get", "fruit"}), "apple\n");
}

TEST_F(OutputTakenTest, TooFewDescriptorsAreAnErrorWithItsRemedy) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need file descriptors for their own checks";
  const TempDirectory home;
  const std::string store = (home / "store").string();
  output_of({"append", "few", "value"});
  output_of({"--embedded", store, "append", "few", "value"});
  constexpr int kEnough = 40;
  for (const std::string& place : {std::string(), "--embedded " + store}) {
    for (int limit = 3; limit <= kEnough; ++limit) {
      const std::string script = "ulimit -n " + std::to_string(limit) + "; exec " +
                                 program("kipu") + " " + place + " --timeout 2s get few";
      const Finished finished = run({"sh", "-c", script}, cluster->options());
      EXPECT_EQ(finished.ended.signal, 0) << limit;
      if (finished.ended.exit_code == 127) continue;  // too few to load its libraries
      if (finished.ended.exit_code == 0) {
        EXPECT_EQ(finished.output, "value\n");
        continue;
      }
      EXPECT_LT(limit, kEnough) << finished.errors;
      expect_refusal(finished, kUnhealthy, "ulimit -Hn");
    }
  }
}

}  // namespace
}  // namespace kipu::test

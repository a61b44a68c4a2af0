// Each exit code of the contract, and that an error says what to do.
#include <filesystem>
#include <fstream>

#include <signal.h>

#include "tests/process/cli/command_test.h"

namespace kipu::test {
namespace {

class ExitCodeTest : public CommandTest {};

TEST_F(ExitCodeTest, IsOneWhereTheStoreRefuses) {
  output_of({"append", "fruit", "apple"});
  expect_error({"put", "fruit", "pear"}, 1, "kipu append");
  expect_error({"remove", "fruit"}, 1, "write-once");
  expect_error({"append", "", "apple"}, 1, "key");
  expect_error({"get", ""}, 1, "key");
  expect_error({"append", "fruit", "apple", "--bucket", "nowhere", "--timeout", "500ms"}, 1,
               "nowhere");
  expect_error({"get", "fruit", "--bucket", "nowhere", "--timeout", "500ms"}, 1,
               "kipu bucket create");
  expect_error({"append", std::string(1025, 'k'), "apple"}, 1, "");
  output_of({"bucket", "create", "fixed"});
  output_of({"bucket", "create", "fixed"});
  expect_error({"bucket", "create", "fixed", "--mode", "wmrm"}, 1, "fixed");
  expect_error({"bucket", "show", "nowhere"}, 1, "nowhere");
  EXPECT_EQ(output_of({"get", "fruit"}), "apple\n");
}

TEST_F(ExitCodeTest, IsTwoForAWrongCommandLine) {
  expect_error({"appendd", "a", "b"}, 2, "did you mean `kipu append`?");
  expect_error({"append", "a"}, 2, "no value");
  expect_error({"get"}, 2, "kipu help get");
  expect_error({"get", "a", "b"}, 2, "kipu help get");
  expect_error({"get", "a", "--lats", "5"}, 2, "did you mean --last?");
  expect_error({"get", "a", "--last"}, 2, "--last needs a value");
  expect_error({"get", "a", "--last", "many"}, 2, "many");
  expect_error({"get", "a", "--first", "1", "--last", "1"}, 2, "exclude each other");
  expect_error({"get", "a", "--cursor", "here"}, 2, "cursor");
  expect_error({"get", "a", "--since", "yesterday-ish"}, 2, "yesterday-ish");
  expect_error({"get", "a", "-o", "xml"}, 2, "xml");
  expect_error({"get", "a", "--level", "most"}, 2, "most");
  expect_error({"get", "a", "--level", "none"}, 2, "none");
  expect_error({"get", "a", "--timeout", "soon"}, 2, "soon");
  expect_error({"get", "a", "--bucket", "no/name"}, 2, "no/name");
  expect_error({"bucket", "creat", "x"}, 2, "kipu bucket create");
  expect_error({"bucket", "create", "x", "--max-pair", "2MiB"}, 2, "1MiB");
  expect_error({"-x"}, 2, "-x");
  expect_error({"get", "a", "--broker", "nonsense"}, 2, "nonsense");
  expect_error({"append", "a", "--file", "/no/such/file"}, 2, "/no/such/file");
  expect_error({"import", "/no/such/file"}, 2, "/no/such/file");
  expect_error({"completion", "tcsh"}, 2, "tcsh");
}

TEST_F(ExitCodeTest, ComesWithTheOptionThatIsWrong) {
  const std::vector<std::vector<std::string>> commands{{"get", "k", "--first"},
                                                       {"get", "k", "--last"},
                                                       {"get", "k", "--limit"},
                                                       {"get", "k", "--since"},
                                                       {"get", "k", "--until"},
                                                       {"get", "k", "--as-of"},
                                                       {"get", "k", "--from"},
                                                       {"get", "k", "--cursor"},
                                                       {"keys", "--limit"},
                                                       {"append", "k", "v", "--stamp"},
                                                       {"import", "-", "--jobs"},
                                                       {"import", "-", "--format"},
                                                       {"export", "--format"},
                                                       {"up", "--workers"},
                                                       {"up", "--port"},
                                                       {"bench", "--rate"},
                                                       {"bench", "--seconds"},
                                                       {"get", "k", "--level"},
                                                       {"get", "k", "--timeout"},
                                                       {"get", "k", "--output"},
                                                       {"bucket", "create", "b", "--mode"},
                                                       {"bucket", "create", "b", "--read"},
                                                       {"bucket", "create", "b", "--max-pair"}};
  for (std::vector<std::string> words : commands) {
    const std::string option = words.back();
    words.emplace_back("x y");
    expect_error(words, 2, option + ": 'x y' is ");
  }
  expect_error({"get", "k", "--bucket", "x y"}, 2, "--bucket: 'x y' is ");
}

TEST_F(ExitCodeTest, IsTwoForAWrongConfigFile) {
  const TempDirectory home;
  std::filesystem::create_directory(home / "config");
  Process::Options options = cluster->options();
  for (auto& [name, value] : options.environment) {
    if (name == "XDG_CONFIG_HOME") value = (home / "config").string();
  }
  const auto with_config = [&](const std::string& text) {
    std::ofstream(home / "config" / "kipu.toml") << text;
    return run({program("kipu"), "get", "nothing"}, options);
  };
  expect_refusal(with_config("bucket = \n"), 2, "kipu.toml: line 1");
  expect_refusal(with_config("buckets = \"logs\"\n"), 2, "unknown setting 'buckets'");
  expect_refusal(with_config("bucket = 7\n"), 2, "bucket is no string");
  expect_refusal(with_config("timeout = \"soon\"\n"), 2, "timeout in kipu.toml: 'soon' is ");
  EXPECT_EQ(with_config("bucket = \"default\"\n").ended, (Ended{6, 0}));
}

TEST_F(ExitCodeTest, IsThreeWhereNobodyAnswers) {
  const std::string nobody = "tcp://127.0.0.1:" + std::to_string(free_port());
  for (const std::string command : {"ping", "status", "ring", "keys"}) {
    expect_error({command, "--broker", nobody, "--timeout", "1s"}, 3, "kipu up");
  }
  expect_error({"append", "a", "b", "--broker", nobody, "--timeout", "1s"}, 3, nobody);
}

// A worker that hangs has taken the append, or not: nobody knows.
TEST_F(ExitCodeTest, IsFourWhereTheOutcomeIsUnknownAndFiveWhileTheClusterIsUnwell) {
  const std::vector<pid_t> workers{cluster->worker(1), cluster->worker(2)};
  for (const pid_t worker : workers) ::kill(worker, SIGSTOP);
  const Finished append = kipu({"append", "unknown", "value", "--timeout", "1s"});
  EXPECT_TRUE(eventually([&] { return kipu({"status"}).ended == Ended{5, 0}; }));
  const Finished status = kipu({"status"});
  for (const pid_t worker : workers) ::kill(worker, SIGCONT);
  expect_refusal(append, 4, "may or may not");
  EXPECT_NE((status.output + status.errors).find("suspect"), std::string::npos)
      << status.output << status.errors;
  EXPECT_TRUE(eventually([&] { return kipu({"status"}).ended == Ended{0, 0}; }));
  output_of({"append", "known", "value"});
}

TEST_F(ExitCodeTest, IsSixWhereThereIsNothing) {
  expect_error({"get", "nothing"}, 6, "nothing");
  EXPECT_EQ(kipu({"exists", "nothing"}).ended, (Ended{6, 0}));
  EXPECT_EQ(output_of({"count", "nothing"}), "0\n");
  EXPECT_EQ(output_of({"keys", "nothing"}), "");
  EXPECT_EQ(kipu({"get", "nothing", "--quiet"}).errors, "");
  // Programs read that there is none, and no sentence beside it.
  const Finished none = kipu({"get", "nothing", "-o", "json"});
  EXPECT_EQ(none.ended, (Ended{6, 0}));
  EXPECT_EQ(none.output, "{\"values\":[]}\n");
  EXPECT_EQ(none.errors, "");
}

TEST_F(ExitCodeTest, IsInTheErrorThatProgramsRead) {
  const Finished refused = kipu({"put", "fruit", "pear", "-o", "json"});
  EXPECT_EQ(refused.ended, (Ended{1, 0}));
  EXPECT_EQ(refused.errors.find("{\"error\":{\"code\":\"wrong_mode\",\"message\":\""), 0U)
      << refused.errors;
  EXPECT_NE(refused.errors.find("\"exit\":1}}"), std::string::npos) << refused.errors;
  EXPECT_EQ(kipu({"nonsense", "-o", "json"}).errors.find("{\"error\":"), 0U);
}

// No document beside it that looks like an answer.
TEST_F(ExitCodeTest, ComesWithoutADocumentThatLooksLikeSuccess) {
  const std::string nobody = "tcp://127.0.0.1:" + std::to_string(free_port());
  const std::vector<std::vector<std::string>> commands{
      {"get", "x"},      {"keys"},        {"keys", "--count"},  {"export"},
      {"count", "x"},    {"exists", "x"}, {"append", "x", "v"}, {"append", "x", "-"},
      {"put", "x", "v"}, {"remove", "x"}, {"import", "-"},      {"bench", "get"}};
  for (const std::string format : {"json", "jsonl"}) {
    const auto expect_nothing = [&](std::vector<std::string> words,
                                    const std::vector<std::string>& more) {
      words.insert(words.end(), more.begin(), more.end());
      words.insert(words.end(), {"-o", format});
      const Finished failed = kipu(words, R"({"key":"x","value":"v"})");
      EXPECT_NE(failed.ended, (Ended{0, 0})) << words[0];
      EXPECT_EQ(failed.output, "") << words[0];
      EXPECT_EQ(failed.errors.find("{\"error\":{"), 0U) << failed.errors;
    };
    for (const auto& words : commands) {
      if (words[0] != "bench") expect_nothing(words, {"--bucket", "nope"});
      expect_nothing(words, {"--broker", nobody, "--timeout", "200ms"});
    }
    for (const std::string about : {"status", "ping", "ring"}) {
      expect_nothing({about}, {"--broker", nobody, "--timeout", "200ms"});
    }
    expect_nothing({"worker", "list"}, {"--broker", nobody, "--timeout", "200ms"});
    expect_nothing({"bucket", "list"}, {"--broker", nobody, "--timeout", "200ms"});
    expect_nothing({"bucket", "show", "nope"}, {});
    EXPECT_EQ(kipu({"shell", "-o", format, "--bucket", "nope"}, "GET x\nKEYS\n").output, "");
  }
}

TEST_F(ExitCodeTest, IsZeroForHelp) {
  for (const std::string command : {"append", "get", "import", "up", "bench", "shell"}) {
    const std::string help = output_of({"help", command});
    EXPECT_NE(help.find("kipu " + command), std::string::npos) << help;
    EXPECT_EQ(output_of({command, "--help"}), help);
  }
  EXPECT_NE(output_of({}).find("append"), std::string::npos);
  EXPECT_EQ(output_of({"--version"}).find("kipu "), 0U);
}

}  // namespace
}  // namespace kipu::test

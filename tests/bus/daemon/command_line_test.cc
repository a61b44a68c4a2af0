#include "bus/daemon/command_line.h"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace kipu::daemon {
namespace {

class CommandLineTest : public testing::Test {
 protected:
  Program program() {
    return {
        "knot",
        {"Serves.",
         "  knot --data DIR",
         {required(text_option("data", "DIR", "a directory", data_)),
          number_option("weight", "a number", {1, 10}, weight_),
          duration_option("heartbeat", "a time", heartbeat_),
          size_option("reserve", "a size", reserve_), level_option("log-level", "a level", level_),
          switch_option("quiet", "a switch", quiet_)}},
        {{"init",
          {"Prepares.",
           "  knot init --data DIR",
           {required(text_option("data", "DIR", "a directory", data_)),
            number_option("workers", "a number", {1, 10}, workers_)}}},
         {"show",
          {"Shows.",
           "  knot show --data DIR",
           {required(text_option("data", "DIR", "a directory", data_))}}}}};
  }
  Parsed parse(std::vector<std::string> words) {
    std::vector<const char*> arguments{"knot"};
    for (const std::string& word : words) arguments.push_back(word.c_str());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const Parsed parsed =
        parse_command_line(program(), static_cast<int>(arguments.size()), arguments.data());
    output_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    return parsed;
  }
  void expect_wrong_usage(const std::vector<std::string>& words, const std::string& what) {
    const Parsed parsed = parse(words);
    EXPECT_EQ(parsed.action, Action::exit);
    EXPECT_EQ(parsed.exit_code, 2);
    EXPECT_NE(errors_.find(what), std::string::npos) << errors_;
    EXPECT_EQ(std::count(errors_.begin(), errors_.end(), '\n'), 1) << errors_;
  }
  std::string config(const std::string& text) {
    const auto file = directory_ / "knot.toml";
    std::ofstream(file) << text;
    return file.string();
  }

  test::TempDirectory directory_;
  std::string data_;
  std::uint32_t weight_ = 1;
  std::uint32_t workers_ = 0;
  Duration heartbeat_ = std::chrono::seconds(1);
  std::uint64_t reserve_ = 0;
  LogLevel level_ = LogLevel::info;
  bool quiet_ = false;
  std::string output_;
  std::string errors_;
};

TEST_F(CommandLineTest, SetsWhatIsGivenAndLeavesTheRest) {
  EXPECT_EQ(parse({"--data", "d", "--heartbeat", "250ms", "--quiet"}).action, Action::serve);
  EXPECT_EQ(data_, "d");
  EXPECT_EQ(heartbeat_, std::chrono::milliseconds(250));
  EXPECT_TRUE(quiet_);
  EXPECT_EQ(weight_, 1U);
}

TEST_F(CommandLineTest, TakesSizesInBytesAndInUnits) {
  EXPECT_EQ(parse({"--data", "d", "--reserve", "4096"}).action, Action::serve);
  EXPECT_EQ(reserve_, 4096U);
  parse({"--data", "d", "--reserve", "64KiB"});
  EXPECT_EQ(reserve_, 65'536U);
  parse({"--data", "d", "--reserve", "256MiB"});
  EXPECT_EQ(reserve_, 268'435'456U);
  parse({"--data", "d", "--reserve", "4000GiB"});
  EXPECT_EQ(reserve_, 4'294'967'296'000U);
}

TEST_F(CommandLineTest, TellsInitFromServing) {
  EXPECT_EQ(parse({"init", "--data=d", "--workers", "3"}).word, "init");
  EXPECT_EQ(data_, "d");
  EXPECT_EQ(workers_, 3U);
}

TEST_F(CommandLineTest, RefusesWhatIsMissingUnknownOrOutOfRange) {
  expect_wrong_usage({}, "--data DIR is missing");
  expect_wrong_usage({"init"}, "--data DIR is missing");
  expect_wrong_usage({"--data", "d", "--wight", "1"}, "--wight");
  expect_wrong_usage({"--data", "d", "extra"}, "extra");
  expect_wrong_usage({"--data", ""}, "--data: is empty");
  expect_wrong_usage({"--data", "d", "--weight", "11"}, "'11' is no number from 1 to 10");
  expect_wrong_usage({"--data", "d", "--weight", "1x"}, "'1x'");
  expect_wrong_usage({"--data", "d", "--weight", "-1"}, "'-1'");
  expect_wrong_usage({"--data", "d", "--heartbeat", "0s"}, "'0s'");
  expect_wrong_usage({"--data", "d", "--heartbeat", "5"}, "'5'");
  expect_wrong_usage({"--data", "d", "--heartbeat", "6000000h"},
                     "'6000000h'");  // more than 64 bits hold
  expect_wrong_usage({"--data", "d", "--heartbeat", "25h"}, "'25h'");
  expect_wrong_usage({"--data", "d", "--log-level", "loud"}, "'loud'");
  for (const std::string size : {"", "1.5GiB", "-1", "64 KiB", "64KB", "KiB"}) {
    expect_wrong_usage({"--data", "d", "--reserve", size}, "'" + size + "' is no size");
  }
}

TEST_F(CommandLineTest, ReadsTheSameNamesFromAFile) {
  const auto file =
      config("data = \"d\"\nweight = 7\nquiet = true\nlog-level = \"error\"\nheartbeat = \"2h\"\n");
  EXPECT_EQ(parse({"--config", file}).action, Action::serve);
  EXPECT_EQ(data_, "d");
  EXPECT_EQ(weight_, 7U);
  EXPECT_EQ(level_, LogLevel::error);
  EXPECT_EQ(heartbeat_, std::chrono::hours(2));
  EXPECT_TRUE(quiet_);
}

TEST_F(CommandLineTest, PrefersTheCommandLineToTheFile) {
  const auto file = config("data = \"from file\"\nweight = 7\n");
  EXPECT_EQ(parse({"--config", file, "--weight", "3"}).action, Action::serve);
  EXPECT_EQ(data_, "from file");
  EXPECT_EQ(weight_, 3U);
}

TEST_F(CommandLineTest, LetsOneFileServeBothCommands) {
  const auto file = config("data = \"d\"\nweight = 7\nworkers = 4\n");
  EXPECT_EQ(parse({"init", "--config", file}).word, "init");
  EXPECT_EQ(workers_, 4U);
  EXPECT_EQ(weight_, 1U);
}

TEST_F(CommandLineTest, NamesFileAndLineOfWhatIsWrongInIt) {
  const std::string file = config("data = \"d\"\n\nwight = 7\n");
  expect_wrong_usage({"--config", file}, file + ":3: knot has no option 'wight'");
  config("data = \"d\"\nweight = 70\n");
  expect_wrong_usage({"--config", file}, file + ":2: weight: '70' is no number");
  config("data = [1, 2]\n");
  expect_wrong_usage({"--config", file}, file + ":1: 'data'");
  config("data = \"d\"\nnonsense\n");
  expect_wrong_usage({"--config", file}, file + ":2: ");
  expect_wrong_usage({"--config", file + ".none"}, "cannot read " + file + ".none");
}

TEST_F(CommandLineTest, ShowsExamplesBeforeOptions) {
  for (const auto& words : {std::vector<std::string>{"--help"}, {"init", "--help"}}) {
    const Parsed parsed = parse(words);
    EXPECT_EQ(parsed.action, Action::exit);
    EXPECT_EQ(parsed.exit_code, 0);
    EXPECT_LT(output_.find("Examples:"), output_.find("--data DIR"));
    EXPECT_NE(output_.find("--data DIR"), std::string::npos);
  }
}

TEST_F(CommandLineTest, ShowsItsVersion) {
  EXPECT_EQ(parse({"--version"}).exit_code, 0);
  EXPECT_TRUE(output_.starts_with("knot "));
}

TEST_F(CommandLineTest, RefusesAConfigFileThatCannotBeRead) {
  expect_wrong_usage({"--config", directory_.path().string(), "--data", "d"},
                     "cannot read " + directory_.path().string());
  expect_wrong_usage({"--config", (directory_ / "none").string(), "--data", "d"}, "cannot read");
}

}  // namespace
}  // namespace kipu::daemon

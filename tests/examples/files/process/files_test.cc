// kipu-files as a program, over a cluster of programs.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include "examples/files/questions.h"
#include "kipu/client.h"
#include "tests/examples/files/bytes.h"
#include "tests/support/local_cluster.h"
#include "tests/support/memory_watch.h"

namespace files {
namespace {

using kipu::test::Finished;
using kipu::test::LocalCluster;
using kipu::test::Process;
using kipu::test::program;
using testing::HasSubstr;
using testing::StartsWith;

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class FilesTest : public testing::Test {
 protected:
  Finished files(std::vector<std::string> words, std::string input = {}) const {
    words.insert(words.begin(), program("kipu-files"));
    return kipu::test::run(std::move(words), cluster_.options(std::move(input)));
  }
  Process start(std::vector<std::string> words) const {
    words.insert(words.begin(), program("kipu-files"));
    return {std::move(words), cluster_.options()};
  }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories(cluster_.file(name).parent_path());
    std::ofstream(cluster_.file(name), std::ios::binary) << bytes;
    return cluster_.file(name).native();
  }
  kipu::Client client() const {
    kipu::ClientOptions options;
    options.brokers = {cluster_.frontend()};
    options.timeout = kipu::test::kPatience;
    auto connected = kipu::Client::connect(options);
    if (!connected) throw std::runtime_error(connected.error().message);
    return std::move(*connected);
  }
  // How many chunks the store has, and how many entries of them.
  std::pair<std::size_t, std::size_t> chunks() const {
    auto asked = client();
    kipu::KeysOptions options;
    options.bucket = "files.chunks";
    std::size_t keys = 0;
    std::size_t entries = 0;
    std::string last;
    for (const auto& entry : asked.entries(options)) {
      if (!entry) return {keys, entries};  // the bucket may not be there yet
      ++entries;
      keys += entry->key == last ? 0U : 1U;
      last = entry->key;
    }
    return {keys, entries};
  }

  LocalCluster cluster_{3};
};

TEST_F(FilesTest, StoresAFolderAndBringsItBack) {
  write("in/a b.txt", "text");
  write("in/new\nline \xff", "x");
  write("in/sub/zero", "");
  write("in/sub/big", test::random_bytes(3'000'000, 1));
  std::filesystem::create_directory(cluster_.file("in/empty"));
  std::filesystem::create_symlink("a b.txt", cluster_.file("in/link"));
  const Finished up = files({"upload", "in"});
  ASSERT_EQ(up.ended.exit_code, 0) << up.errors;
  EXPECT_EQ(up.errors, "");  // no progress where it is no terminal
  const Finished down = files({"download", "in", "out"});
  ASSERT_EQ(down.ended.exit_code, 0) << down.errors;
  const Finished same =
      kipu::test::run({"diff", "-r", "--no-dereference", cluster_.file("in").native(),
                       cluster_.file("out/in").native()});
  EXPECT_EQ(same.ended.exit_code, 0) << same.output;
  EXPECT_TRUE(std::filesystem::is_directory(cluster_.file("out/in/empty")));
  const Finished names = files({"list-files", "-0", "in/"});
  EXPECT_THAT(names.output, StartsWith(std::string("in/a b.txt\0in/empty\0in/link\0", 28)));
  EXPECT_THAT(names.output, HasSubstr(std::string("in/new\nline \xff\0", 14)));
}

TEST_F(FilesTest, RefusesToReplaceAndSaysWhatToDo) {
  write("f", "stored");
  ASSERT_EQ(files({"upload", "f"}).ended.exit_code, 0);
  write("f", "local");
  const Finished refused = files({"download", "f"});
  EXPECT_EQ(refused.ended.exit_code, 2);
  EXPECT_THAT(refused.errors, HasSubstr("--force"));
  EXPECT_EQ(content_of(cluster_.file("f")), "local");
  EXPECT_EQ(files({"download", "f", "--force"}).ended.exit_code, 0);
  EXPECT_EQ(content_of(cluster_.file("f")), "stored");
}

TEST_F(FilesTest, KeepsEveryVersion) {
  for (const char* bytes : {"one", "two", "three"}) {
    ASSERT_EQ(files({"upload", write("f", bytes), "--as", "f"}).ended.exit_code, 0);
  }
  const Finished history = files({"history", "f", "--json"});
  EXPECT_EQ(std::ranges::count(history.output, '\n'), 3);
  EXPECT_THAT(history.output, HasSubstr("\"version\":3"));
  ASSERT_EQ(files({"download", "f", "out", "--number", "2"}).ended.exit_code, 0);
  EXPECT_EQ(content_of(cluster_.file("out/f")), "two");
  EXPECT_EQ(files({"download", "f", "out2", "--number", "4"}).ended.exit_code, 6);
  EXPECT_EQ(files({"info", "f", "--as-of", "2001-01-01"}).ended.exit_code, 6);
}

TEST_F(FilesTest, SaysWhatIsWrongAndExitsAsKipuDoes) {
  EXPECT_EQ(files({"info", "none"}).ended.exit_code, 6);
  EXPECT_EQ(files({"download", "none"}).ended.exit_code, 6);
  EXPECT_EQ(files({"upload", "none"}).ended.exit_code, 2);
  EXPECT_EQ(files({"upload"}).ended.exit_code, 2);
  EXPECT_THAT(files({"uplaod", "x"}).errors, HasSubstr("did you mean upload?"));
  EXPECT_THAT(files({"upload", "--vreify", "x"}).errors, HasSubstr("did you mean --verify?"));
  EXPECT_EQ(
      files({"--broker", "tcp://127.0.0.1:1", "--timeout", "1s", "info", "x"}).ended.exit_code, 3);
  EXPECT_THAT(files({"man", "upload"}).output, HasSubstr("SYNOPSIS"));
  EXPECT_THAT(files({"--help"}).output, HasSubstr("EXIT STATUS"));
}

TEST_F(FilesTest, SaysThatItsOutputCouldNotBeWritten) {
  ASSERT_EQ(files({"upload", write("f", "x"), "--as", "f"}).ended.exit_code, 0);
  for (const std::string words :
       {"list-files", "list-files --json", "info f", "history f", "upload f", "verify f", "man",
        "man upload", "--help", "--version"}) {
    const Finished refused = kipu::test::run(
        {"sh", "-c", program("kipu-files") + " " + words + " >/dev/full"}, cluster_.options());
    EXPECT_EQ(refused.ended.exit_code, 5) << words;
    EXPECT_THAT(refused.errors, HasSubstr("standard output took no more")) << words;
  }
  const Finished shell = kipu::test::run({"sh", "-c", program("kipu-files") + " >/dev/full"},
                                         cluster_.options("list-files\nexit\n"));
  EXPECT_EQ(shell.ended.exit_code, 5);
}

TEST_F(FilesTest, WaitsForASlowReader) {
  for (int number = 0; number < 200; ++number) {
    write("many/" + std::string(100, 'n') + std::to_string(number), "");
  }
  ASSERT_EQ(files({"upload", "many"}).ended.exit_code, 0);
  const Finished slow = kipu::test::run({program("kipu-files"), "list-files", "many"},
                                        cluster_.options(), kipu::test::SlowReader::of_pipe);
  EXPECT_EQ(slow.ended.exit_code, 0) << slow.errors;
  EXPECT_EQ(slow.output, files({"list-files", "many"}).output);
  EXPECT_GT(slow.output.size(), 20'000U);
}

TEST_F(FilesTest, RunsWithClosedDescriptors) {
  for (const std::string content : {"1", "2", "3"}) {
    write("f", content);
    const Finished closed =
        kipu::test::run({"sh", "-c", "exec " + program("kipu-files") + " upload f <&- >&- 2>&-"},
                        cluster_.options());
    EXPECT_EQ(closed.ended, (kipu::test::Ended{0, 0}));
  }
  EXPECT_EQ(files({"verify", "f"}).ended.exit_code, 0);
  const std::string history = files({"history", "f"}).output;
  EXPECT_EQ(std::count(history.begin(), history.end(), '\n'), 3) << history;
}

TEST_F(FilesTest, RefusesAnEmptyNameWhichIsNotEverything) {
  ASSERT_EQ(files({"upload", write("f", "x"), "--as", "f"}).ended.exit_code, 0);
  EXPECT_EQ(files({"download", "", "out"}).ended.exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(cluster_.file("out")));
}

TEST_F(FilesTest, ReadsCommandsFromAScript) {
  write("sub/a b", "text");
  const Finished ran =
      files({}, "cd sub\nupload 'a b'\n# a comment\nlist-files\ninfo none\nexit\n");
  EXPECT_EQ(ran.ended.exit_code, 6);
  EXPECT_THAT(ran.output, HasSubstr("stored     a b  4 B"));
  EXPECT_THAT(ran.output, HasSubstr("\na b\n"));
}

// Killed at any moment, again and again: what was sent is there once, and is not sent again but for
// the few that go without a question.
TEST_F(FilesTest, ResumesUploadsThatWereKilledAndStoresNothingTwice) {
  const std::string file = write("big", test::random_bytes(48U << 20U, 2));
  std::size_t before = 0;
  for (int kills = 0; kills < 3; ++kills) {
    Process upload = start({"upload", "big"});
    const std::size_t enough = before + 8;
    ASSERT_TRUE(
        kipu::test::eventually([&] { return !upload.running() || chunks().first >= enough; },
                               kipu::test::kPatience, std::chrono::milliseconds(20)));
    upload.kill(SIGKILL);
    upload.wait();
    before = chunks().first;
  }
  EXPECT_GE(before, 8U);
  const Finished last = files({"upload", "big", "--json"});
  ASSERT_EQ(last.ended.exit_code, 0) << last.errors;
  const auto [keys, entries] = chunks();
  EXPECT_EQ(keys, entries);
  ASSERT_EQ(files({"download", "big", "out"}).ended.exit_code, 0);
  EXPECT_TRUE(content_of(cluster_.file("out/big")) == content_of(file));
  // Unless the last kill came after the version.
  if (last.output.find("\"unchanged\":true") == std::string::npos) {
    const std::size_t sent = nlohmann::json::parse(last.output)["sent_chunks"];
    EXPECT_LE(sent, keys - before + 2 * Questions::kMostUnasked);
  }
}

TEST_F(FilesTest, StoresAChunkOnceThatManySendAtTheSameMoment) {
  write("big", test::random_bytes(8U << 20U, 3));
  std::vector<Process> uploads;
  for (int i = 0; i < 4; ++i)
    uploads.push_back(start({"upload", "big", "--as", fmt::format("{}", i)}));
  for (Process& upload : uploads) EXPECT_EQ(upload.wait().exit_code, 0) << upload.errors();
  const auto [keys, entries] = chunks();
  EXPECT_GT(keys, 8U);
  EXPECT_EQ(keys, entries);
}

TEST_F(FilesTest, DownloadsOneWholeVersionWhileOthersAreStored) {
  const std::string one = test::random_bytes(4U << 20U, 4);
  const std::string two = test::random_bytes(4U << 20U, 5);
  write("one", one);
  write("two", two);
  ASSERT_EQ(files({"upload", "one", "--as", "f"}).ended.exit_code, 0);
  for (int round = 0; round < 5; ++round) {
    Process upload = start({"upload", round % 2 == 0 ? "two" : "one", "--as", "f"});
    const Finished down = files({"download", "f", fmt::format("out{}", round)});
    EXPECT_EQ(down.ended.exit_code, 0) << down.errors;
    const std::string got = content_of(cluster_.file(fmt::format("out{}/f", round)));
    EXPECT_TRUE(got == one || got == two);
    EXPECT_EQ(upload.wait().exit_code, 0) << upload.errors();
  }
}

TEST_F(FilesTest, GoesOnWhileAWorkerIsKilled) {
  const std::string bytes = test::random_bytes(24U << 20U, 6);
  write("big", bytes);
  Process upload = start({"upload", "big"});
  ASSERT_TRUE(kipu::test::eventually([&] { return !upload.running() || chunks().first > 4; },
                                     kipu::test::kPatience, std::chrono::milliseconds(20)));
  ::kill(cluster_.worker(1), SIGKILL);
  EXPECT_EQ(upload.wait().exit_code, 0) << upload.errors();
  const Finished down = files({"download", "big", "out"});
  EXPECT_EQ(down.ended.exit_code, 0) << down.errors;
  EXPECT_TRUE(content_of(cluster_.file("out/big")) == bytes);
}

TEST_F(FilesTest, KeepsToItsMemoryWhateverTheSizes) {
  constexpr std::uint64_t kMostKib = 160 * 1024;
  write("random", test::random_bytes(128U << 20U, 7));
  std::ofstream(cluster_.file("sparse")).put('x');
  std::filesystem::resize_file(cluster_.file("sparse"), std::uint64_t{1} << 30U);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"upload", "random", "sparse"},
        std::vector<std::string>{"download", "random", "out"},
        std::vector<std::string>{"download", "sparse", "out"}}) {
    Process working = start(words);
    kipu::test::MemoryWatch watch({working.pid()});
    const bool ended =
        kipu::test::eventually([&] { return !working.running(); }, std::chrono::seconds(90),
                               std::chrono::milliseconds(20));
    EXPECT_TRUE(ended);
    EXPECT_EQ(working.wait().exit_code, 0) << working.errors();
    watch.expect_at_most(kMostKib, "kipu-files " + words[0]);
  }
}

}  // namespace
}  // namespace files

// An import that is killed, and repeated.
#include <algorithm>
#include <cstdio>
#include <sstream>

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/process/faults/cluster.h"
#include "tests/support/seed.h"

namespace kipu {
namespace {

using test::Cluster;
using test::Ended;
using test::eventually;
using test::Process;
using test::program;

constexpr int kLines = 30'000;
constexpr int kKeys = 700;

std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

// Every third line stands twice: records are told apart by their numbers, not by what they say.
std::string records() {
  std::string text;
  for (int line = 0; line < kLines; ++line) {
    const int number = line % 3 == 2 ? line - 1 : line;
    text += "key" + std::to_string(number % kKeys) + "\tvalue " + std::to_string(number) + "\n";
  }
  return text;
}

// How many whole lines are of key0, as the first one is.
std::size_t first_key_lines(const std::string& text) {
  std::size_t lines = 1;
  const std::string_view whole = std::string_view(text).substr(0, text.rfind('\n'));
  for (std::size_t at = 0; (at = whole.find("\nkey0\t", at)) != whole.npos; ++at) ++lines;
  return lines;
}

class ImportTest : public testing::Test {
 protected:
  std::vector<std::string> command(std::vector<std::string> words) const {
    std::vector<std::string> all{program("kipu"), "--broker", cluster_.frontend()};
    all.insert(all.end(), words.begin(), words.end());
    return all;
  }
  std::vector<std::string> import() const {
    return command({"import", "-", "--format", "tsv", "--once", "harvest"});
  }

  std::size_t count_stored() {
    std::size_t values = 0;
    for (int key = 0; key < kKeys; ++key) {
      values += test::must(client_.count("key" + std::to_string(key))).values;
    }
    return values;
  }

  Rng rng_{test::drawn_seed()};
  Cluster cluster_{{.workers = 3, .replicas = 3}};
  Client client_ = cluster_.client();
};

TEST_F(ImportTest, KilledFiveTimesAndRepeatedIsExactlyItsInput) {
  const std::string input = records();
  Process::Options whole;
  whole.input = input;
  for (int round = 0; round < 5; ++round) {
    Process importer(import(), whole);
    // Of those that are stored last of all there is little to kill.
    const std::uint64_t enough = 1 + rng_.below(first_key_lines(input) / 2);
    ASSERT_TRUE(eventually(
        [&] { return test::must(client_.count("key0")).values >= enough || !importer.running(); }));
    importer.kill(SIGKILL);
    const Ended ended = importer.wait();
    EXPECT_TRUE(ended == (Ended{-1, SIGKILL}) || ended == (Ended{0, 0})) << importer.errors();
    std::printf("a kill left %zu of %d records\n", count_stored(), kLines);
  }
  const auto repeated = test::run(import(), whole);
  EXPECT_EQ(repeated.ended, (Ended{0, 0})) << repeated.errors;
  const auto exported = test::run(command({"export", "--format", "tsv"}));
  EXPECT_EQ(exported.ended, (Ended{0, 0})) << exported.errors;
  EXPECT_TRUE(sorted_lines(exported.output) == sorted_lines(input))
      << sorted_lines(exported.output).size() << " lines came out";

  const auto once_more = test::run(import(), whole);
  EXPECT_EQ(once_more.ended, (Ended{0, 0})) << once_more.errors;
  EXPECT_EQ(test::run(command({"export", "--format", "tsv"})).output, exported.output);
}

}  // namespace
}  // namespace kipu

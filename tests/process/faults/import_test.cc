// An import that is killed, and repeated.
#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/process/faults/cluster.h"
#include "tests/support/seed.h"

namespace kipu {
namespace {

using test::Cluster;
using test::Ended;
using test::Process;
using test::program;

constexpr int kLines = 30'000;
constexpr int kKeys = 700;
constexpr std::size_t kPipeBytes = 65'536;

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

  Rng rng_{test::drawn_seed()};
  Cluster cluster_;
};

TEST_F(ImportTest, KilledFiveTimesAndRepeatedIsExactlyItsInput) {
  const std::string input = records();
  Process::Options fed_by_hand;
  fed_by_hand.keep_input_open = true;
  for (int round = 0; round < 5; ++round) {
    Process importer(import(), fed_by_hand);
    // Returns once all but what a pipe holds is taken: the importer is in the middle of it.
    const std::size_t fed = kPipeBytes + rng_.below(input.size() - kPipeBytes);
    importer.write(std::string_view(input).substr(0, fed));
    importer.kill(SIGKILL);
    EXPECT_EQ(importer.wait(), (Ended{-1, SIGKILL})) << importer.errors();
  }
  Process::Options whole;
  whole.input = input;
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

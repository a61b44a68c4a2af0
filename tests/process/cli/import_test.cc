// import and export: exact into another cluster, without effect into the same, and honest about
// bad lines.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/process/cli/command_test.h"

namespace kipu::test {
namespace {

class ImportTest : public CommandTest {
 protected:
  static std::string sorted_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    std::string out;
    for (const std::string& line : lines) out += line + "\n";
    return out;
  }
  // Keys and values with all that needs care, in buckets of both modes.
  static void fill(const std::string& worm, const std::string& wmrm) {
    output_of({"bucket", "create", worm});
    output_of({"bucket", "create", wmrm, "--mode", "wmrm"});
    std::string lines;
    for (int number = 0; number < 3000; ++number) {
      lines +=
          "key-" + std::to_string(number % 100) + "\tvalue " + std::to_string(number) + "\\t\\\\\n";
    }
    output_of({"import", "-", "--format", "tsv", "--bucket", worm}, lines);
    output_of({"append", "several", "one", "", "th\xffree", "--bucket", worm});
    output_of({"put", "kept", "old", "--bucket", wmrm});
    output_of({"put", "kept", "new", "--bucket", wmrm});
    output_of({"put", "removed", "value", "--bucket", wmrm});
    output_of({"remove", "removed", "--bucket", wmrm});
  }
};

TEST_F(ImportTest, OfAnExportIsExactElsewhereAndNothingHere) {
  fill("logs", "settings");
  const LocalCluster other(1);
  ASSERT_EQ(other.kipu({"bucket", "create", "logs"}).ended, (Ended{0, 0}));
  ASSERT_EQ(other.kipu({"bucket", "create", "settings", "--mode", "wmrm"}).ended, (Ended{0, 0}));
  for (const std::string bucket : {"logs", "settings"}) {
    const std::string exported = output_of({"export", "--bucket", bucket});
    for (int round = 0; round < 2; ++round) {
      const Finished there = other.kipu({"import", "-", "--bucket", bucket}, exported);
      EXPECT_EQ(there.ended, (Ended{0, 0})) << there.errors;
      output_of({"import", "-", "--bucket", bucket}, exported);
    }
    EXPECT_EQ(sorted_lines(other.kipu({"export", "--bucket", bucket}).output),
              sorted_lines(exported));
    EXPECT_EQ(output_of({"export", "--bucket", bucket}), exported);
  }
  EXPECT_EQ(other.kipu({"get", "kept", "--bucket", "settings"}).output, "new\n");
  EXPECT_EQ(other.kipu({"get", "removed", "--bucket", "settings"}).ended, (Ended{6, 0}));
}

TEST_F(ImportTest, AsTsvKeepsEveryByteAndTheOrderOfAKey) {
  output_of({"bucket", "create", "tsv"});
  const std::string lines = "a\\tb\tx\\ny\na\\tb\t\\\\\na\\tb\t\nk\tplain\n";
  output_of({"import", "-", "--format", "tsv", "--bucket", "tsv"}, lines);
  EXPECT_EQ(output_of({"get", "a\tb", "--bucket", "tsv"}), "x\ny\n\\\n\n");
  EXPECT_EQ(sorted_lines(output_of({"export", "--format", "tsv", "--bucket", "tsv"})),
            sorted_lines(lines));
}

TEST_F(ImportTest, StopsAtABadLineAndNamesIt) {
  output_of({"bucket", "create", "bad"});
  const std::string lines =
      "{\"key\":\"good\",\"value\":\"1\"}\n"
      "{\"key\":\"good\",\"value\":\"2\"}\n"
      "{\"key\":\"good\",\n"
      "{\"key\":\"good\",\"value\":\"4\"}\n";
  expect_error({"import", "-", "--bucket", "bad"}, 1, "line 3", lines);
  EXPECT_EQ(output_of({"get", "good", "--bucket", "bad"}), "1\n2\n");
}

TEST_F(ImportTest, PassesOverBadLinesWhereItIsTold) {
  output_of({"bucket", "create", "skip"});
  const std::string lines =
      "good\t1\n"
      "no tab in this line\n"
      "\tempty key\n"
      "large\t" +
      std::string(11'000, 'x') +
      "\n"
      "bad\\qescape\tvalue\n"
      "good\t2\n";
  const std::string summary = output_of(
      {"import", "-", "--format", "tsv", "--skip-bad", "-o", "json", "--bucket", "skip"}, lines);
  EXPECT_EQ(summary.find("{\"acknowledged\":2,\"lines\":6,\"skipped\":4,"), 0U) << summary;
  EXPECT_EQ(output_of({"get", "good", "--bucket", "skip"}), "1\n2\n");
  EXPECT_EQ(output_of({"keys", "--bucket", "skip"}), "good\n");
}

TEST_F(ImportTest, ChecksTheDigestOfWhatWasExported) {
  output_of({"bucket", "create", "digest"});
  output_of({"append", "key", "value", "--bucket", "digest"});
  std::string altered = output_of({"export", "--bucket", "digest"});
  altered.replace(altered.find("\"value\":\"value\""), 15, "\"value\":\"other\"");
  expect_error({"import", "-", "--bucket", "digest"}, 1, "line 1", altered);
  EXPECT_EQ(output_of({"get", "key", "--bucket", "digest"}), "value\n");
}

TEST_F(ImportTest, OnceStoresNothingTwice) {
  output_of({"bucket", "create", "once"});
  std::string lines;
  for (int number = 0; number < 500; ++number) lines += "key\t" + std::to_string(number) + "\n";
  for (int round = 0; round < 3; ++round) {
    output_of(
        {"import", "-", "--format", "tsv", "--once", "words", "--jobs", "2", "--bucket", "once"},
        lines);
  }
  EXPECT_EQ(output_of({"count", "key", "--bucket", "once"}), "500\n");
  output_of({"import", "-", "--format", "tsv", "--once", "more", "--bucket", "once"}, lines);
  EXPECT_EQ(output_of({"count", "key", "--bucket", "once"}), "1000\n");
}

TEST_F(ImportTest, OfAStampFromTheFutureIsRefused) {
  const std::string line =
      "{\"key\":\"future\",\"value\":\"x\",\"stamp\":\"f0000000000000000000000000000001\"}\n";
  const Finished refused = kipu({"import", "-", "--timeout", "1s"}, line);
  expect_refusal(refused, 1, "line 1");
  EXPECT_NE(refused.errors.find("ahead"), std::string::npos) << refused.errors;
  EXPECT_EQ(kipu({"exists", "future"}).ended, (Ended{6, 0}));
  output_of({"append", "future", "now"});
}

TEST_F(ImportTest, OfAnythingElseIsRefusedInOneLine) {
  std::string bytes;
  for (int number = 0; number < 5000; ++number) bytes.push_back(static_cast<char>(number * 31));
  expect_error({"import", "-"}, 1, "line 1", bytes);
  expect_error({"import", "-"}, 1, "line 1", std::string(5'000'000, 'x'));
  expect_error({"import", "-"}, 1, "line 1", std::string(100'000, '['));
  expect_error({"import", "/"}, 2, "is a directory");
  EXPECT_EQ(kipu({"import", "-", "--quiet"}).output, "");
}

}  // namespace
}  // namespace kipu::test

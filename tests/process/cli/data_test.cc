// Keys and values of every kind, through the command line and back.
#include <algorithm>
#include <fstream>

#include "base/limits.h"
#include "kipu/client.h"
#include "tests/process/cli/command_test.h"

namespace kipu::test {
namespace {

using namespace std::string_literals;

class DataTest : public CommandTest {
 protected:
  static std::string file_of(const std::string& name, const std::string& bytes) {
    const auto path = cluster->file(name);
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }
  static Client connect() {
    ClientOptions options;
    options.brokers = {cluster->frontend()};
    auto client = Client::connect(options);
    EXPECT_TRUE(client) << client.error().message;
    return std::move(*client);
  }
};

TEST_F(DataTest, TakesAnyWordAsKeyAndValue) {
  const std::vector<std::string> words{
      "[1,2]",    "[]",       "--",   "-x",   "-",          "--bucket", "{}",
      "{a}b",     "a b",      "'",    "\"",   "\\n",        "*",        "$HOME",
      "\xff\xfe", "\x01\x7f", "knöt", "a\tb", "line\nline", "=",        "--key=value"};
  for (const std::string& word : words) {
    output_of({"append", "--", word, word});
    EXPECT_EQ(output_of({"get", "--", word}), word + "\n");
    EXPECT_EQ(output_of({"count", "--", word}), "1\n");
    EXPECT_EQ(kipu({"exists", "--", word}).ended, (Ended{0, 0}));
  }
  // What does not begin with a dash needs no `--`.
  output_of({"append", "[1,2]", "[]"});
  EXPECT_EQ(output_of({"get", "[1,2]"}), "[1,2]\n[]\n");
}

TEST_F(DataTest, TakesValuesOfNoBytes) {
  output_of({"append", "empty", "", "one", ""});
  EXPECT_EQ(output_of({"get", "empty"}), "\none\n\n");
  output_of({"append", "empty-file", "--file", file_of("nothing", "")});
  EXPECT_EQ(output_of({"get", "empty-file", "-o", "jsonl"}).substr(0, 11), "{\"value\":\"\"");
  EXPECT_EQ(output_of({"count", "empty"}), "3\n");
}

TEST_F(DataTest, TakesTheLargestPairAndNoLarger) {
  const std::string key = "large";
  const std::string largest(limits::kDefaultMaxPairBytes - key.size(), 'x');
  output_of({"append", key, "--file", file_of("largest", largest)});
  expect_error({"append", key, "--file", file_of("larger", largest + "x")}, 1, "");
  EXPECT_EQ(output_of({"get", key}), largest + "\n");
}

TEST_F(DataTest, TakesTheLargestPairThatABucketCanHave) {
  output_of({"bucket", "create", "photos", "--max-pair", "1MiB"});
  std::string largest(limits::kLargestMaxPairBytes - 1, 'x');
  for (std::size_t at = 0; at < largest.size(); ++at) largest[at] = static_cast<char>(at * 7);
  const std::string path = file_of("photo", largest);
  for (int count = 0; count < 3; ++count) {
    output_of({"append", "p", "--file", path, "--bucket", "photos"});
  }
  const auto terminated = largest + '\0';
  EXPECT_EQ(output_of({"get", "p", "--bucket", "photos", "-0"}),
            terminated + terminated + terminated);
  expect_error({"append", "pp", "--file", path, "--bucket", "photos"}, 1, "");
  EXPECT_EQ(output_of({"count", "pp", "--bucket", "photos"}), "0\n");
}

TEST_F(DataTest, KeepsKeysOfAnyBytesApartAndInOrder) {
  output_of({"bucket", "create", "bytes"});
  const std::vector<std::string> keys{
      "\0"s,    "\0\0"s,     "\0\1"s,  "\0\xff"s, "\1"s,       "a"s,
      "a\0"s,   "a\0\0"s,    "a\0\1"s, "a\1"s,    "ab"s,       "abc"s,
      "a\xff"s, "\xfe\xff"s, "\xff"s,  "\xff\0"s, "\xff\xff"s, std::string(1024, '\xff')};
  Client client = connect();
  AppendOptions append;
  append.bucket = "bytes";
  for (const std::string& key : keys) {
    const auto stamp = client.append(key, "of " + key, append);
    ASSERT_TRUE(stamp) << stamp.error().message;
  }
  ReadOptions read;
  read.bucket = "bytes";
  for (const std::string& key : keys) {
    std::vector<std::string> values;
    for (const auto& item : client.values(key, read)) {
      ASSERT_TRUE(item) << item.error().message;
      values.push_back(item->value);
    }
    EXPECT_EQ(values, std::vector<std::string>{"of " + key});
  }
  std::string listed;
  for (const std::string& key : keys) listed += key + '\0';
  EXPECT_EQ(output_of({"keys", "--bucket", "bytes", "-0"}), listed);
  EXPECT_EQ(output_of({"keys", "a", "--count", "--bucket", "bytes"}), "8\n");
}

TEST_F(DataTest, ShowsBytesThatAreNoTextInJson) {
  const std::string import = R"({"key_b64":"AP8=","value_b64":"/wA="})"
                             "\n";
  output_of({"bucket", "create", "binary"});
  output_of({"import", "-", "--bucket", "binary"}, import);
  EXPECT_EQ(output_of({"keys", "-o", "jsonl", "--bucket", "binary"}), "{\"key_b64\":\"AP8=\"}\n");
  EXPECT_NE(output_of({"export", "--bucket", "binary"}).find("\"value_b64\":\"/wA=\""),
            std::string::npos);
}

TEST_F(DataTest, ReadsLinesAndRecordsThatEndWithNul) {
  output_of({"append", "lines", "-"}, "one\n\nthree");
  EXPECT_EQ(output_of({"get", "lines"}), "one\n\nthree\n");
  output_of({"append", "records", "-", "-0"}, "with\nnewline\0second\0"s);
  EXPECT_EQ(output_of({"get", "records", "-0"}), "with\nnewline\0second\0"s);
  const std::string stamp = output_of({"append", "one-entry", "-", "--together"}, "a\nb\nc\n");
  EXPECT_EQ(stamp.size(), 33U);
  EXPECT_EQ(output_of({"count", "one-entry", "-o", "json"}),
            "{\"key\":\"one-entry\",\"values\":3,\"entries\":1}\n");
}

TEST_F(DataTest, HasAFormatForEveryReader) {
  output_of({"append", "formats", "apple", "pear"});
  EXPECT_EQ(output_of({"get", "formats", "-o", "raw"}), "apple\npear\n");
  EXPECT_EQ(output_of({"get", "formats", "-0"}), "apple\0pear\0"s);
  const std::string lines = output_of({"get", "formats", "-o", "jsonl"});
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  EXPECT_EQ(lines.find("{\"value\":\"apple\",\"stamp\":\""), 0U);
  const std::string document = output_of({"get", "formats", "-o", "json"});
  EXPECT_EQ(document.find("{\"values\":[{\"value\":\"apple\""), 0U);
  EXPECT_EQ(document.find('\n'), document.size() - 1);
}

TEST_F(DataTest, PagesThroughAKey) {
  std::string lines;
  for (int number = 0; number < 25; ++number) lines += std::to_string(number) + "\n";
  output_of({"append", "paged", "-"}, lines);
  std::string got;
  std::vector<std::string> more;
  for (int page = 0; page < 3; ++page) {
    std::vector<std::string> words{"get", "paged", "--limit", "10"};
    words.insert(words.end(), more.begin(), more.end());
    const Finished finished = kipu(words);
    got += finished.output;
    const std::size_t at = finished.errors.find("--cursor ");
    EXPECT_EQ(at == std::string::npos, page == 2) << finished.errors;
    if (at == std::string::npos) break;
    more = {"--cursor", finished.errors.substr(at + 9, finished.errors.find('\n', at) - at - 9)};
  }
  EXPECT_EQ(got, lines);
  EXPECT_EQ(output_of({"get", "paged", "--last", "2"}), "23\n24\n");
  EXPECT_EQ(output_of({"get", "paged", "--first", "2", "--reverse"}), "1\n0\n");
}

TEST_F(DataTest, ReplacesAndRemovesInAWmrmBucket) {
  output_of({"bucket", "create", "settings", "--mode", "wmrm"});
  output_of({"put", "theme", "light", "--bucket", "settings"});
  output_of({"put", "theme", "dark", "--bucket", "settings"});
  EXPECT_EQ(output_of({"get", "theme", "--bucket", "settings"}), "dark\n");
  output_of({"remove", "theme", "--bucket", "settings"});
  EXPECT_EQ(kipu({"get", "theme", "--bucket", "settings"}).ended, (Ended{6, 0}));
  EXPECT_EQ(output_of({"keys", "--bucket", "settings"}), "");
  const std::string history = output_of({"get", "theme", "--history", "--bucket", "settings"});
  EXPECT_EQ(std::count(history.begin(), history.end(), '\n'), 3);
  expect_error({"append", "theme", "dark", "--bucket", "settings"}, 1, "");
}

TEST_F(DataTest, PutsWhatAFileOrStandardInputHas) {
  output_of({"bucket", "create", "put", "--mode", "wmrm"});
  const auto value = [] { return output_of({"get", "key", "-0", "--bucket", "put"}); };
  output_of({"put", "key", "-", "--bucket", "put"}, "secret\n");
  EXPECT_EQ(value(), "secret\0"s);
  output_of({"put", "key", "-", "-0", "--bucket", "put"}, "two\nlines\n");
  EXPECT_EQ(value(), "two\nlines\n\0"s);
  output_of({"put", "key", "--file", file_of("binary", "\xff\n\n"), "--bucket", "put"});
  EXPECT_EQ(value(), "\xff\n\n\0"s);
  output_of({"put", "key", "--file", "/dev/stdin", "--bucket", "put"}, "a\nb\n");
  EXPECT_EQ(value(), "a\nb\n\0"s);
  expect_error({"put", "key", "-", "--bucket", "put"}, 2, "2 lines, and a key one value", "a\nb\n");
  expect_error({"put", "key", "-", "--bucket", "put"}, 2, "standard input was empty");
  expect_error({"put", "key", "--bucket", "put"}, 2, "put: no value");
  expect_error({"put", "key", "v", "--file", "/dev/null", "--bucket", "put"}, 2, "exclude");
  expect_error({"put", "key", "--file", "/no/such", "--bucket", "put"}, 2, "/no/such");
  EXPECT_EQ(value(), "a\nb\n\0"s);
  output_of({"put", "--bucket", "put", "--", "key", "-"});
  EXPECT_EQ(value(), "-\0"s);
}

// It stands alone, or after `--`: else somebody meant standard input.
TEST_F(DataTest, StoresNoDashThatMayHaveBeenMeantAsStandardInput) {
  expect_error({"append", "dash", "-", "value"}, 2, "`-` is standard input and stands alone");
  expect_error({"append", "dash", "value", "-"}, 2, "after `--`");
  output_of({"append", "dash", "--", "value", "-"});
  EXPECT_EQ(output_of({"get", "dash"}), "value\n-\n");
}

TEST_F(DataTest, AsksAgainUnderAStampAndStoresItOnce) {
  const std::string shown = output_of({"append", "asked", "value"});
  const std::string stamp = shown.substr(0, 32);
  EXPECT_EQ(output_of({"append", "asked", "value", "--stamp", stamp}), shown);
  EXPECT_EQ(output_of({"get", "asked"}), "value\n");
  expect_error({"append", "asked", "value", "--stamp", "12"}, 2, "no stamp");
  expect_error({"append", "asked", "-", "--stamp", stamp}, 2, "--together");
}

}  // namespace
}  // namespace kipu::test

// import --once and append --once: the same content again is stored once, and no other takes its
// place.
#include <csignal>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/process/cli/command_test.h"

namespace kipu::test {
namespace {

class OnceCommandTest : public CommandTest {
 protected:
  static std::string values_of(const std::string& key) { return output_of({"get", key}); }
  static std::string lines(const std::string& key, int first, int last) {
    std::string text;
    for (int number = first; number <= last; ++number) {
      text += key + "\t" + std::to_string(number) + "\n";
    }
    return text;
  }
  static Finished import(const std::string& name, const std::string& text) {
    return kipu({"import", "-", "--format", "tsv", "--once", name}, text);
  }
};

TEST_F(OnceCommandTest, StoresTheSameContentAgainOnce) {
  const std::string text = lines("same", 1, 3000);
  const Finished first = import("same", text);
  EXPECT_EQ(first.ended, (Ended{0, 0})) << first.errors;
  EXPECT_NE(first.output.find("imported 3,000 entries in"), std::string::npos) << first.output;
  const Finished again = import("same", text);
  EXPECT_EQ(again.ended, (Ended{0, 0})) << again.errors;
  EXPECT_NE(again.output.find("imported 0 entries, 3,000 there already"), std::string::npos)
      << again.output;
  EXPECT_EQ(output_of({"count", "same"}), "3000\n");
  // Another format of the same records, with other line ends, is the same content.
  std::string crlf = text;
  for (std::size_t at = 0; (at = crlf.find('\n', at)) != std::string::npos; at += 2) {
    crlf.insert(at, 1, '\r');
  }
  EXPECT_EQ(import("same", crlf).ended, (Ended{0, 0}));
  EXPECT_EQ(output_of({"count", "same"}), "3000\n");
}

TEST_F(OnceCommandTest, RefusesEditedContentAndStoresNothingOfIt) {
  EXPECT_EQ(import("edited", "edited\ta\nedited\tb\nedited\tc\n").ended, (Ended{0, 0}));
  const std::string before = values_of("edited");
  for (const auto& [text, what] : {
           std::pair{"edited\tNEW\nedited\ta\nedited\tb\nedited\tc\n", "record 1 differs"},
           std::pair{"edited\ta\nedited\tB\nedited\tc\n", "record 2 differs"},
           std::pair{"edited\ta\nedited\tb\nedited\tc\nedited\td\n", "record 4 differs"},
           std::pair{"edited\ta\nedited\tb\n", "these end after 2"},
           std::pair{"\nedited\ta\nedited\tb\nedited\tc\n", "record 2 differs"},
       }) {
    expect_refusal(import("edited", text), 1, what);
    EXPECT_EQ(values_of("edited"), before);
  }
  expect_error({"import", "-", "--format", "tsv", "--once", "edited", "--bucket", "nowhere"}, 1,
               "nowhere", "edited\ta\n");
}

TEST_F(OnceCommandTest, StoresNothingWhereALineIsBad) {
  expect_refusal(import("bad", "bad\t1\nno tab here\nbad\t3\n"), 1, "line 2");
  EXPECT_EQ(kipu({"exists", "bad"}).ended, (Ended{6, 0}));
  EXPECT_EQ(import("bad", "bad\t1\nbad\t2\n").ended, (Ended{0, 0}));  // nothing was decided
  EXPECT_EQ(values_of("bad"), "1\n2\n");
}

TEST_F(OnceCommandTest, GoesOnAfterAnInterruption) {
  const std::string text = lines("cut", 1, 20'000);
  const TempDirectory directory;
  const auto file = directory / "cut.tsv";
  std::ofstream(file) << text;
  for (int round = 0; round < 3; ++round) {
    Process importer({program("kipu"), "import", file.string(), "--once", "cut"},
                     cluster->options());
    EXPECT_TRUE(eventually(
        [&] { return kipu({"exists", "cut"}).ended == Ended{0, 0} || !importer.running(); }));
    importer.kill(SIGKILL);
    importer.wait();
  }
  EXPECT_EQ(output_of({"import", file.string(), "--once", "cut"}).substr(0, 8), "imported");
  EXPECT_EQ(output_of({"count", "cut"}), "20000\n");
}

TEST_F(OnceCommandTest, OfTwoFirstRunsAtOnceOneIsRefusedOrBothAgree) {
  for (int round = 0; round < 3; ++round) {
    const std::string key = "race-" + std::to_string(round);
    const bool same = round == 0;
    const std::string one = lines(key, 1, 500);
    const std::string other = same ? one : lines(key, 501, 1000);
    const auto begin = [&](const std::string& text) {
      return Process({program("kipu"), "import", "-", "--format", "tsv", "--once", key},
                     cluster->options(text));
    };
    Process first = begin(one);
    Process second = begin(other);
    int done = 0;
    for (Process* each : {&first, &second}) done += each->wait() == Ended{0, 0} ? 1 : 0;
    EXPECT_EQ(done, same ? 2 : 1) << first.errors() << second.errors();
    EXPECT_EQ(output_of({"count", key}), "500\n");
  }
}

TEST_F(OnceCommandTest, GivesAppendedLinesTheirStampsAgain) {
  const auto append = [](const std::string& input) {
    return kipu({"append", "appended", "-", "--once", "appended"}, input);
  };
  const Finished first = append("x\ny\nz\n");
  EXPECT_EQ(first.ended, (Ended{0, 0})) << first.errors;
  EXPECT_EQ(append("x\ny\nz\n").output, first.output);
  EXPECT_EQ(values_of("appended"), "x\ny\nz\n");
  expect_refusal(append("x\nY\nz\n"), 1, "record 2 differs");
  EXPECT_EQ(values_of("appended"), "x\ny\nz\n");
}

TEST_F(OnceCommandTest, GivesOneEntryItsStampAgain) {
  const std::vector<std::string> words{"append", "one", "a", "b", "--once", "one"};
  const std::string stamp = output_of(words);
  EXPECT_EQ(output_of(words), stamp);
  EXPECT_EQ(values_of("one"), "a\nb\n");
  expect_error({"append", "one", "a", "c", "--once", "one"}, 1, "record 1 differs");
  expect_error({"append", "one", "a", "--once", ""}, 2, "--once needs a name");
  expect_error({"append", "one", "a", "--once", "n", "--stamp", stamp.substr(0, 32)}, 2,
               "without --stamp");
}

TEST_F(OnceCommandTest, KeepsReservedBucketsForItself) {
  expect_error({"bucket", "create", "kipu.once", "--mode", "wmrm"}, 1, "Kipu's own");
  expect_error({"bucket", "create", "kipu.mine"}, 1, "Kipu's own");
  for (const char* command : {"append", "put"}) {
    expect_error({command, "key", "value", "--bucket", "kipu.once"}, 1, "Kipu's own");
  }
  expect_error({"remove", "key", "--bucket", "kipu.once"}, 1, "Kipu's own");
}

}  // namespace
}  // namespace kipu::test

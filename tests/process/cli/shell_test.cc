// The shell as a script, and completion scripts in shells.
#include <algorithm>

#include "tests/process/cli/command_test.h"

namespace kipu::test {
namespace {

class ShellTest : public CommandTest {
 protected:
  // What bash offers for these words, of which the last is not finished.
  static std::string offered(const std::string& words) {
    const std::string script = "source <('" + program("kipu") + "' completion bash); COMP_WORDS=(" +
                               words + "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _kipu; echo " +
                               "\"${COMPREPLY[@]}\"";
    const Finished finished = run({"bash", "-c", script}, cluster->options());
    EXPECT_EQ(finished.errors, "");
    return finished.output;
  }
};

TEST_F(ShellTest, RunsAScript) {
  output_of({"bucket", "create", "mutable", "--mode", "wmrm"});
  const Finished finished = kipu({"shell"},
                                 "# a comment\n"
                                 "append shelf 'a b' \"c\\td\"\n"
                                 "\n"
                                 "GET shelf\n"
                                 "Count shelf\n"
                                 "use bucket mutable\n"
                                 "put k v\n"
                                 "get k\n"
                                 "delete k\n"
                                 "keys\n"
                                 "USE BUCKET default\n"
                                 "KEYS shelf\n"
                                 "ping\n"
                                 "exit\n"
                                 "append shelf never\n");
  EXPECT_EQ(finished.ended, (Ended{0, 0})) << finished.errors;
  EXPECT_NE(finished.output.find("\na b\nc\td\n2\n"), std::string::npos) << finished.output;
  EXPECT_NE(finished.output.find("\nv\n"), std::string::npos) << finished.output;
  EXPECT_NE(finished.output.find("\nshelf\n"), std::string::npos) << finished.output;
  EXPECT_EQ(output_of({"count", "shelf"}), "2\n");
}

TEST_F(ShellTest, GoesOnAfterErrorsAndExitsAsTheFirst) {
  const Finished finished = kipu({"shell"},
                                 "put fruit apple\n"
                                 "nonsense\n"
                                 "append 'open\n"
                                 "get\n"
                                 "use bucket nowhere\n"
                                 "append survivor yes\n");
  EXPECT_EQ(finished.ended, (Ended{1, 0}));
  EXPECT_NE(finished.errors.find("APPEND adds"), std::string::npos) << finished.errors;
  EXPECT_NE(finished.errors.find("--mode wmrm"), std::string::npos) << finished.errors;
  EXPECT_EQ(std::count(finished.errors.begin(), finished.errors.end(), '\n'), 5) << finished.errors;
  EXPECT_EQ(output_of({"get", "survivor"}), "yes\n");
}

TEST_F(ShellTest, TakesAnyBytesForAScript) {
  std::string bytes;
  for (int number = 0; number < 20'000; ++number) bytes.push_back(static_cast<char>(number * 131));
  const Finished finished = kipu({"shell"}, bytes + "\nappend after rubbish\n");
  EXPECT_EQ(finished.ended.signal, 0);
  EXPECT_EQ(output_of({"get", "after"}), "rubbish\n");
}

TEST_F(ShellTest, CompletesInBash) {
  EXPECT_EQ(offered("kipu ap"), "append\n");
  EXPECT_EQ(offered("kipu bucket cr"), "create\n");
  EXPECT_EQ(offered("kipu get --las"), "--last\n");
  EXPECT_EQ(offered("kipu get key -o js"), "jsonl json\n");
}

TEST_F(ShellTest, HasCompletionScriptsThatParse) {
  EXPECT_EQ(run({"bash", "-n"}, cluster->options(output_of({"completion", "bash"}))).errors, "");
  for (const std::string shell : {"zsh", "fish"}) {
    const std::string script = output_of({"completion", shell});
    EXPECT_NE(script.find("append"), std::string::npos);
    const Finished parsed = run({shell, "-n"}, cluster->options(script));
    const bool is_installed = parsed.ended.exit_code != 127;
    if (is_installed) {
      EXPECT_EQ(parsed.errors, "") << shell;
    }
  }
}

}  // namespace
}  // namespace kipu::test

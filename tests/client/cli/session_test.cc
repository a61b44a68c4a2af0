// The commands that messages name, as they are to be typed.
#include "client/cli/session.h"

#include <sstream>

#include <gtest/gtest.h>

namespace kipu::cli {
namespace {

std::string over(const std::vector<std::pair<std::string, std::string>>& options,
                 std::string_view text) {
  Arguments arguments;
  for (const auto& [name, value] : options) arguments.add_option(name, value);
  std::ostringstream stream;
  Output out(stream, Style{});
  const Context context{commands().front(), std::move(arguments), Settings{}, out};
  return over_same_cluster(context, text);
}

TEST(SameClusterTest, StaysWithTheClusterThatWasNamed) {
  EXPECT_EQ(over({{"broker", "tcp://a:1"}}, "see `kipu status`; `kipu backup d --adopt` goes on"),
            "see `kipu status --broker tcp://a:1`; `kipu backup d --adopt --broker tcp://a:1` goes "
            "on");
  EXPECT_EQ(over({{"broker", "tcp://a:1"}, {"broker", "tcp://b:1"}}, "`kipu restore d`"),
            "`kipu restore d --broker tcp://a:1 --broker tcp://b:1`");
  EXPECT_EQ(over({{"embedded", "a store"}}, "`kipu restore d`"),
            "`kipu restore d --embedded 'a store'`");
}

TEST(SameClusterTest, LeavesEverythingElseAsItIs) {
  const std::string text =
      "`kipu up` `kipu up --detach` `kipu down` `kipu help get` `kipu completion bash` `ls` kipu "
      "status `kipu worker replace w1 --data d` `kipu status --broker tcp://b:1` `kipu --embedded "
      "d "
      "append k v` `kipu-worker show` `kipu get --help` and an open `kipu status";
  EXPECT_EQ(over({{"broker", "tcp://a:1"}}, text), text);
  EXPECT_EQ(over({{"bucket", "b"}}, "`kipu status`"), "`kipu status`");
}

}  // namespace
}  // namespace kipu::cli

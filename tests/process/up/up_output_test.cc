// `kipu up` where nobody takes its report, or where it is started without standard streams or with
// too few descriptors.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/local_cluster.h"

namespace kipu::test {
namespace {

class UpOutputTest : public testing::Test {
 protected:
  ~UpOutputTest() override { kipu("", {"down", "--data", data_}); }

  Finished kipu(const std::string& redirection, std::vector<std::string> words,
                const std::string& before = {}) const {
    const std::string script = before + R"(exec "$0" "$@" )" + redirection;
    words.insert(words.begin(), {"sh", "-c", script, program("kipu")});
    Process::Options options;
    options.environment = empty_home(home_.path());
    return run(std::move(words), options);
  }
  std::vector<std::string> up(std::vector<std::string> more) const {
    more.insert(more.begin(), {"up", "--port", "0", "--workers", "1", "--data", data_});
    return more;
  }
  std::string endpoint() const {
    std::string text;
    std::getline(std::ifstream(std::filesystem::path(data_) / "endpoint"), text);
    return text;
  }

  const TempDirectory home_;
  const std::string data_ = (home_ / "data").string();
};

TEST_F(UpOutputTest, StopsWhereItsReportIsNotTaken) {
  const Finished finished = kipu(">/dev/full", up({}));
  EXPECT_EQ(finished.ended, (Ended{5, 0}));
  EXPECT_NE(finished.errors.find("standard output took no more"), std::string::npos)
      << finished.errors;
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(data_) / "endpoint"));
}

TEST_F(UpOutputTest, SaysWhatWasNotTakenOfADetachedOnesReport) {
  const Finished finished = kipu(">/dev/full", up({"--detach"}));
  EXPECT_EQ(finished.ended, (Ended{5, 0}));
  EXPECT_NE(finished.errors.find("standard output took no more"), std::string::npos)
      << finished.errors;
  EXPECT_EQ(kipu("", {"--broker", endpoint(), "ping"}).ended, (Ended{0, 0}));
}

TEST_F(UpOutputTest, ServesWithoutStandardStreams) {
  EXPECT_EQ(kipu("<&- >&- 2>&-", up({"--detach"})).ended, (Ended{0, 0}));
  EXPECT_EQ(kipu("", {"--broker", endpoint(), "append", "fruit", "apple"}).ended, (Ended{0, 0}));
  EXPECT_EQ(kipu("", {"--broker", endpoint(), "get", "fruit"}).output, "apple\n");
}

TEST_F(UpOutputTest, RefusesToStartWithTooFewDescriptors) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need file descriptors for their own checks";
  for (const int limit : {8, 16, 24, 32, 40, 48, 56, 64}) {
    const Finished finished = kipu("", up({}), "ulimit -n " + std::to_string(limit) + "; ");
    EXPECT_EQ(finished.ended, (Ended{5, 0})) << limit;
    EXPECT_NE(finished.errors.find("ulimit -Hn"), std::string::npos) << finished.errors;
    EXPECT_FALSE(std::filesystem::exists(data_));
  }
  EXPECT_EQ(kipu("", up({"--detach"}), "ulimit -n 80; ").ended, (Ended{0, 0}));
}

}  // namespace
}  // namespace kipu::test

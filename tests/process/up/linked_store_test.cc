// A link lies where a worker's store should: what it leads to is moved only if it is that worker's,
// and what is named instead works as it is printed.
#include <algorithm>
#include <vector>

#include "tests/process/up/recovery.h"

namespace kipu::test {
namespace {

class LinkedStoreTest : public RecoveryTest {
 protected:
  void SetUp() override {
    make_cluster();
    worker_ = worker_in("worker-1");
  }
  void link(const fs::path& to) const {
    fs::remove_all(in("worker-1"));
    fs::create_directory_symlink(to, in("worker-1"));
  }
  Finished replace() const { return kipu({"worker", "replace", worker_, "--data", data()}); }

  // Every name below, so that nothing can have been moved, or made.
  static std::vector<std::string> names_below(const fs::path& path) {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      const std::string name = entry.path().string();
      if (name.find("/data/") == std::string::npos) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  // What `kipu up` names is what mends it, and so is what the refusal names.
  void expect_refused_link(const std::string& what) {
    const auto before = names_below(home_.path());
    const Finished started = up();
    expect_done(started);
    EXPECT_NE(started.output.find(what), std::string::npos) << started.output;
    const std::string named = command_in(started.output, "worker replace");
    EXPECT_EQ(named, "rm " + in("worker-1").string() + " && kipu worker replace " + worker_ +
                         " --data " + data())
        << started.output;
    expect_data();
    for (int running = 1; running >= 0; --running) {
      const Finished refused = replace();
      expect_refused(refused, 1, what);
      EXPECT_EQ(command_in(refused.errors, "worker replace"), named) << refused.errors;
      EXPECT_TRUE(fs::is_symlink(in("worker-1")));
      if (running == 1) expect_done(down());
    }
    EXPECT_EQ(names_below(home_.path()), before);
    expect_done(type(named));
    EXPECT_TRUE(fs::exists(in("worker-1/store")));
    EXPECT_FALSE(fs::is_symlink(in("worker-1")));
    EXPECT_EQ(names_below(home_.path()), before);
    expect_done(up());
    EXPECT_TRUE(becomes_healthy());
    expect_data();
  }

  std::string worker_;
};

TEST_F(LinkedStoreTest, IsNotReplacedInTheFolderOfAnotherWorker) {
  link("worker-2");
  expect_refused_link("in the cluster's own directory");
}

TEST_F(LinkedStoreTest, IsNotReplacedAmongSomeonesFiles) {
  fs::create_directories(home_ / "precious");
  std::ofstream(home_ / "precious" / "file") << "x";
  link("../precious");
  expect_refused_link("which holds file");
}

TEST_F(LinkedStoreTest, IsNotReplacedInAnotherCluster) {
  const auto other = home_ / "other";
  expect_done(kipu({"up", "--detach", "--port", "0", "--data", other.string(), "--workers", "1"}));
  expect_done(kipu({"down", "--data", other.string()}));
  link("../other/worker-1");
  expect_refused_link("in the directory of another cluster");
}

TEST_F(LinkedStoreTest, IsNotReplacedInThePlaceOfAStoreOfAnother) {
  expect_done(run({program("kipu-worker"), "init", "--data", (home_ / "disk").string()}));
  link(home_ / "disk");
  expect_refused_link("which holds the store");
}

TEST_F(LinkedStoreTest, IsNotReplacedInThePlaceOfTheCluster) {
  link(".");
  expect_refused_link("the cluster's own directory");
}

TEST_F(LinkedStoreTest, IsNotReplacedAroundTheCluster) {
  link("..");
  expect_refused_link("in which the cluster's own directory lies");
}

TEST_F(LinkedStoreTest, IsMadeWhereALinkLeadsToNothing) {
  fs::create_directories(home_ / "disk");
  for (const fs::path& to : {home_ / "disk" / "w1", fs::path("../disk/relative")}) {
    link(to);
    const Finished started = up();
    expect_done(started);
    const fs::path place = home_ / "disk" / to.filename();
    EXPECT_NE(started.output.find("is a link to " + place.string() + ", which is not there"),
              std::string::npos)
        << started.output;
    expect_done(type(command_in(started.output, "worker replace")));
    EXPECT_TRUE(fs::is_symlink(in("worker-1")));
    EXPECT_TRUE(fs::exists(place / "store"));
    EXPECT_TRUE(becomes_healthy());
    expect_data();
    expect_done(down());
  }
}

TEST_F(LinkedStoreTest, IsNotMadeWhereTheDiskItselfIsMissing) {
  link(home_ / "disk" / "w1");
  expect_refused(replace(), 5, (home_ / "disk").string() + " is not there");
  EXPECT_FALSE(fs::exists(home_ / "disk"));
}

TEST_F(LinkedStoreTest, ComesBackOverALinkThatLeadsToNothing) {
  fs::rename(in("worker-1"), in("old-1"));
  link(home_ / "disk" / "w1");
  const Finished started = up();
  expect_done(started);
  expect_done(down());
  expect_done(type(command_in(started.errors, "mv -T")));
  expect_done(up());
  EXPECT_TRUE(becomes_healthy());
}

// Before birth, too.
TEST_F(RecoveryTest, BeginsWhereALinkLeadsToNothingYet) {
  fs::create_directories(home_ / "disk");
  fs::create_directories(in(""));
  fs::create_directory_symlink(home_ / "disk" / "w1", in("worker-1"));
  make_cluster({"--workers", "1"});
  EXPECT_TRUE(fs::exists(home_ / "disk" / "w1" / "store"));
}

TEST_F(RecoveryTest, DoesNotBeginWithTwoLinksToOnePlace) {
  fs::create_directories(home_ / "disk");
  fs::create_directories(in(""));
  for (const char* name : {"worker-1", "worker-2"}) {
    fs::create_directory_symlink(home_ / "disk", in(name));
  }
  const Finished refused = up({"--workers", "2"});
  EXPECT_NE(refused.ended, (Ended{0, 0}));
  EXPECT_NE(refused.errors.find("leads, too"), std::string::npos) << refused.errors;
  EXPECT_TRUE(fs::is_empty(home_ / "disk"));
}

}  // namespace
}  // namespace kipu::test

// One worker's store is lost, in each way that hands and disks know: the others serve, `kipu up`
// says what is lost, and what it names brings it back.
#include <functional>

#include "tests/process/up/recovery.h"

namespace kipu::test {
namespace {

// One of three is lost, in a way of its own; the others serve, and what is named brings it back.
class LostStoreTest : public RecoveryTest {
 protected:
  void expect_recovery(const std::function<void()>& lose) {
    make_cluster();
    const std::string worker = worker_in("worker-2");
    lose();
    const Finished started = up();
    expect_done(started);
    EXPECT_NE(started.output.find("worker-2     does not serve"), std::string::npos)
        << started.output;
    EXPECT_NE(started.output.find(in("logs/worker-2.log").string()), std::string::npos)
        << started.output;
    expect_data();
    const std::string remedy = command_in(started.output, "worker replace");
    EXPECT_EQ(remedy, "kipu worker replace " + worker + " --data " + data()) << started.output;
    const std::string log = text_of(in("logs/up.log"));
    EXPECT_EQ(command_in(log, "worker replace"), remedy) << log;
    expect_done(type(remedy));
    EXPECT_TRUE(becomes_healthy()) << kipu({"status"}).output;
    // A worker that has just said hello has not said yet how much it lacks.
    EXPECT_TRUE(
        eventually([&] { return kipu({"get", "fruit", "--from", worker}).output == "apple\n"; }));
    expect_refused(type(remedy), 1, "is alive");
  }
  std::size_t kept() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(in(""))) {
      if (entry.path().filename().string().starts_with("worker-2.lost")) ++count;
    }
    return count;
  }
};

TEST_F(LostStoreTest, IsReplacedWhereItsFolderIsGone) {
  expect_recovery([&] { fs::remove_all(in("worker-2")); });
  EXPECT_EQ(kept(), 0U);
}

TEST_F(LostStoreTest, IsReplacedWhereItsFolderIsEmpty) {
  expect_recovery([&] {
    fs::remove_all(in("worker-2"));
    fs::create_directory(in("worker-2"));
  });
}

TEST_F(LostStoreTest, IsReplacedWhereItsDatabaseIsDamaged) {
  expect_recovery([&] {
    for (const auto& file : fs::directory_iterator(in("worker-2/db"))) {
      if (file.path().filename().string().starts_with("MANIFEST")) {
        std::ofstream(file.path()) << "rubbish that no database begins with";
      }
    }
  });
  EXPECT_EQ(kept(), 1U);
  EXPECT_TRUE(fs::exists(in("worker-2.lost/db")));
}

TEST_F(LostStoreTest, IsReplacedWhereCurrentIsGone) {
  expect_recovery([&] { fs::remove(in("worker-2/db/CURRENT")); });
  EXPECT_EQ(kept(), 1U);
}

TEST_F(LostStoreTest, IsReplacedWhereItsStoreFileIsDamaged) {
  expect_recovery([&] { std::ofstream(in("worker-2/store")) << "rubbish"; });
  EXPECT_EQ(kept(), 1U);
}

TEST_F(LostStoreTest, IsReplacedWhereAnotherStoreWasMadeInItsPlace) {
  expect_recovery([&] {
    fs::remove_all(in("worker-2"));
    expect_done(run({program("kipu-worker"), "init", "--data", in("worker-2").string()}));
  });
  EXPECT_EQ(kept(), 1U);
}

TEST_F(LostStoreTest, IsReplacedWhereNothingButTheStoresSaysWhichItWas) {
  expect_recovery([&] {
    fs::remove_all(in("worker-2"));
    fs::remove(in("stores"));
    fs::remove(in("cluster"));
  });
}

TEST_F(LostStoreTest, IsReplacedThroughALinkToAnotherDisk) {
  make_cluster();
  fs::rename(in("worker-2"), home_ / "disk");
  fs::create_directory_symlink(home_ / "disk", in("worker-2"));
  expect_done(up());
  expect_data();
  EXPECT_TRUE(becomes_healthy());
  expect_done(down());
  fs::remove(home_ / "disk" / "store");
  const Finished started = up();
  expect_done(type(command_in(started.output, "worker replace")));
  EXPECT_TRUE(fs::is_symlink(in("worker-2")));
  EXPECT_TRUE(fs::exists(home_ / "disk" / "store"));
  EXPECT_TRUE(fs::exists(home_ / "disk.lost" / "db"));
  EXPECT_TRUE(becomes_healthy());
}

// What `worker replace` kept is not offered as the store that is missing.
TEST_F(LostStoreTest, IsNotFoundInWhatWasReplacedBefore) {
  make_cluster();
  fs::remove(in("worker-2/db/CURRENT"));
  expect_done(kipu({"worker", "replace", "worker-2", "--data", data()}));
  expect_done(up());
  EXPECT_TRUE(becomes_healthy());
  expect_done(down());
  fs::remove_all(in("worker-2"));
  const Finished started = up();
  EXPECT_EQ(started.errors.find("mv -T"), std::string::npos) << started.errors;
  EXPECT_NE(command_in(started.output, "worker replace"), "") << started.output;
}

TEST_F(LostStoreTest, IsReplacedWhileNothingRuns) {
  make_cluster();
  fs::remove_all(in("worker-3"));
  const Finished replaced = kipu({"worker", "replace", "worker-3", "--data", data()});
  expect_done(replaced);
  EXPECT_NE(replaced.output.find("the next `kipu up` starts it"), std::string::npos);
  expect_done(up());
  EXPECT_TRUE(becomes_healthy());
  expect_data();
}

TEST_F(LostStoreTest, IsReplacedWhereItIsLostWhileTheClusterRuns) {
  make_cluster();
  expect_done(up());
  EXPECT_TRUE(becomes_healthy());
  const std::string worker = worker_in("worker-2");
  fs::remove_all(in("worker-2"));  // which ends the worker
  const fs::path report = in("processes");
  EXPECT_TRUE(eventually([&] {
    return !command_in(text_of(in("logs/up.log")), "worker replace " + worker).empty();
  })) << text_of(report);
  // The report follows the log.
  EXPECT_TRUE(eventually([&] {
    return text_of(report).find("\"remedy\":\"kipu worker replace " + worker) != std::string::npos;
  })) << text_of(report);
  expect_done(type(command_in(text_of(in("logs/up.log")), "worker replace")));
  EXPECT_TRUE(becomes_healthy());
  expect_data();
}

}  // namespace
}  // namespace kipu::test

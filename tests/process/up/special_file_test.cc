// Named pipes in place of the files of a cluster: nothing ever waits for whoever is at their other
// end.
#include <sys/stat.h>

#include "tests/process/up/recovery.h"

namespace kipu::test {
namespace {

class SpecialFileTest : public RecoveryTest {
 protected:
  void put_pipe(const std::string& name) const {
    fs::remove(in(name));
    ASSERT_EQ(::mkfifo(in(name).c_str(), 0600), 0) << name;
  }
};

TEST_F(SpecialFileTest, IsTakenForDamageWhereTheStoresKnowBetter) {
  make_cluster();
  for (const char* name : {"cluster", "stores", "endpoint", "processes", "pids/worker-1",
                           "pids/broker", "broker/cluster.toml"}) {
    put_pipe(name);
    expect_done(up());
    expect_data();
    expect_done(down());
  }
  EXPECT_TRUE(fs::is_fifo(in("cluster.damaged")));
  EXPECT_TRUE(fs::is_fifo(in("broker/cluster.toml.damaged")));
}

TEST_F(SpecialFileTest, IsNamedWhereItIsInTheWay) {
  make_cluster();
  for (const char* name : {"lock", "logs/up.log", "logs/broker.log", "logs/worker-1.log"}) {
    put_pipe(name);
    for (const Finished& refused : {up(), down()}) {
      EXPECT_NE(refused.ended, (Ended{0, 0}));
      EXPECT_NE(refused.errors.find(in(name).string() + " is a named pipe"), std::string::npos)
          << refused.errors;
      EXPECT_NE(command_in(refused.errors, "mv " + in(name).string()), "") << refused.errors;
    }
    const Finished refused = up();
    expect_done(type(command_in(refused.errors, "mv " + in(name).string())));
    expect_done(up());
    expect_data();
    expect_done(down());
  }
}

TEST_F(SpecialFileTest, KeepsOneWorkerOfThreeFromServing) {
  make_cluster();
  const std::string worker = worker_in("worker-1");
  for (const char* name :
       {"worker-1/store", "worker-1/db/CURRENT", "worker-1/db/FILES", "worker-1/db/000099.ldb"}) {
    put_pipe(name);
    const Finished started = up();
    expect_done(started);
    EXPECT_NE(started.output.find(in(name).string() + " is a named pipe"), std::string::npos)
        << started.output;
    expect_data();
    const std::string remedy = command_in(started.output, "worker replace");
    EXPECT_EQ(remedy, "kipu worker replace " + worker + " --data " + data()) << started.output;
    expect_done(type(remedy));
    EXPECT_TRUE(becomes_healthy());
    expect_done(down());
  }
}

TEST_F(SpecialFileTest, IsNamedWhereAFileIsReplaced) {
  make_cluster();
  put_pipe("stores.new");
  put_pipe("worker-1/store.new");
  const Finished started = up();
  expect_done(started);
  EXPECT_NE(started.output.find("store.new is a named pipe"), std::string::npos) << started.output;
  expect_data();
}

}  // namespace
}  // namespace kipu::test

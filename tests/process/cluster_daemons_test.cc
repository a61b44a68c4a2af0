// A broker and two workers as programs.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <signal.h>

#include "bus/zmq_bus.h"
#include "tests/support/daemons.h"
#include "tests/support/raw_client.h"

namespace kipu {
namespace {

using test::Ended;
using test::Finished;
using test::Process;
using test::program;
using test::RawClient;
using test::run;

class BrokerDaemonTest : public testing::Test {
 protected:
  Finished init(std::vector<std::string> more = {}) {
    std::vector<std::string> command{
        program("kipu-broker"), "init", "--data", data_, "--workers", "2"};
    command.insert(command.end(), more.begin(), more.end());
    return run(command);
  }
  std::vector<std::string> command(std::vector<std::string> more = {}) const {
    std::vector<std::string> all{
        program("kipu-broker"), "--data", data_, "--frontend", "tcp://127.0.0.1:0", "--backend",
        "tcp://127.0.0.1:0"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static void expect_refused(const Finished& finished, const std::string& what, int code = 1) {
    EXPECT_EQ(finished.ended, (Ended{code, 0}));
    EXPECT_NE(finished.errors.find(what), std::string::npos) << finished.errors;
  }

  test::TempDirectory directory_;
  const std::string data_ = (directory_ / "broker").string();
};

TEST_F(BrokerDaemonTest, NamesItsPortsAndStopsWhenTold) {
  EXPECT_EQ(init().ended, (Ended{0, 0}));
  Process broker(command());
  const auto ready = broker.wait_for_line("kipu-broker ready");
  ASSERT_TRUE(ready) << broker.errors();
  EXPECT_TRUE(test::field_of(*ready, "frontend").starts_with("tcp://127.0.0.1:"));
  EXPECT_NE(test::field_of(*ready, "frontend"), test::field_of(*ready, "backend"));
  EXPECT_FALSE(test::field_of(*ready, "backend").ends_with(":0"));
  broker.kill(SIGTERM);
  EXPECT_EQ(broker.wait(), (Ended{0, 0})) << broker.errors();
}

TEST_F(BrokerDaemonTest, MakesADirectoryNamedWithoutAPath) {
  const std::string here = directory_.path().string();
  const Finished made = run({"/bin/sh", "-c", R"(cd "$1" && exec "$0" init --data b --workers 1)",
                             program("kipu-broker"), here});
  EXPECT_EQ(made.ended, (Ended{0, 0})) << made.errors;
  EXPECT_TRUE(made.output.starts_with("cluster ")) << made.output;
}

TEST_F(BrokerDaemonTest, NamesTheRemedyWhereThereIsNoCluster) {
  expect_refused(run(command()), "kipu-broker init --data " + data_);
}

TEST_F(BrokerDaemonTest, RefusesToInitialiseTwice) {
  init();
  expect_refused(init(), data_ + " is a broker's directory already");
}

TEST_F(BrokerDaemonTest, RefusesADirectoryInUse) {
  init();
  Process broker(command());
  ASSERT_TRUE(broker.wait_for_line("ready"));
  expect_refused(run(command()), data_ + " is in use");
}

TEST_F(BrokerDaemonTest, RefusesAPortInUse) {
  init();
  Process broker(command());
  const auto ready = broker.wait_for_line("ready");
  ASSERT_TRUE(ready);
  const std::string taken = test::field_of(*ready, "frontend");
  const std::string other = (directory_ / "other").string();
  run({program("kipu-broker"), "init", "--data", other, "--workers", "1"});
  expect_refused(run({program("kipu-broker"), "--data", other, "--frontend", taken}), taken);
}

TEST_F(BrokerDaemonTest, RefusesMoreReplicasThanWorkers) {
  const Finished finished = init({"--replicas", "3"});  // and two workers
  EXPECT_EQ(finished.ended, (Ended{1, 0}));
  EXPECT_FALSE(std::filesystem::exists(data_));
}

TEST_F(BrokerDaemonTest, RefusesADamagedOrNewerFile) {
  init();
  const auto file = std::filesystem::path(data_) / "cluster.toml";
  ASSERT_TRUE(std::filesystem::exists(file));
  std::ofstream(file) << "format = 1\ncluster-id = \"nonsense\"\n";
  expect_refused(run(command()), file.string() + " is damaged", 5);
  std::ofstream(file) << "format = 2\n";
  expect_refused(run(command()), "newer version");
}

class WorkerEndpointsTest : public BrokerDaemonTest {
 protected:
  WorkerEndpointsTest() {
    EXPECT_EQ(run({program("kipu-worker"), "init", "--data", data_}).ended, (Ended{0, 0}));
  }
  std::vector<std::string> worker(std::vector<std::string> more) const {
    std::vector<std::string> all{program("kipu-worker"), "--data", data_};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_F(WorkerEndpointsTest, NamesWhereOtherWorkersFindIt) {
  Process plain(worker({}));
  auto ready = plain.wait_for_line("kipu-worker ready");
  ASSERT_TRUE(ready) << plain.errors();
  EXPECT_TRUE(test::field_of(*ready, "stream").starts_with("tcp://127.0.0.1:")) << *ready;
  EXPECT_NE(test::field_of(*ready, "stream"), test::field_of(*ready, "peer"));
  plain.kill(SIGTERM);
  EXPECT_EQ(plain.wait(), (Ended{0, 0})) << plain.errors();

  const auto file = directory_ / "worker.toml";
  std::ofstream(file) << "stream = \"tcp://0.0.0.0:*\"\npeer = \"tcp://0.0.0.0:*\"\n"
                         "advertise = \"db1\"\nbeacon = \"100ms\"\n";
  Process named(worker({"--config", file.string()}));
  ready = named.wait_for_line("kipu-worker ready");
  ASSERT_TRUE(ready) << named.errors();
  EXPECT_TRUE(test::field_of(*ready, "stream").starts_with("tcp://db1:")) << *ready;
  EXPECT_TRUE(test::field_of(*ready, "peer").starts_with("tcp://db1:")) << *ready;
}

TEST_F(WorkerEndpointsTest, RefusesAnEndpointThatNobodyCanConnectTo) {
  expect_refused(run(worker({"--stream", "tcp://0.0.0.0:*"})), "--advertise");
  expect_refused(run(worker({"--peer", "nonsense"})), "nonsense");
  expect_refused(run(worker({"--beacon", "often"})), "--beacon", 2);
}

class ClusterDaemonsTest : public BrokerDaemonTest {
 protected:
  void start_broker(const test::BrokerPlace& place = {}) {
    auto started = test::start_broker(data_, place);
    broker_ = std::move(started.process);
    frontend_ = started.place.frontend;
    backend_ = started.place.backend;
  }
  void start_worker(const std::string& name) {
    workers_.push_back(test::start_worker(directory_ / name, backend_));
  }
  void start_all() {
    start_broker();
    start_worker("one");
    start_worker("two");
  }
  // Random bytes over TCP; half of the time after a greeting as ZeroMQ sends it.
  static void send_rubbish(const std::string& endpoint, Rng& rng) {
    const auto port =
        static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
    std::string bytes;
    if (rng.one_in(2)) {
      bytes = std::string("\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL", 16) + std::string(48, '\0');
    }
    for (std::uint64_t left = rng.below(2000); left > 0; --left) {
      bytes.push_back(static_cast<char>(rng.below(256)));
    }
    test::send_over_tcp(port, bytes);
  }
  // Replicas that have just started are unavailable until they have met: those who ask come again.
  template <class Ask>
  static auto when_available(Ask ask) {
    auto answer = ask();
    EXPECT_TRUE(test::eventually([&] {
      if (!answer && answer.error().code == ErrorCode::unavailable) answer = ask();
      return answer || answer.error().code != ErrorCode::unavailable;
    }));
    return answer;
  }
  static Status append(RawClient& client, const schema::ClusterMap& map) {
    const Entry entry = test::entry_now("key", "value");
    return when_available([&] { return client.append(map, entry); });
  }
  static Result<Page> page_of_key(RawClient& client, const schema::ClusterMap& map) {
    return when_available([&] { return client.page(map, "key"); });
  }
  void stop_all() {
    broker_->kill(SIGTERM);
    for (const auto& worker : workers_) worker->kill(SIGTERM);
    EXPECT_EQ(broker_->wait(), (Ended{0, 0})) << broker_->errors();
    for (const auto& worker : workers_)
      EXPECT_EQ(worker->wait(), (Ended{0, 0})) << worker->errors();
    workers_.clear();
  }

  std::unique_ptr<bus::Bus> bus_ = bus::make_zmq_bus();
  std::unique_ptr<Process> broker_;
  std::vector<std::unique_ptr<Process>> workers_;
  std::string frontend_;
  std::string backend_;
};

TEST_F(ClusterDaemonsTest, AreBornServeAndStop) {
  init();
  start_all();
  RawClient client(*bus_, frontend_);
  const auto map = client.wait_for_map();
  ASSERT_TRUE(map);
  EXPECT_EQ(map->workers.size(), 2U);
  const auto status = append(client, *map);
  ASSERT_TRUE(status) << status.error().message;
  const auto page = page_of_key(client, *map);
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->entries.size(), 1U);
  EXPECT_EQ(page->entries[0].values.front(), "value");
  stop_all();
}

TEST_F(ClusterDaemonsTest, SurviveTheLossOfTheBrokersDisk) {
  const std::string id = init().output.substr(std::string("cluster ").size(), 32);
  start_all();
  {
    RawClient client(*bus_, frontend_);
    const auto map = client.wait_for_map();
    ASSERT_TRUE(map);
    ASSERT_TRUE(append(client, *map));
  }
  stop_all();
  std::filesystem::remove_all(data_);
  EXPECT_EQ(init({"--cluster-id", id}).ended, (Ended{0, 0}));
  start_all();
  RawClient client(*bus_, frontend_);
  const auto map = client.wait_for_map();
  ASSERT_TRUE(map);
  EXPECT_EQ(map->cluster.id.to_string(), id);
  const auto page = page_of_key(client, *map);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->entries.size(), 1U);
  stop_all();
}

TEST_F(ClusterDaemonsTest, GoOnAfterEachOfThemWasKilled) {
  init();
  start_all();
  RawClient client(*bus_, frontend_);
  auto map = client.wait_for_map();
  ASSERT_TRUE(map);
  ASSERT_TRUE(append(client, *map));
  broker_->kill(SIGKILL);
  for (const auto& worker : workers_) worker->kill(SIGKILL);
  broker_->wait();
  for (const auto& worker : workers_) worker->wait();
  workers_.clear();
  // At the same ports, so that the client finds it by itself.
  start_broker({frontend_, backend_});
  start_worker("one");
  start_worker("two");
  map = client.wait_for_map();
  ASSERT_TRUE(map);
  const auto page = page_of_key(client, *map);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->entries.size(), 1U);
  stop_all();
}

TEST_F(ClusterDaemonsTest, TakeNoHarmFromStrangers) {
  init();
  start_all();
  RawClient client(*bus_, frontend_);
  const auto map = client.wait_for_map();
  ASSERT_TRUE(map);
  Rng rng(1);
  const std::string said = workers_[0]->output();
  const std::string ready = said.substr(0, said.find('\n'));
  for (const std::string& endpoint :
       {frontend_, backend_, test::field_of(ready, "stream"), test::field_of(ready, "peer")}) {
    for (int at = 0; at < 20; ++at) send_rubbish(endpoint, rng);
  }
  EXPECT_TRUE(broker_->running());
  const auto status = append(client, *map);
  EXPECT_TRUE(status) << status.error().message;
  stop_all();
}

TEST_F(ClusterDaemonsTest, RefuseAWorkerOfAnotherCluster) {
  init();
  start_all();
  RawClient client(*bus_, frontend_);
  ASSERT_TRUE(client.wait_for_map());
  stop_all();
  std::filesystem::remove_all(data_);
  init();
  start_broker();
  start_worker("one");
  // No disk has failed: 5 would send its supervisor to look at one.
  EXPECT_EQ(workers_[0]->wait(), (Ended{1, 0})) << workers_[0]->errors();
}

}  // namespace
}  // namespace kipu

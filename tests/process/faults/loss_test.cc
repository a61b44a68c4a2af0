// Processes that go away or fall silent, and what those say who waited for them.
#include <chrono>
#include <functional>

#include <gtest/gtest.h>
#include <signal.h>

#include "bus/zmq_bus.h"
#include "tests/process/faults/cluster.h"
#include "tests/process/faults/ledger.h"
#include "tests/support/raw_client.h"

namespace kipu {
namespace {

using test::append_status;
using test::Cluster;
using test::Ended;
using test::eventually;
using test::Ledger;
using test::must;
using test::page_of;
using test::RawClient;

// Far beyond what a test waits for: whatever is answered before has been answered early.
constexpr Duration kNoDeadline = std::chrono::minutes(10);
constexpr const char* kNeverSuspect = "10m";

class LossTest : public testing::Test {
 protected:
  void start(const std::string& broker_heartbeat) {
    cluster_ = std::make_unique<Cluster>(
        test::ClusterOptions{.workers = 1, .broker_heartbeat = broker_heartbeat});
    client_.emplace(cluster_->client());
    raw_.emplace(*bus_, cluster_->frontend());
    map_ = raw_->wait_for_map();
    ASSERT_TRUE(map_);
  }

  std::uint64_t send_append(const Entry& entry, Duration remaining) {
    auto request = test::append_request(*map_, entry);
    request.envelope.remaining = remaining;
    return raw_->send(std::move(request));
  }
  std::uint64_t send_page(const std::string& key, Duration remaining) {
    auto request = test::page_request(*map_, key);
    request.envelope.remaining = remaining;
    return raw_->send(std::move(request));
  }
  void expect_append_error(std::uint64_t request, ErrorCode code) {
    const Status status = append_status(raw_->reply_to(request));
    ASSERT_FALSE(status);
    EXPECT_EQ(error_name(status.error().code), error_name(code)) << status.error().message;
  }
  void expect_page_error(std::uint64_t request, ErrorCode code) {
    const auto page = page_of(raw_->reply_to(request));
    ASSERT_FALSE(page);
    EXPECT_EQ(error_name(page.error().code), error_name(code)) << page.error().message;
  }
  WorkerStatus worker_status() { return must(client_->status()).workers.at(0); }
  bool wait_until_in_flight(std::uint32_t requests) {
    return eventually([&] { return worker_status().in_flight == requests; });
  }
  bool wait_until(Liveness liveness) {
    return eventually([&] { return worker_status().liveness == liveness; });
  }

  std::unique_ptr<bus::Bus> bus_ = bus::make_zmq_bus();
  std::unique_ptr<Cluster> cluster_;
  std::optional<Client> client_;
  std::optional<RawClient> raw_;
  std::optional<schema::ClusterMap> map_;
};

TEST_F(LossTest, ABrokerWhoseDiskIsLostHasTheMapAndItsBucketsFromTheWorkers) {
  Ledger ledger("values");
  Cluster cluster;
  Client client = cluster.client();
  Bucket made;
  made.name = "states";
  made.mode = BucketMode::wmrm;
  made.max_pair_bytes = 65'536;
  ASSERT_TRUE(client.create_bucket(made));
  AppendOptions in_states;
  in_states.bucket = made.name;
  ASSERT_TRUE(client.put("lamp", "on", in_states));
  ledger.append_many(client, 100);
  client.flush();
  const auto ring = must(client.ring()).placement;
  cluster.broker().kill(SIGKILL);
  cluster.broker().wait();
  cluster.lose_brokers_disk();
  cluster.start_broker();

  EXPECT_EQ(must(client.bucket(made.name)), made);
  EXPECT_EQ(must(client.buckets()).size(), 2U);
  EXPECT_EQ(must(client.ring()).placement, ring);
  EXPECT_EQ(must(client.status()).cluster.id.to_string(), cluster.id());
  EXPECT_EQ(ledger.acknowledged(), 100U);
  ledger.expect_stored_once(client);
  ASSERT_TRUE(client.put("lamp", "off", in_states));
  ReadOptions read_states;
  read_states.bucket = made.name;
  EXPECT_EQ(must(client.last("lamp", read_states)).value().value, "off");
}

TEST_F(LossTest, AWorkerWhoseLogsACleanerTookStaysOutAndTheOthersServe) {
  const test::TempDirectory stores;
  Ledger ledger("values");
  Cluster cluster({.workers = 3, .replicas = 3, .stores = stores.path()});
  Client client = cluster.client();
  ledger.append_many(client, 100);
  client.flush();
  cluster.worker(0).kill(SIGKILL);
  cluster.worker(0).wait();
  for (const auto& file : std::filesystem::directory_iterator(stores / "worker0" / "db")) {
    if (file.path().extension() == ".log") std::filesystem::remove(file.path());
  }
  EXPECT_THROW(cluster.start_worker(0), std::runtime_error);
  ledger.append_many(client, 100);
  client.flush();
  EXPECT_EQ(ledger.acknowledged(), 200U);
  ledger.expect_stored_once(client);
}

TEST_F(LossTest, RequestsInFlightAreAnsweredWhenAKilledWorkerIsBack) {
  start(kNeverSuspect);
  const Entry entry = test::entry_now("key", "value");
  cluster_->worker(0).kill(SIGSTOP);
  const auto append = send_append(entry, kNoDeadline);
  const auto page = send_page("key", kNoDeadline);
  ASSERT_TRUE(wait_until_in_flight(2));
  cluster_->worker(0).kill(SIGKILL);
  EXPECT_EQ(cluster_->worker(0).wait(), (Ended{-1, SIGKILL}));
  cluster_->supervise();
  expect_append_error(append, ErrorCode::outcome_unknown);
  expect_page_error(page, ErrorCode::unavailable);
  EXPECT_TRUE(eventually([&] { return raw_->append(*map_, entry).has_value(); }));
  EXPECT_EQ(must(raw_->page(*map_, "key")).entries.size(), 1U);
}

TEST_F(LossTest, AWorkerThatFallsSilentIsSuspectAndItsRequestsAreAnswered) {
  start("100ms");
  const Entry entry = test::entry_now("key", "value");
  cluster_->worker(0).kill(SIGSTOP);
  const auto append = send_append(entry, kNoDeadline);
  const auto page = send_page("key", kNoDeadline);
  expect_append_error(append, ErrorCode::outcome_unknown);
  expect_page_error(page, ErrorCode::unavailable);
  EXPECT_TRUE(wait_until(Liveness::suspect));
  // Nothing new goes to it.
  expect_append_error(send_append(entry, kNoDeadline), ErrorCode::unavailable);
  expect_page_error(send_page("key", kNoDeadline), ErrorCode::unavailable);
  EXPECT_EQ(worker_status().in_flight, 0U);

  cluster_->worker(0).kill(SIGCONT);
  EXPECT_TRUE(wait_until(Liveness::alive));
  ASSERT_TRUE(eventually([&] { return raw_->append(*map_, entry).has_value(); }));
  EXPECT_EQ(must(raw_->page(*map_, "key")).entries.size(), 1U);
}

// `call` has half a second, and is to end then, with an error of `code`.
void expect_in_time(ErrorCode code, const std::function<Status()>& call) {
  const auto began = std::chrono::steady_clock::now();
  const Status status = call();
  const auto took = std::chrono::steady_clock::now() - began;
  ASSERT_FALSE(status);
  EXPECT_EQ(error_name(status.error().code), error_name(code)) << status.error().message;
  EXPECT_GE(took, std::chrono::milliseconds(450));
  EXPECT_LT(took, std::chrono::seconds(3));
}

template <class T>
Status status_of(const Result<T>& result) {
  if (!result) return fail(result.error());
  return {};
}

void expect_deadlines_of_the_library(Client& client) {
  AppendOptions append;
  append.timeout = std::chrono::milliseconds(500);
  ReadOptions read;
  read.timeout = std::chrono::milliseconds(500);
  expect_in_time(ErrorCode::outcome_unknown,
                 [&] { return status_of(client.append("key", "value", append)); });
  expect_in_time(ErrorCode::deadline_exceeded,
                 [&] { return status_of(client.first("key", read)); });
}

TEST_F(LossTest, DeadlinesHoldWhereAWorkerIsPaused) {
  start(kNeverSuspect);
  constexpr Duration kHalfASecond = std::chrono::milliseconds(500);
  cluster_->worker(0).kill(SIGSTOP);
  const auto ask_append = [&] {
    const auto id = send_append(test::entry_now("key", "value"), kHalfASecond);
    return append_status(raw_->reply_to(id));
  };
  const auto ask_page = [&] {
    return status_of(page_of(raw_->reply_to(send_page("key", kHalfASecond))));
  };
  expect_in_time(ErrorCode::outcome_unknown, ask_append);
  expect_in_time(ErrorCode::deadline_exceeded, ask_page);
  expect_deadlines_of_the_library(*client_);
  cluster_->worker(0).kill(SIGCONT);
  EXPECT_TRUE(client_->append("key", "another"));
}

TEST_F(LossTest, DeadlinesHoldWhereTheBrokerIsPaused) {
  start("100ms");
  ASSERT_TRUE(client_->append("key", "value"));
  cluster_->broker().kill(SIGSTOP);
  expect_deadlines_of_the_library(*client_);
  cluster_->broker().kill(SIGCONT);
  EXPECT_TRUE(client_->append("key", "another"));
}

}  // namespace
}  // namespace kipu

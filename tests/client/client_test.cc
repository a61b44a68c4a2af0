#include "kipu/client.h"

#include <atomic>
#include <future>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/fake_cluster.h"

namespace kipu {
namespace {

using schema::MessageKind;
using test::FakeCluster;

// What an asynchronous append was called back with, for the thread that waits.
class Outcome {
 public:
  Client::AppendCallback callback() {
    return [this](Result<Stamp> result, std::optional<Stamp> stamp) {
      stamp_ = stamp;
      result_.set_value(std::move(result));
    };
  }
  Result<Stamp> wait() { return result_.get_future().get(); }
  std::optional<Stamp> stamp() const { return stamp_; }

 private:
  std::promise<Result<Stamp>> result_;
  std::optional<Stamp> stamp_;
};

TEST(ClientTest, ReadsBackWhatItAppended) {
  FakeCluster cluster;
  Client client = cluster.connect();
  const auto stamp = client.append("fruit", "apple");
  ASSERT_TRUE(stamp);
  const auto item = client.first("fruit");
  ASSERT_TRUE(item && *item);
  EXPECT_EQ((*item)->value, "apple");
  EXPECT_EQ((*item)->id.stamp, *stamp);
}

TEST(ClientTest, KeepsTheValuesOfOneAppendTogether) {
  FakeCluster cluster;
  Client client = cluster.connect();
  ASSERT_TRUE(client.append("fruit", Values{"apple", "", "pear"}));
  const auto count = client.count("fruit");
  ASSERT_TRUE(count);
  EXPECT_EQ(count->entries, 1U);
  EXPECT_EQ(count->values, 3U);
}

TEST(ClientTest, StoresAnEntryAskedAgainUnderItsStampOnce) {
  FakeCluster cluster;
  Client client = cluster.connect();
  const auto stamp = client.append("fruit", "apple");
  ASSERT_TRUE(stamp);
  AppendOptions again;
  again.stamp = *stamp;
  EXPECT_EQ(client.append("fruit", "apple", again), stamp);
  EXPECT_EQ(client.count("fruit")->values, 1U);
}

TEST(ClientTest, CallsBackEveryAppendBeforeFlushReturns) {
  FakeCluster cluster({.workers = 3, .partitions = 16});
  Client client = cluster.connect();
  std::atomic<int> called = 0;
  std::atomic<int> failed = 0;
  constexpr int kAppends = 5000;
  for (int i = 0; i < kAppends; ++i) {
    client.append_async("key " + std::to_string(i % 100), Values{std::to_string(i)}, {},
                        [&](const Result<Stamp>& result, std::optional<Stamp>) {
                          if (!result) ++failed;
                          ++called;
                        });
  }
  client.flush();
  EXPECT_EQ(called, kAppends);
  EXPECT_EQ(failed, 0);
  EXPECT_LT(cluster.seen(MessageKind::append), std::size_t{kAppends} / 10);
}

TEST(ClientTest, AsksForManyKeysAtOnce) {
  FakeCluster cluster({.workers = 3, .partitions = 16});
  Client client = cluster.connect();
  ASSERT_TRUE(client.append("key 7", "value"));
  constexpr int kKeys = 20;
  cluster.hold(MessageKind::count);
  std::vector<std::promise<Result<bool>>> answers(kKeys);
  for (int i = 0; i < kKeys; ++i) {
    client.exists_async("key " + std::to_string(i), {},
                        [&answer = answers[static_cast<std::size_t>(i)]](Result<bool> there) {
                          answer.set_value(std::move(there));
                        });
  }
  EXPECT_TRUE(cluster.wait_for(MessageKind::count, kKeys));
  cluster.release();
  for (int i = 0; i < kKeys; ++i) {
    const auto there = answers[static_cast<std::size_t>(i)].get_future().get();
    ASSERT_TRUE(there);
    EXPECT_EQ(*there, i == 7) << i;
  }
}

TEST(ClientTest, AnswersAQuestionThatItRefusesAtOnce) {
  FakeCluster cluster;
  Client client = cluster.connect();
  std::optional<Result<bool>> answer;
  const auto note = [&](Result<bool> there) { answer = std::move(there); };
  client.exists_async("", {}, note);
  ASSERT_TRUE(answer && !*answer);
  EXPECT_EQ(answer->error().code, ErrorCode::empty_key);
  CallOptions nowhere;
  nowhere.bucket = "nowhere";
  client.exists_async("key", nowhere, note);
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().code, ErrorCode::unknown_bucket);
}

TEST(ClientTest, KeepsTheOrderOfOneThread) {
  FakeCluster cluster;
  Client client = cluster.connect();
  for (int i = 0; i < 500; ++i) {
    client.append_async("log", Values{std::to_string(i)}, {}, [](auto, auto) {});
  }
  client.flush();
  int expected = 0;
  for (const auto& item : client.values("log")) {
    ASSERT_TRUE(item);
    EXPECT_EQ(item->value, std::to_string(expected++));
  }
  EXPECT_EQ(expected, 500);
}

TEST(ClientTest, TakesAppendsOfManyThreads) {
  FakeCluster cluster({.workers = 2, .partitions = 16});
  Client client = cluster.connect();
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&client, writer] {
      for (int i = 0; i < 200; ++i) {
        EXPECT_TRUE(client.append("shared", std::to_string(writer * 1000 + i)));
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  std::set<std::string> values;
  for (const auto& item : client.values("shared")) values.insert(item->value);
  EXPECT_EQ(values.size(), 800U);
}

TEST(ClientTest, BlocksWhileTooManyBytesAreUnanswered) {
  FakeCluster cluster;
  ClientOptions options = cluster.options();
  options.in_flight_bytes = 64 * 1024;
  Client client = cluster.connect(options);
  cluster.hold(MessageKind::append);
  std::atomic<int> taken = 0;
  constexpr int kAppends = 100;
  std::thread writer([&] {
    const std::string value(4096, 'v');
    for (int i = 0; i < kAppends; ++i) {
      client.append_async("key", Values{value}, {}, [](auto, auto) {});
      ++taken;
    }
  });
  // All that fits has been sent, and nothing more can be while the answers are kept.
  EXPECT_TRUE(cluster.wait_for(MessageKind::append, 1));
  EXPECT_LE(taken, 16);
  cluster.release();
  writer.join();
  client.flush();
  EXPECT_EQ(taken, kAppends);
  EXPECT_EQ(client.count("key")->values, std::uint64_t{kAppends});
}

TEST(ClientTest, TakesAppendsOfACallbackWithoutBlocking) {
  FakeCluster cluster;
  ClientOptions options = cluster.options();
  options.in_flight_bytes = 1;  // always full
  Client client = cluster.connect(options);
  std::promise<void> done;
  client.append_async("first", Values{"1"}, {}, [&](auto, auto) {
    client.append_async("second", Values{"2"}, {}, [&](auto, auto) {
      client.append_async("third", Values{"3"}, {}, [&](auto, auto) { done.set_value(); });
    });
  });
  done.get_future().get();
  EXPECT_TRUE(*client.exists("third"));
}

TEST(ClientTest, RefusesABlockingCallInACallback) {
  FakeCluster cluster;
  Client client = cluster.connect();
  std::promise<ErrorCode> refused;
  client.append_async("key", Values{"value"}, {}, [&](auto, auto) {
    client.flush();  // does not wait for itself
    refused.set_value(client.append("key", "other").error().code);
  });
  EXPECT_EQ(refused.get_future().get(), ErrorCode::invalid_argument);
  client.flush();
  EXPECT_EQ(client.count("key")->values, 1U);
}

TEST(ClientTest, EndsWithOutcomeUnknownWhenTheClientGoesAfterSending) {
  FakeCluster cluster;
  std::optional<Client> client = cluster.connect();
  cluster.hold(MessageKind::append);
  Outcome outcome;
  client->append_async("key", Values{"value"}, {}, outcome.callback());
  ASSERT_TRUE(cluster.wait_for(MessageKind::append, 1));
  client.reset();
  EXPECT_EQ(outcome.wait().error().code, ErrorCode::outcome_unknown);
  EXPECT_TRUE(outcome.stamp());
}

TEST(ClientTest, EndsAReadWithClosedWhenTheClientGoes) {
  FakeCluster cluster;
  std::optional<Client> client = cluster.connect();
  ASSERT_TRUE(client->append("key", "value"));
  cluster.hold(MessageKind::page);
  ItemRange values = client->values("key");
  std::thread reader([&] {
    const auto at = values.begin();
    ASSERT_NE(at, values.end());
    ASSERT_FALSE(*at);
    EXPECT_EQ(at->error().code, ErrorCode::closed);
  });
  EXPECT_TRUE(cluster.wait_for(MessageKind::page, 1));
  client.reset();
  reader.join();
}

// What was gathered can be shown meanwhile: here it is what brings the answer about.
TEST(ClientTest, SaysBeforeItWaitsForAPage) {
  FakeCluster cluster;
  Client client = cluster.connect();
  ASSERT_TRUE(client.append("key", "value"));
  cluster.hold(MessageKind::page);
  ReadOptions options;
  int waits = 0;
  options.before_wait = [&] {
    ++waits;
    EXPECT_TRUE(cluster.wait_for(MessageKind::page, 1));
    cluster.release();
  };
  ItemRange values = client.values("key", options);
  const auto at = values.begin();
  ASSERT_TRUE(at != values.end() && *at);
  EXPECT_EQ((*at)->value, "value");
  EXPECT_EQ(waits, 1);
}

TEST(ClientTest, EndsARangeWithClosedAfterItsClient) {
  FakeCluster cluster;
  std::optional<Client> client = cluster.connect();
  ItemRange values = client->values("key");
  client.reset();
  const auto at = values.begin();
  ASSERT_NE(at, values.end());
  EXPECT_EQ(at->error().code, ErrorCode::closed);
}

TEST(ClientTest, CancelsACallThatIsStopped) {
  FakeCluster cluster;
  Client client = cluster.connect();
  cluster.hold(MessageKind::append);
  std::stop_source stop;
  AppendOptions options;
  options.stop = stop.get_token();
  Outcome outcome;
  client.append_async("key", Values{"value"}, options, outcome.callback());
  ASSERT_TRUE(cluster.wait_for(MessageKind::append, 1));
  stop.request_stop();
  EXPECT_EQ(outcome.wait().error().code, ErrorCode::outcome_unknown);
}

TEST(ClientTest, SendsNothingOfACallThatWasStoppedBefore) {
  FakeCluster cluster;
  Client client = cluster.connect();
  std::stop_source stop;
  stop.request_stop();
  AppendOptions options;
  options.stop = stop.get_token();
  EXPECT_EQ(client.append("key", "value", options).error().code, ErrorCode::cancelled);
  EXPECT_EQ(cluster.seen(MessageKind::append), 0U);
}

TEST(ClientTest, ReportsTheDeadlineOfAnAppendThatNobodyAnswers) {
  FakeCluster cluster;
  Client client = cluster.connect();
  cluster.hold(MessageKind::append);
  AppendOptions options;
  options.timeout = std::chrono::milliseconds(300);
  const Result<Stamp> stamp = client.append("key", "value", options);
  ASSERT_FALSE(stamp);
  EXPECT_EQ(stamp.error().code, ErrorCode::outcome_unknown);
  EXPECT_NE(stamp.error().message.find("with stamp "), std::string::npos) << stamp.error().message;
}

TEST(ClientTest, RefusesWhatNoBucketTakes) {
  FakeCluster cluster;
  Client client = cluster.connect();
  EXPECT_EQ(client.append("", "value").error().code, ErrorCode::empty_key);
  AppendOptions options;
  options.bucket = "nowhere";
  EXPECT_EQ(client.append("key", "value", options).error().code, ErrorCode::unknown_bucket);
}

TEST(ClientTest, KeepsTheStampsOfEntriesThatAreImported) {
  FakeCluster cluster;
  Client client = cluster.connect();
  const Stamp stamp{StampTime(std::uint64_t{1'700'000'000'000} << 16U), 7};
  client.write_async(make_entry("default", "key", stamp, EntryKind::append, Values{"value"}), {},
                     [](auto, auto) {});
  client.flush();
  const auto item = client.first("key");
  ASSERT_TRUE(item && *item);
  EXPECT_EQ((*item)->id.stamp, stamp);
}

TEST(ClientTest, AnswersPingStatusAndRing) {
  FakeCluster cluster({.workers = 3, .partitions = 16});
  Client client = cluster.connect();
  const auto ping = client.ping();
  ASSERT_TRUE(ping);
  EXPECT_GT(ping->round_trip, Duration::zero());
  const auto status = client.status();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->cluster, ping->cluster);
  EXPECT_EQ(client.ring()->placement.size(), 16U);
}

TEST(ClientTest, TellsWhetherWhatIsImportedWasThereBefore) {
  FakeCluster cluster;
  Client client = cluster.connect();
  const Entry entry =
      make_entry("default", "fruit", {StampTime(7), 7}, EntryKind::append, {"pear"});
  for (const bool there : {false, true}) {
    std::optional<Result<Imported>> imported;
    client.import_async(entry, {}, [&](Result<Imported> done) { imported = std::move(done); });
    client.flush();
    ASSERT_TRUE(imported && *imported);
    EXPECT_EQ((*imported)->was_there, there);
    EXPECT_EQ((*imported)->stamp, entry.stamp);
  }
}

}  // namespace
}  // namespace kipu

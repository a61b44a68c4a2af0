// The client, a broker and a worker with all their threads, over a bus within the process and a
// store in memory: what the thread sanitizer can see into.
#include "client/embedded_server.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "bus/process_bus.h"
#include "client/open.h"
#include "kipu/client.h"
#include "storage/memory_store.h"
#include "tests/support/process.h"

namespace kipu {
namespace {

class EmbeddedServerTest : public testing::Test {
 protected:
  EmbeddedServerTest() : bus_(bus::make_process_bus()) {
    Rng rng(1);
    client::EmbeddedServer::Options options;
    options.partitions = 16;
    server_ =
        std::move(*client::EmbeddedServer::start(*bus_, storage::make_memory_store(rng), options));
  }

  Client connect() {
    ClientOptions options;
    options.brokers = {server_->endpoint()};
    options.timeout = test::kPatience;
    return std::move(*client::open(*bus_, options, nullptr));
  }

  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<client::EmbeddedServer> server_;
};

TEST_F(EmbeddedServerTest, KeepsWhatManyClientsAppendAtOnce) {
  constexpr int kWriters = 3;
  constexpr int kEach = 400;
  std::atomic<int> acknowledged = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      Client client = connect();
      for (int i = 0; i < kEach; ++i) {
        client.append_async(
            "key " + std::to_string(i % 10), Values{std::to_string(writer * kEach + i)}, {},
            [&](const Result<Stamp>& result, auto) { acknowledged += result ? 1 : 0; });
      }
      client.flush();
    });
  }
  Client reader = connect();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(reader.count("key 1"));
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(acknowledged, kWriters * kEach);
  std::set<std::string> values;
  for (const auto& entry : reader.entries()) {
    ASSERT_TRUE(entry) << entry.error().message;
    for (const auto value : entry->values) values.emplace(value);
  }
  EXPECT_EQ(values.size(), std::size_t{kWriters} * kEach);
}

TEST_F(EmbeddedServerTest, RefusesWhatTheModeForbids) {
  Client client = connect();
  EXPECT_EQ(client.put("key", "value").error().code, ErrorCode::wrong_mode);
  Bucket bucket;
  bucket.name = "settings";
  bucket.mode = BucketMode::wmrm;
  ASSERT_TRUE(client.create_bucket(bucket));
  AppendOptions options;
  options.bucket = "settings";
  EXPECT_EQ(client.append("key", "value", options).error().code, ErrorCode::wrong_mode);
  EXPECT_TRUE(client.put("key", "value", options));
  ReadOptions read;
  read.bucket = "settings";
  EXPECT_EQ((*client.last("key", read))->value, "value");
  ASSERT_TRUE(client.remove("key", options));
  EXPECT_FALSE(client.last("key", read)->has_value());
  bucket.mode = BucketMode::worm;
  EXPECT_EQ(client.create_bucket(bucket).error().code, ErrorCode::bucket_differs);
}

TEST_F(EmbeddedServerTest, RefusesAStampFromTheFuture) {
  Client client = connect();
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto centuries = std::chrono::hours(24 * 365 * 400);  // more nanoseconds than 63 bits hold
  for (const StampTime time : {StampTime::at(now + std::chrono::hours(1)),
                               StampTime::at(now + centuries), StampTime::last()}) {
    AppendOptions options;
    options.timeout = std::chrono::milliseconds(50);
    options.stamp = Stamp{time, 1};
    // An attempt that is under way at the deadline leaves the outcome open: then once more.
    ErrorCode code = ErrorCode::outcome_unknown;
    for (int tries = 0; tries < 100 && code == ErrorCode::outcome_unknown; ++tries) {
      const auto refused = client.append("key", "value", options);
      ASSERT_FALSE(refused) << time.bits();
      code = refused.error().code;
    }
    EXPECT_EQ(code, ErrorCode::clock_skew);
  }
  EXPECT_FALSE(*client.exists("key"));
}

TEST_F(EmbeddedServerTest, WalksKeysWhileOthersAreWritten) {
  Client client = connect();
  for (int i = 0; i < 300; ++i) {
    client.append_async("key " + std::to_string(1000 + i), Values{"v"}, {}, [](auto, auto) {});
  }
  client.flush();
  KeysOptions options;
  options.page_keys = 20;
  std::vector<std::string> keys;
  for (const auto& key : client.keys(options)) {
    ASSERT_TRUE(key) << key.error().message;
    if (keys.size() % 50 == 0) client.append_async("zz", Values{"late"}, {}, [](auto, auto) {});
    keys.push_back(*key);
  }
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  EXPECT_GE(keys.size(), 300U);
}

TEST_F(EmbeddedServerTest, ShowsItselfInTheStatus) {
  Client client = connect();
  const auto status = client.status();
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->partitions, 16U);
  ASSERT_EQ(status->workers.size(), 1U);
  EXPECT_EQ(status->workers.front().liveness, Liveness::alive);
  EXPECT_TRUE(status->waiting_for.empty());
  EXPECT_EQ(client.ping()->cluster, status->cluster);
}

}  // namespace
}  // namespace kipu

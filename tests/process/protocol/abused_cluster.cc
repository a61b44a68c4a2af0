#include "tests/process/protocol/abused_cluster.h"

#include <algorithm>

#include "tests/schema/samples.h"

namespace kipu::test {

using schema::MessageKind;

std::unique_ptr<LocalCluster> AbusedCluster::cluster;
std::unique_ptr<bus::Bus> AbusedCluster::bus;
std::unique_ptr<Client> AbusedCluster::client;

namespace {

const std::vector<std::string> kBuckets{"default", "settings"};

bool comes_before(const Entry& left, const Entry& right) {
  return std::tie(left.bucket, left.key, left.stamp, left.digest) <
         std::tie(right.bucket, right.key, right.stamp, right.digest);
}

}  // namespace

void AbusedCluster::SetUpTestSuite() {
  cluster = std::make_unique<LocalCluster>(4);  // so that one has no part in a partition
  bus = bus::make_zmq_bus();
  ClientOptions options;
  options.brokers = {cluster->frontend()};
  options.timeout = kPatience;
  auto connected = Client::connect(options);
  ASSERT_TRUE(connected) << connected.error().message;
  client = std::make_unique<Client>(std::move(*connected));
  Bucket settings{"settings"};
  settings.mode = BucketMode::wmrm;
  ASSERT_TRUE(client->create_bucket(settings));
}

void AbusedCluster::TearDownTestSuite() {
  client.reset();
  bus.reset();
  cluster.reset();
}

void AbusedCluster::SetUp() {
  RawClient raw(*bus, cluster->frontend());
  const auto found = raw.wait_for_map();
  ASSERT_TRUE(found);
  map = *found;
  before = stored();
}

void AbusedCluster::TearDown() {
  std::sort(before.begin(), before.end(), comes_before);
  EXPECT_EQ(stored(), before);
  EXPECT_EQ(client->buckets()->size(), kBuckets.size());
  const auto stamp = client->append("sound", "value");
  EXPECT_TRUE(stamp) << stamp.error().message;
  EXPECT_FALSE(cluster->has_restarted());
}

std::vector<Entry> AbusedCluster::stored() {
  std::vector<Entry> all;
  for (const std::string& bucket : kBuckets) {
    KeysOptions options;
    options.bucket = bucket;
    for (const auto& entry : client->entries(options)) {
      EXPECT_TRUE(entry) << entry.error().message;
      if (entry) all.push_back(*entry);
    }
  }
  std::sort(all.begin(), all.end(), comes_before);
  return all;
}

std::vector<std::pair<MessageKind, std::string>> AbusedCluster::client_requests() {
  using namespace schema::samples;
  return {{MessageKind::client_hello, bytes_of(sample<schema::ClientHello>())},
          {MessageKind::bucket_create, bytes_of(sample<schema::BucketCreate>())},
          {MessageKind::append, bytes_of(sample<schema::AppendRequest>())},
          {MessageKind::page, bytes_of(sample<PageQuery>())},
          {MessageKind::count, bytes_of(sample<CountQuery>())},
          {MessageKind::keys, bytes_of(sample<KeysQuery>())},
          {MessageKind::scan, bytes_of(sample<ScanQuery>())}};
}

}  // namespace kipu::test

// How many replicas each read asks, and which.
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/codec.h"
#include "tests/client/fake_cluster.h"

namespace kipu {
namespace {

using schema::MessageKind;
using test::FakeCluster;
using testing::Each;
using testing::IsEmpty;
using testing::Not;

template <class Query>
Level level_in(const schema::Message& message) {
  const auto query = schema::decode<Query>(message.body.view());
  return query ? query->level : Level::none;
}

std::optional<Level> level_of(const schema::Message& message) {
  switch (message.envelope.kind) {
    case MessageKind::page:
      return level_in<PageQuery>(message);
    case MessageKind::count:
      return level_in<CountQuery>(message);
    case MessageKind::keys:
      return level_in<KeysQuery>(message);
    case MessageKind::scan:
      return level_in<ScanQuery>(message);
    default:
      return std::nullopt;
  }
}

class LevelsTest : public testing::Test {
 protected:
  LevelsTest() : client_(cluster_.connect()) {
    EXPECT_TRUE(client_.append("key", "value"));
    Bucket registers;
    registers.name = "registers";
    registers.mode = BucketMode::wmrm;
    EXPECT_TRUE(client_.create_bucket(registers));
    cluster_.refuse([this](const schema::Message& message) -> std::optional<Error> {
      const std::scoped_lock lock(mutex_);
      if (const auto level = level_of(message)) levels_.push_back(*level);
      if (message.envelope.kind == MessageKind::page) {
        const auto query = schema::decode<PageQuery>(message.body.view());
        pages_.push_back({message.envelope.destination, query && query->as_it_stands});
      }
      return std::nullopt;
    });
  }
  std::vector<Level> taken() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(levels_, {});
  }
  struct AskedPage {
    schema::Destination destination;
    bool as_it_stands = false;
  };
  template <class T>
  static void walk(Range<T> range) {
    for (const auto& each : range) EXPECT_TRUE(each);
  }

  FakeCluster cluster_;
  std::mutex mutex_;  // guards what follows
  std::vector<Level> levels_;
  std::vector<AskedPage> pages_;
  Client client_;
};

TEST_F(LevelsTest, EachReadSaysTheLevelThatItIsGiven) {
  for (const Level level : {Level::bucket_default, Level::one, Level::quorum, Level::all}) {
    for (const char* bucket : {"default", "registers"}) {
      ReadOptions read;
      read.bucket = bucket;
      read.level = level;
      KeysOptions keys;
      keys.bucket = bucket;
      keys.level = level;
      walk(client_.values("key", read));
      EXPECT_THAT(taken(), AllOf(Not(IsEmpty()), Each(level)));
      EXPECT_TRUE(client_.last("key", read));
      EXPECT_TRUE(client_.count("key", read));
      EXPECT_TRUE(client_.exists("key", read));
      EXPECT_THAT(taken(), AllOf(Not(IsEmpty()), Each(level)));
      walk(client_.keys(keys));
      EXPECT_THAT(taken(), AllOf(Not(IsEmpty()), Each(level)));
      walk(client_.entries(keys));
      EXPECT_THAT(taken(), AllOf(Not(IsEmpty()), Each(level)));
    }
  }
}

TEST_F(LevelsTest, AReadFromOneWorkerIsAddressedToItAndTakesItsStoreAsItStands) {
  ReadOptions read;
  read.from_worker = WorkerId{1};
  const auto last = client_.last("key", read);
  ASSERT_TRUE(last && *last);
  EXPECT_EQ((*last)->value, "value");
  const std::scoped_lock lock(mutex_);
  ASSERT_THAT(pages_, Not(IsEmpty()));
  for (const AskedPage& page : pages_) {
    EXPECT_EQ(page.destination, schema::Destination(WorkerId{1}));
    EXPECT_TRUE(page.as_it_stands);
  }
}

TEST_F(LevelsTest, ACountIsOfNoSingleWorker) {
  ReadOptions read;
  read.from_worker = WorkerId{1};
  EXPECT_EQ(client_.count("key", read).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace kipu

// The checker of streams and that of bounds, held against what is right and what is wrong.
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/checkers/bounds.h"
#include "tests/sim/checkers/streams.h"

namespace kipu::sim {
namespace {

const StoreId kOrigin{Uuid{1, 1}};
const StoreId kReader{Uuid{1, 2}};

Position at(std::uint64_t counter, std::uint64_t run = 7) {
  return {run, counter};
}

// Keys that begin with "x" are for nobody but the origin.
class StreamModelTest : public ::testing::Test {
 protected:
  StreamModelTest() {
    model_.set_place([](StoreId, const Entry& entry) { return !entry.key.starts_with("x"); },
                     [this](StoreId, const Entry& entry) { return held_.contains(entry.key); });
  }
  StreamModel& model() { return model_; }
  std::string broken() const { return verdict_.failed() ? verdict_.first()->invariant : ""; }

  static Entry entry(const std::string& key) {
    return make_entry("b", key, {StampTime(1), 1}, EntryKind::append, Values{key});
  }
  void commit(Position position, const std::vector<std::string>& keys) {
    std::vector<Entry> entries;
    for (const std::string& key : keys) entries.push_back(entry(key));
    model_.on_commit(kOrigin, position, std::move(entries));
  }
  void publish(Position position, const std::vector<std::string>& keys) {
    schema::Bundle bundle{kOrigin, kReader, position, {}, {}};
    for (const std::string& key : keys) bundle.entries.push_back(entry(key));
    model_.on_bundle(bundle);
  }
  void hold(const std::string& key) { held_.insert(key); }
  void cursor(Position position) { model_.on_cursor(kReader, kOrigin, position); }
  void stand(Position position) {
    schema::Standing standing;
    standing.from = kReader;
    standing.cursor = position;
    model_.on_standing(standing, kOrigin);
  }

 private:
  Verdict verdict_;
  StreamModel model_{verdict_};
  std::set<std::string> held_;
};

// It went back from what its origin has lost to what that still has, and has not heard of it yet.
TEST_F(StreamModelTest, LetsAReaderStandForAWhileWhereItsOriginHasLost) {
  commit(at(1), {"a"});
  commit(at(2), {"b"});
  hold("a");
  hold("b");
  cursor(at(2));
  model().on_disk_lost(kOrigin, {at(1), {}, {}});
  cursor(at(1));
  stand(at(2));
  EXPECT_EQ(broken(), "");
}

TEST_F(StreamModelTest, AcceptsAStreamThatIsRight) {
  commit(at(1), {"a", "x"});
  publish(at(1), {"a"});
  hold("a");
  cursor(at(1));
  stand(at(1));
  commit(at(1, 8), {"b"});
  stand(at(1));
  EXPECT_EQ(broken(), "");
}

TEST_F(StreamModelTest, CatchesAPositionThatIsUsedAgain) {
  commit(at(1), {"a"});
  commit(at(2), {"b"});
  commit(at(2), {"c"});
  EXPECT_EQ(broken(), "positions");
}

TEST_F(StreamModelTest, CatchesABundleBeforeItsCommit) {
  publish(at(1), {"a"});
  EXPECT_EQ(broken(), "positions");
}

TEST_F(StreamModelTest, CatchesABundleThatLacksAnEntry) {
  commit(at(1), {"a", "b"});
  publish(at(1), {"a"});
  EXPECT_EQ(broken(), "positions");
}

TEST_F(StreamModelTest, CatchesABundleWithWhatIsNotForItsReader) {
  commit(at(1), {"a", "x"});
  publish(at(1), {"a", "x"});
  EXPECT_EQ(broken(), "positions");
}

TEST_F(StreamModelTest, CatchesACursorThatPassesWhatIsMissing) {
  commit(at(1), {"a"});
  commit(at(2), {"b"});
  hold("b");
  cursor(at(2));
  EXPECT_EQ(broken(), "positions");
}

TEST_F(StreamModelTest, CatchesACursorAtNoCommit) {
  commit(at(1), {"a"});
  cursor(at(2));
  EXPECT_EQ(broken(), "positions");
}

TEST_F(StreamModelTest, CatchesAStandingThatIsNotSaved) {
  commit(at(1), {"a"});
  stand(at(1));
  EXPECT_EQ(broken(), "positions");
}

TEST_F(StreamModelTest, AsksNobodyForWhatTheOriginLost) {
  commit(at(1), {"a"});
  commit(at(2), {"b"});
  storage::StreamState left;
  left.head = at(1);
  model().on_disk_lost(kOrigin, left);
  commit(at(1, 8), {"c"});
  hold("a");
  hold("c");
  cursor(at(1, 8));
  EXPECT_EQ(broken(), "");
}

TEST_F(StreamModelTest, CatchesAStandingPastWhatALostDiskLeft) {
  commit(at(1), {"a"});
  hold("a");
  cursor(at(1));
  model().on_disk_lost(kReader, {});
  stand(at(1));
  EXPECT_EQ(broken(), "positions");
}

class BoundsModelTest : public ::testing::Test {
 protected:
  BoundsModel& model() { return model_; }
  std::string broken() const { return verdict_.failed() ? verdict_.first()->invariant : ""; }

 private:
  Verdict verdict_;
  BoundsModel model_{verdict_,
                     {.reads = 2, .commit_bytes = 10, .pending_bytes = 10, .window_bytes = 100}};
};

constexpr std::size_t kFar = std::size_t{1} << 30U;

TEST_F(BoundsModelTest, AcceptsWhatStaysWithin) {
  model().on_read_begun("w");
  model().on_read_begun("w");
  model().on_read_ended("w");
  model().on_read_begun("w");
  model().on_commit("w", 10);
  model().on_published("w", kReader, at(1), 90);
  model().on_published("w", kReader, at(2), 90);
  model().on_acknowledged("w", kReader, at(2));
  model().on_published("w", kReader, at(3), 90);
  EXPECT_EQ(broken(), "");
}

TEST_F(BoundsModelTest, CatchesTooManyReads) {
  for (int i = 0; i < 3; ++i) model().on_read_begun("w");
  EXPECT_EQ(broken(), "I7");
}

TEST_F(BoundsModelTest, CatchesACommitThatIsTooLarge) {
  model().on_commit("w", kFar);
  EXPECT_EQ(broken(), "I7");
}

TEST_F(BoundsModelTest, CatchesAQueueThatGrows) {
  WorkerHealth health;
  health.pending_bytes = kFar;
  model().on_health("w", health);
  EXPECT_EQ(broken(), "I7");
}

TEST_F(BoundsModelTest, CatchesPublishingPastTheWindow) {
  model().on_published("w", kReader, at(1), 90);
  model().on_published("w", kReader, at(2), 90);
  model().on_acknowledged("w", kReader, at(7, 8));
  model().on_published("w", kReader, at(3), 90);
  EXPECT_EQ(broken(), "I7");
}

}  // namespace
}  // namespace kipu::sim

// The model where partitions have three replicas, held against histories that are right, and
// against ones that are wrong.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/checkers/model.h"

namespace kipu::sim {
namespace {

constexpr std::uint32_t kOne = 1;
constexpr std::uint32_t kQuorum = 2;
constexpr std::uint32_t kAll = 3;

class ReplicasModelTest : public ::testing::Test {
 protected:
  Model& model() { return model_; }
  std::string broken() const { return verdict_.failed() ? verdict_.first()->invariant : ""; }

  static Stamp stamp(std::uint64_t time) { return {StampTime(time), 1}; }
  static Entry entry_of(const std::string& value, std::uint64_t time) {
    return make_entry("b", "k", stamp(time), EntryKind::append, Values{value, "second"});
  }
  // A write that so many acknowledge, on these disks.
  Entry written(const std::string& value, std::uint64_t time, const std::vector<std::size_t>& disks,
                std::uint32_t holders, std::uint32_t asked = 0) {
    const WriteId write =
        model_.begin_write("b", "k", EntryKind::append, Values{value, "second"}, std::nullopt);
    Entry entry = entry_of(value, time);
    for (const std::size_t disk : disks) model_.on_stored(entry, disk);
    model_.on_acknowledged(write, stamp(time), holders, asked);
    return entry;
  }
  void read(std::vector<Entry> entries, std::uint32_t asked) {
    PageQuery query;
    query.bucket = "b";
    query.key = "k";
    model_.on_page(model_.begin_read(), query, Page{std::move(entries), true}, asked);
  }
  std::optional<std::string> difference(bool is_logged = true) const {
    return model_.first_that_differs([](const Entry&) { return Model::Disks{0b111}; },
                                     [&](const Entry&) { return is_logged; });
  }

 private:
  Verdict verdict_;
  Model model_{verdict_, true, 3};
};

TEST_F(ReplicasModelTest, AcceptsAHistoryThatIsRight) {
  const Entry first = written("1", 10, {0, 1}, 2, kQuorum);
  read({first}, kQuorum);
  model().on_stored(first, 2);
  EXPECT_FALSE(difference());
  model().on_converged();
  read({first}, kOne);
  model().check_disks({{first}, {first}, {first}});
  EXPECT_EQ(broken(), "");
}

TEST_F(ReplicasModelTest, CatchesAnAcknowledgementByMoreHoldersThanDisks) {
  written("1", 10, {0}, 2, kQuorum);
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ReplicasModelTest, CatchesAnAcknowledgementByFewerThanTheLevelNeeds) {
  written("1", 10, {0}, 1, kQuorum);
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ReplicasModelTest, CatchesAnAcknowledgementByMoreThanThereAreReplicas) {
  written("1", 10, {0, 1, 2, 3}, 4, kQuorum);
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ReplicasModelTest, CatchesAQuorumReadThatLacksWhatAQuorumAcknowledged) {
  written("1", 10, {0, 1}, 2, kQuorum);
  read({}, kQuorum);
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ReplicasModelTest, LetsAReadOfOneMissWhatAQuorumHolds) {
  written("1", 10, {0, 1}, 2, kQuorum);
  read({}, kOne);
  EXPECT_EQ(broken(), "");
}

TEST_F(ReplicasModelTest, CatchesAReadOfOneThatLacksWhatAllAcknowledged) {
  written("1", 10, {0, 1, 2}, 3, kAll);
  read({}, kOne);
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ReplicasModelTest, CatchesAReadOfAllThatLacksWhatOneAcknowledged) {
  written("1", 10, {0}, 1, kOne);
  read({}, kQuorum);
  EXPECT_EQ(broken(), "");
  read({}, kAll);
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ReplicasModelTest, CatchesAQuorumReadThatDoesNotWaitForItsRepair) {
  const Entry entry = written("1", 10, {0}, 1, kOne);
  read({entry}, kOne);
  EXPECT_EQ(broken(), "");
  read({entry}, kQuorum);
  EXPECT_EQ(broken(), "I4");
}

TEST_F(ReplicasModelTest, CatchesWhatAQuorumReadReturnedAndALaterOneDoesNot) {
  const WriteId write =
      model().begin_write("b", "k", EntryKind::append, Values{"1", "second"}, std::nullopt);
  const Entry entry = entry_of("1", 10);
  model().on_stored(entry, 0);
  model().on_stored(entry, 1);
  read({entry}, kQuorum);
  model().on_unknown(write, std::nullopt);
  read({}, kQuorum);
  EXPECT_EQ(broken(), "I4");
}

TEST_F(ReplicasModelTest, CatchesReplicasThatDiffer) {
  const Entry entry = written("1", 10, {0, 1}, 2, kQuorum);
  EXPECT_TRUE(difference());
  model().on_stored(entry, 2);
  EXPECT_FALSE(difference());
}

TEST_F(ReplicasModelTest, ExcusesOnlyWhatNobodyCanPassOnAndNobodyWasPromised) {
  const Entry unknown = written("1", 10, {0}, 1, kOne);
  EXPECT_TRUE(difference(true));
  EXPECT_FALSE(difference(false));
  model().on_converged();
  read({}, kQuorum);
  EXPECT_EQ(broken(), "");
  written("2", 11, {0, 1}, 2, kQuorum);
  EXPECT_TRUE(difference(false));
}

TEST_F(ReplicasModelTest, CatchesAnEntryOnADiskWhereItDoesNotBelong) {
  written("1", 10, {0, 1, 2, 3}, 3, kAll);
  EXPECT_TRUE(difference());
}

TEST_F(ReplicasModelTest, CatchesWhatIsGoneFromOneDiskOfThree) {
  const Entry entry = written("1", 10, {0, 1, 2}, 3, kAll);
  model().check_disks({{entry}, {}, {entry}});
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ReplicasModelTest, CatchesAnEntryThatIsHalfThere) {
  const Entry whole = written("1", 10, {0, 1}, 2, kQuorum);
  read({make_entry("b", "k", whole.stamp, EntryKind::append, Values{"1"})}, kQuorum);
  EXPECT_EQ(broken(), "I2");
}

TEST_F(ReplicasModelTest, ExcusesWhatOneHeldAndALostDiskTookAlong) {
  written("1", 10, {0}, 1, kOne);
  model().on_disk_lost(0, {});
  read({}, kAll);
  EXPECT_EQ(broken(), "");
}

TEST_F(ReplicasModelTest, CatchesWhatAMajorityHeldAndOneLostDiskTookAlong) {
  const WriteId write =
      model().begin_write("b", "k", EntryKind::append, Values{"1", "second"}, std::nullopt);
  const Entry entry = entry_of("1", 10);
  model().on_stored(entry, 0);
  model().on_stored(entry, 1);
  model().on_acknowledged(write, stamp(10), 2, kQuorum);
  model().on_disk_lost(0, {});
  EXPECT_EQ(broken(), "");
  read({}, kQuorum);
  EXPECT_EQ(broken(), "I1");
}

TEST_F(ReplicasModelTest, KnowsWhatALostDiskIsOwed) {
  const Entry entry = written("1", 10, {0, 1}, 2, kQuorum);
  model().on_disk_lost(0, {entry});
  EXPECT_EQ(model().owed_to(0), 0U);
  model().on_disk_lost(0, {});
  EXPECT_EQ(model().owed_to(0), 1U);
  model().on_stored(entry, 0);
  EXPECT_EQ(model().owed_to(0), 0U);
}

}  // namespace
}  // namespace kipu::sim

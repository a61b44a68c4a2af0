// What follows from the stores that are found: which cluster it is, and whose store is lost.
#include "client/cli/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/replace.h"
#include "client/cli/shown_store.h"

namespace kipu::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

StoreId store(std::uint64_t number) {
  return {Uuid{7, number}};
}

ClusterId cluster(std::uint64_t number) {
  return {Uuid{8, number}};
}

// A store of three, each with the newest map of epoch `epoch`.
ShownStore shown(std::uint64_t number, std::uint64_t epoch = 1, std::uint64_t of_cluster = 1) {
  ShownStore made;
  made.store = store(number);
  made.cluster = cluster(of_cluster);
  made.map = {1, 0, epoch};
  made.partitions = 8;
  made.replicas = 3;
  for (std::uint64_t each = 1; each <= 3; ++each) {
    made.workers.push_back({"w" + std::to_string(each), store(each)});
  }
  return made;
}

WorkerFolder folder(std::uint32_t number, std::optional<ShownStore> found = {}) {
  WorkerFolder made;
  made.name = worker_folder(number);
  made.kind = found ? WorkerFolder::Kind::store : WorkerFolder::Kind::absent;
  made.store = std::move(found);
  return made;
}

TEST(ShownStoreTest, ReadsWhatTheWorkerPrints) {
  const auto read = parse_shown_store(
      R"({"store":"00000000000000070000000000000001","cluster":"","format":2,"whole":"all_but",)"
      R"("not_whole":0,"damage":"","generation":1,"nonce":18446744073709551615,"epoch":3,)"
      R"("partitions":8,"replicas":3,"workers":[{"id":"w1",)"
      R"("store":"00000000000000070000000000000001"}]})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->store, store(1));
  EXPECT_TRUE(read->cluster.is_none());
  EXPECT_TRUE(read->filled);
  EXPECT_EQ(read->map, (MapVersion{1, ~std::uint64_t{0}, 3}));
  EXPECT_EQ(read->worker_of(store(1)), "w1");
  EXPECT_EQ(read->worker_of(store(2)), "");
  EXPECT_EQ(read->store_of("w1"), store(1));
  EXPECT_TRUE(read->store_of("w2").is_none());
  EXPECT_FALSE(parse_shown_store("{}"));
  EXPECT_FALSE(parse_shown_store("kipu-worker: no"));
}

TEST(PrepareTest, KnowsTheFoldersOfWorkers) {
  EXPECT_EQ(number_of_worker("worker-12"), 12U);
  for (const char* name : {"worker-", "worker-0", "worker-01", "worker-1x", "worker-99999", "w1"}) {
    EXPECT_EQ(number_of_worker(name), 0U) << name;
  }
}

TEST(PrepareTest, RemakesTheRecordFromTheNewestMap) {
  ShownStore newest = shown(2, 5);
  newest.partitions = 16;
  const auto record = remake_record({folder(1, shown(1)), folder(2, newest), folder(3)});
  ASSERT_TRUE(record);
  EXPECT_EQ(*record, (ClusterRecord{cluster(1), 3, 3, 16, true}));
}

TEST(PrepareTest, RemakesNoRecordOfTooFewStoresOrOfTwoClusters) {
  const auto alone = remake_record({folder(1, shown(1))});
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().code, ErrorCode::corrupt);
  EXPECT_THAT(alone.error().message, HasSubstr("worker-1 is of " + cluster(1).id.to_string()));
  EXPECT_FALSE(remake_record({folder(1, shown(1)), folder(2, shown(2, 1, 2))}));
  // Two copies of one store are one.
  EXPECT_FALSE(remake_record({folder(1, shown(1)), folder(2, shown(1))}));
  EXPECT_FALSE(remake_record({}));
}

TEST(PrepareTest, RemakesTheRecordOfThoseThatCanServe) {
  const auto record =
      remake_record({folder(1, shown(1)), folder(2, shown(2)), folder(3, shown(3, 9, 2))});
  ASSERT_TRUE(record);
  EXPECT_EQ(record->cluster, cluster(1));
}

TEST(PrepareTest, TellsARecordThatTheStoresContradict) {
  const ClusterRecord good{cluster(1), 3, 3, 8, true};
  const std::vector<WorkerFolder> whole{folder(1, shown(1)), folder(2, shown(2)), folder(3)};
  EXPECT_FALSE(contradict(whole, good));
  for (const ClusterRecord& other :
       {ClusterRecord{cluster(2), 3, 3, 8, true}, ClusterRecord{cluster(1), 5, 3, 8, true},
        ClusterRecord{cluster(1), 3, 1, 8, true}, ClusterRecord{cluster(1), 3, 3, 16, true},
        ClusterRecord{cluster(1), 3, 3, 8, false}}) {
    EXPECT_TRUE(contradict(whole, other));
    // Too few to say so, or not all of them.
    EXPECT_FALSE(contradict({folder(1, shown(1)), folder(2), folder(3)}, other));
    EXPECT_FALSE(
        contradict({folder(1, shown(1)), folder(2, shown(2)), folder(3, shown(3, 1, 2))}, other));
  }
}

TEST(PrepareTest, KnowsWhoseStoreIsLost) {
  const StoreNames known{{"worker-2", store(2)}};
  EXPECT_THAT(settle_stores({folder(1, shown(1)), folder(2), folder(3, shown(3))}, known, shown(1)),
              ElementsAre(Pair("worker-1", store(1)), Pair("worker-2", store(2)),
                          Pair("worker-3", store(3))));
  // Of the last one it follows from the others.
  EXPECT_EQ(settle_stores({folder(1, shown(1)), folder(2), folder(3, shown(3))}, {}, shown(1)),
            settle_stores({folder(1, shown(1)), folder(2), folder(3, shown(3))}, known, shown(1)));
  EXPECT_THAT(settle_stores({folder(1, shown(1)), folder(2), folder(3)}, {}, shown(1)), SizeIs(1));
}

TEST(PrepareTest, BelievesTheFoldersBeforeTheFile) {
  const StoreNames known{{"worker-1", store(2)}, {"worker-2", store(1)}};
  EXPECT_THAT(settle_stores({folder(1, shown(1)), folder(2, shown(2))}, known, shown(1)),
              ElementsAre(Pair("worker-1", store(1)), Pair("worker-2", store(2))));
}

TEST(PrepareTest, TakesNoStrangersStoreForALostOne) {
  const StoreNames known{{"worker-2", store(2)}};
  const auto settled = settle_stores(
      {folder(1, shown(1)), folder(2, shown(9)), folder(3, shown(3))}, known, shown(1));
  EXPECT_EQ(settled.at("worker-2"), store(2));
}

TEST(PrepareTest, BarsTheCopyOfAStore) {
  EXPECT_THAT(find_copies({folder(1, shown(1)), folder(2, shown(2))}, {}), IsEmpty());
  EXPECT_THAT(find_copies({folder(1, shown(1)), folder(2, shown(1))}, {}),
              ElementsAre(Pair("worker-2", HasSubstr("copy of the store of worker-1"))));
  // Whose store the copy displaced is still known.
  EXPECT_THAT(
      settle_stores({folder(1, shown(1)), folder(2, shown(1)), folder(3, shown(3))}, {}, shown(1)),
      Contains(Pair("worker-2", store(2))));
  EXPECT_THAT(find_copies({folder(1, shown(2)), folder(2, shown(2))}, {{"worker-2", store(2)}}),
              ElementsAre(Pair("worker-1", HasSubstr("copy of the store of worker-2"))));
}

class ReplaceTest : public testing::Test {
 protected:
  Result<LocalWorker> target(std::string_view id) const {
    return find_local_worker(id, workers_, settle_stores(workers_, known_, map_), map_);
  }

  ShownStore map_ = shown(1);
  StoreNames known_;
  std::vector<WorkerFolder> workers_{folder(1, shown(1)), folder(2), folder(3, shown(3))};
};

TEST_F(ReplaceTest, FindsAWorkerByEitherName) {
  for (const char* id : {"w2", "worker-2"}) {
    const auto found = target(id);
    ASSERT_TRUE(found) << id;
    EXPECT_EQ(found->folder, "worker-2");
    EXPECT_EQ(found->worker, "w2");
    EXPECT_EQ(found->store, store(2));
  }
  EXPECT_EQ(target("w4").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(target("worker-4").error().code, ErrorCode::invalid_argument);
}

TEST_F(ReplaceTest, GuessesNoStore) {
  workers_[2] = folder(3);
  EXPECT_EQ(target("w2").error().code, ErrorCode::unsupported);
  EXPECT_EQ(target("worker-2").error().code, ErrorCode::unsupported);
  known_ = {{"worker-3", store(3)}};
  EXPECT_EQ(target("worker-2")->store, store(2));
}

TEST_F(ReplaceTest, KnowsWhatOthersLack) {
  const auto lacking = [&](const ProcessReport& processes) {
    return others_that_lack(*target("w2"), workers_, settle_stores(workers_, known_, map_), map_,
                            processes);
  };
  EXPECT_THAT(lacking({}), IsEmpty());
  ProcessState down;
  down.name = "worker-3";
  down.exit = "exit code 5";
  EXPECT_THAT(lacking({1, {down}}), ElementsAre(HasSubstr("w3 is down (exit code 5)")));
  workers_[2].store->filled = false;
  EXPECT_THAT(lacking({}), ElementsAre(HasSubstr("of w3 has not been filled")));
  workers_[2].kind = WorkerFolder::Kind::damaged;
  EXPECT_THAT(lacking({}), ElementsAre(HasSubstr("of w3 is damaged")));
  known_ = {{"worker-2", store(2)}, {"worker-3", store(3)}};
  workers_[2] = folder(3);
  EXPECT_THAT(lacking({}), ElementsAre(HasSubstr("of worker-3 is missing")));
}

TEST_F(ReplaceTest, LosesNothingThatAMajorityHeld) {
  EXPECT_FALSE(survives(1, 1));
  EXPECT_TRUE(survives(2, 1));
  EXPECT_TRUE(survives(3, 1));
  EXPECT_FALSE(survives(3, 2));
  EXPECT_TRUE(survives(5, 2));
}

}  // namespace
}  // namespace kipu::cli

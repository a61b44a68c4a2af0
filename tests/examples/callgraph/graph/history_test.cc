#include "examples/callgraph/graph/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callgraph {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Generation::Kind;

kipu::Stamp at(std::uint64_t time, std::uint64_t writer = 1) {
  return {kipu::StampTime(time), writer};
}

Generation generation(kipu::Stamp stamp, Kind kind, std::string md5,
                      std::vector<kipu::Stamp> parents) {
  Generation made;
  made.stamp = stamp;
  made.kind = kind;
  made.file.path = "a.cc";
  made.file.md5 = std::move(md5);
  made.parents = std::move(parents);
  return made;
}

constexpr kipu::StampTime kNow = kipu::StampTime::last();

TEST(FileHistoryTest, AFactHoldsFromWhenItIsSaidUntilItIsDropped) {
  const FileHistory history({generation(at(10), Kind::commit, "m1", {}),
                             generation(at(20), Kind::commit, "m2", {at(10)}),
                             generation(at(30), Kind::commit, "m3", {at(20)})});
  const Marks marks{{at(10), true}, {at(30), false}};
  EXPECT_FALSE(history.at(kipu::StampTime(10)).exists());
  EXPECT_TRUE(history.at(kipu::StampTime(11)).holds(marks));
  EXPECT_TRUE(history.at(kipu::StampTime(30)).holds(marks));
  EXPECT_FALSE(history.at(kNow).holds(marks));
}

TEST(FileHistoryTest, FactsOfAGenerationWithoutARecordAreNotSeen) {
  const FileHistory history({generation(at(10), Kind::commit, "m1", {})});
  EXPECT_FALSE(history.at(kNow).holds({{at(20), true}}));
  EXPECT_TRUE(history.at(kNow).holds({{at(10), true}, {at(20), false}}));
}

TEST(FileHistoryTest, OfTwoContentsAtOnceTheLastCountsAlone) {
  const FileHistory history({generation(at(10), Kind::commit, "m1", {}),
                             generation(at(20, 1), Kind::commit, "m2", {at(10)}),
                             generation(at(21, 2), Kind::commit, "m3", {at(10)})});
  const auto view = history.at(kNow);
  EXPECT_EQ(view.head().file.md5, "m3");
  EXPECT_FALSE(view.holds({{at(20, 1), true}}));                  // added by the other
  EXPECT_TRUE(view.holds({{at(10), true}, {at(20, 1), false}}));  // dropped by the other
  EXPECT_TRUE(history.at(kipu::StampTime(21)).holds({{at(20, 1), true}}));
}

TEST(FileHistoryTest, OneContentCommittedTwiceAtOnceIsUnited) {
  const FileHistory history({generation(at(10), Kind::commit, "m1", {}),
                             generation(at(20, 1), Kind::commit, "m2", {at(10)}),
                             generation(at(21, 2), Kind::commit, "m2", {at(10)})});
  const auto view = history.at(kNow);
  EXPECT_TRUE(view.holds({{at(20, 1), true}}));
  EXPECT_TRUE(view.holds({{at(21, 2), true}}));
  EXPECT_TRUE(view.holds({{at(10), true}, {at(20, 1), false}}));  // the other still says it
  EXPECT_FALSE(view.holds({{at(10), true}, {at(20, 1), false}, {at(21, 2), false}}));
  EXPECT_THAT(view.parents(), ElementsAre(at(21, 2), at(20, 1)));
}

TEST(FileHistoryTest, WhatTheNextGenerationDropsOfUnitedOnesIsGone) {
  const FileHistory history({generation(at(20, 1), Kind::commit, "m2", {}),
                             generation(at(21, 2), Kind::commit, "m2", {}),
                             generation(at(30), Kind::commit, "m2", {at(21, 2), at(20, 1)})});
  EXPECT_THAT(history.at(kNow).parents(), ElementsAre(at(30)));
  EXPECT_FALSE(history.at(kNow).holds({{at(20, 1), true}, {at(30), false}}));
  EXPECT_TRUE(history.at(kNow).holds({{at(21, 2), true}}));
}

TEST(FileHistoryTest, AnAdditionToAContentThatWasOvertakenIsNotSeen) {
  const FileHistory history({generation(at(10), Kind::commit, "m1", {}),
                             generation(at(20), Kind::commit, "m2", {at(10)}),
                             generation(at(21, 2), Kind::add, "m1", {at(10)})});
  EXPECT_EQ(history.at(kNow).head().file.md5, "m2");
  EXPECT_FALSE(history.at(kNow).holds({{at(21, 2), true}}));
}

TEST(FileHistoryTest, ARemovedFileSaysNothingEvenAfterItCameBack) {
  const FileHistory history({generation(at(10), Kind::commit, "m1", {}),
                             generation(at(20), Kind::remove, "", {at(10)}),
                             generation(at(30), Kind::commit, "m1", {at(20)})});
  EXPECT_FALSE(history.at(kipu::StampTime(25)).exists());
  EXPECT_FALSE(history.at(kipu::StampTime(25)).holds({{at(10), true}}));
  EXPECT_THAT(history.at(kipu::StampTime(25)).parents(), ElementsAre(at(20)));
  EXPECT_FALSE(history.at(kNow).holds({{at(10), true}}));
  EXPECT_TRUE(history.at(kNow).holds({{at(10), true}, {at(30), true}}));
}

TEST(FileHistoryTest, TheOrderInWhichRecordsArriveDoesNotMatter) {
  const Generation first = generation(at(10), Kind::commit, "m1", {});
  const Generation second = generation(at(20), Kind::commit, "m2", {at(10)});
  const FileHistory one({first, second});
  const FileHistory other({second, first});
  EXPECT_EQ(one.at(kNow).parents(), other.at(kNow).parents());
  EXPECT_THAT(FileHistory().at(kNow).parents(), IsEmpty());
}

}  // namespace
}  // namespace callgraph

#include "base/query.h"

#include <gtest/gtest.h>

namespace kipu {
namespace {

Entry entry_at(std::uint64_t time) {
  return make_entry("default", "key", Stamp{StampTime(time), 1}, EntryKind::append, Values{"v"});
}

TEST(QueryDigestTest, IsTheSameForTheSameResult) {
  EXPECT_EQ(digest_of(Page{{entry_at(1), entry_at(2)}, false}),
            digest_of(Page{{entry_at(1), entry_at(2)}, false}));
  EXPECT_EQ(digest_of(KeysPage{{"a", "b"}, "b"}), digest_of(KeysPage{{"a", "b"}, "b"}));
}

TEST(QueryDigestTest, TellsPagesOfOtherEntriesApart) {
  EXPECT_NE(digest_of(Page{{entry_at(1)}, true}), digest_of(Page{{entry_at(2)}, true}));
  EXPECT_NE(digest_of(Page{{entry_at(1)}, true}), digest_of(Page{{}, true}));
}

TEST(QueryDigestTest, TellsACompletePageFromOneThatIsNot) {
  EXPECT_NE(digest_of(Page{{entry_at(1)}, true}), digest_of(Page{{entry_at(1)}, false}));
}

TEST(QueryDigestTest, TellsCountsOfAsManyOtherEntriesApart) {
  EXPECT_NE(digest_of(Count{2, 2, {}, 7}), digest_of(Count{2, 2, {}, 8}));
  EXPECT_NE(digest_of(Count{2, 2, {}, 7}), digest_of(Count{2, 2, entry_at(1).id(), 7}));
}

TEST(QueryDigestTest, TellsKeysApartThatReadAlikeInARow) {
  EXPECT_NE(digest_of(KeysPage{{"ab", "c"}, {}}), digest_of(KeysPage{{"a", "bc"}, {}}));
  EXPECT_NE(digest_of(KeysPage{{"a", "b"}, {}}), digest_of(KeysPage{{"a"}, "b"}));
}

TEST(QueryDigestTest, TellsAnEmptyPageFromAnEmptyCount) {
  EXPECT_NE(digest_of(Page{}), digest_of(Count{}));
}

}  // namespace
}  // namespace kipu

#include "worker/page_merge.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/worker/replicas.h"

namespace kipu::worker {
namespace {

using test::entry_of;

// What a store that holds `held` answers.
Page page_of(const ReadQuery& query, const std::vector<Entry>& held, std::size_t most) {
  test::Replica replica(held);
  ReadQuery limited = query;
  if (auto* page = std::get_if<PageQuery>(&limited)) {
    page->max_entries = std::min(page->max_entries, static_cast<std::uint32_t>(most));
  } else {
    auto& scan = std::get<ScanQuery>(limited);
    scan.max_entries = std::min(scan.max_entries, static_cast<std::uint32_t>(most));
  }
  return std::get<Page>(replica.read(limited));
}

PageQuery page_query(bool reverse = false) {
  PageQuery query;
  query.bucket = "default";
  query.key = "key";
  query.reverse = reverse;
  return query;
}

TEST(PageMergeTest, UnitesWhatReplicasHave) {
  const Entry a = entry_of("key", 1);
  const Entry b = entry_of("key", 2);
  const std::vector<Page> pages{{{a}, true}, {{b}, true}};
  const MergedPage merged = merge_pages(page_query(), pages);
  EXPECT_EQ(merged.page, (Page{{a, b}, true}));
  EXPECT_EQ(merged.lacking, (std::vector<std::vector<Entry>>{{b}, {a}}));
}

TEST(PageMergeTest, CutsAtTheEarliestEndOfAnIncompletePage) {
  const Entry a = entry_of("key", 1);
  const Entry b = entry_of("key", 2);
  const Entry c = entry_of("key", 3);
  const std::vector<Page> pages{{{a, c}, true}, {{b}, false}};
  EXPECT_EQ(merge_pages(page_query(), pages).page, (Page{{a, b}, false}));
}

TEST(PageMergeTest, CutsInTheDirectionOfReading) {
  const Entry a = entry_of("key", 1);
  const Entry b = entry_of("key", 2);
  const Entry c = entry_of("key", 3);
  const std::vector<Page> pages{{{c, a}, true}, {{b}, false}};
  EXPECT_EQ(merge_pages(page_query(true), pages).page, (Page{{c, b}, false}));
}

TEST(PageMergeTest, KeepsWithinTheLimitsOfTheQuery) {
  const Entry a = entry_of("key", 1);
  const Entry b = entry_of("key", 2);
  PageQuery query = page_query();
  query.max_entries = 1;
  const std::vector<Page> pages{{{b}, true}, {{a}, true}};
  EXPECT_EQ(merge_pages(query, pages).page, (Page{{a}, false}));
  query = page_query();
  query.max_bytes = 1;
  EXPECT_EQ(merge_pages(query, pages).page, (Page{{a}, false}));
}

TEST(PageMergeTest, RefusesAPageThatCannotBeAnAnswer) {
  const Entry a = entry_of("key", 1);
  const Entry b = entry_of("key", 2);
  const ReadQuery query = page_query();
  EXPECT_TRUE(check_page(query, {{a, b}, true}).has_value());
  EXPECT_FALSE(check_page(query, {{}, false}).has_value());
  EXPECT_FALSE(check_page(query, {{b, a}, true}).has_value());
  EXPECT_FALSE(check_page(query, {{a, a}, true}).has_value());
  EXPECT_FALSE(check_page(query, {{entry_of("other", 1)}, true}).has_value());
  Entry altered = a;
  altered.digest.bits ^= 1;
  EXPECT_EQ(check_page(query, {{altered}, true}).error().code, ErrorCode::bad_digest);
  PageQuery one = page_query();
  one.max_entries = 1;
  EXPECT_FALSE(check_page(one, {{a, b}, true}).has_value());
  PageQuery further = page_query();
  further.after = a.id();
  EXPECT_FALSE(check_page(further, {{a}, true}).has_value());
}

TEST(PageMergeTest, RefusesKeysThatCannotBeAnAnswer) {
  KeysQuery query;
  query.prefix = "k";
  query.after = "k1";
  EXPECT_TRUE(check_keys(query, {{"k2", "k3"}, {}}).has_value());
  EXPECT_TRUE(check_keys(query, {{}, "k7"}).has_value());
  EXPECT_FALSE(check_keys(query, {{"k1"}, {}}).has_value());
  EXPECT_FALSE(check_keys(query, {{"k3", "k2"}, {}}).has_value());
  EXPECT_FALSE(check_keys(query, {{"other"}, {}}).has_value());
  EXPECT_FALSE(check_keys(query, {{"k2"}, "k1"}).has_value());
  EXPECT_FALSE(check_keys(query, {{}, "k1"}).has_value());
}

TEST(PageMergeTest, MarksTheKeysThatNotAllList) {
  const std::vector<KeysPage> pages{{{"a", "b"}, {}}, {{"b", "c"}, "c"}};
  const MergedKeys merged = merge_keys(pages);
  EXPECT_EQ(merged.keys, (std::vector<MergedKeys::Key>{{"a", false}, {"b", true}, {"c", false}}));
  EXPECT_EQ(merged.next_after, "c");
}

TEST(PageMergeTest, MarksTheKeysOnWhoseNewestEntryTheyDiffer) {
  const auto newest = [](std::uint64_t time, bool removes) {
    return KeysPage::Newest{{{StampTime(time), 1}, {}}, removes};
  };
  const std::vector<KeysPage> pages{
      {{"a", "b", "c"}, {}, {newest(1, false), newest(1, true), newest(3, false)}},
      {{"a", "b", "c"}, {}, {newest(1, false), newest(1, true), newest(1, false)}}};
  const std::vector<MergedKeys::Key> expected{
      {"a", true, false}, {"b", true, true}, {"c", false, false}};
  EXPECT_EQ(merge_keys(pages).keys, expected);
}

TEST(PageMergeTest, CutsKeysAtTheEarliestEndOfAnyPart) {
  const std::vector<MergedKeys> parts{{{{"a", true}, {"d", true}}, {}}, {{{"b", false}}, "c"}};
  const MergedKeys joined = join_keys(KeysQuery{}, parts);
  EXPECT_EQ(joined.keys, (std::vector<MergedKeys::Key>{{"a", true}, {"b", false}}));
  EXPECT_EQ(joined.next_after, "c");
  KeysQuery one;
  one.max_keys = 1;
  EXPECT_EQ(join_keys(one, parts).next_after, "a");
}

using Held = std::vector<std::vector<Entry>>;

std::vector<Entry> any_universe(bool many_keys) {
  std::vector<Entry> universe;
  const int size = *rc::gen::inRange(0, 24);
  for (int index = 0; index < size; ++index) {
    const std::string key = many_keys ? "k" + std::to_string(*rc::gen::inRange(0, 4)) : "key";
    universe.push_back(entry_of(
        key, static_cast<std::uint64_t>(index / 2 + 1),
        std::string(static_cast<std::size_t>(index % 3 * 40), 'x') + std::to_string(index)));
  }
  return universe;
}

Held any_replicas(const std::vector<Entry>& universe) {
  Held held(static_cast<std::size_t>(*rc::gen::inRange(1, 6)));
  for (const Entry& entry : universe) {
    for (std::vector<Entry>& one : held) {
      if (*rc::gen::inRange(0, 3) > 0) one.push_back(entry);
    }
  }
  return held;
}

ReadQuery any_query(const std::vector<Entry>& universe, bool scan) {
  const auto entries = *rc::gen::inRange<std::uint32_t>(1, 12);
  const auto bytes = *rc::gen::inRange<std::uint32_t>(1, 1500);
  std::optional<Entry> after;
  if (!universe.empty() && *rc::gen::arbitrary<bool>()) after = *rc::gen::elementOf(universe);
  if (scan) {
    ScanQuery query;
    query.bucket = "default";
    query.max_entries = entries;
    query.max_bytes = bytes;
    if (after) query.after = {after->key, after->id()};
    return query;
  }
  PageQuery query = page_query(*rc::gen::arbitrary<bool>());
  query.max_entries = entries;
  query.max_bytes = bytes;
  if (after) query.after = after->id();
  return query;
}

// All that `query` is about, without limits.
std::vector<Entry> all_of(ReadQuery query, const std::vector<Entry>& held) {
  std::visit(
      [](auto& one) {
        if constexpr (requires { one.max_bytes, one.max_entries; }) {
          one.max_entries = limits::kMaxPageEntries;
          one.max_bytes = limits::kMaxPageBytes;
        }
      },
      query);
  return page_of(query, held, limits::kMaxPageEntries).entries;
}

void check_merge(bool scan) {
  const std::vector<Entry> universe = any_universe(scan);
  const Held held = any_replicas(universe);
  const ReadQuery query = any_query(universe, scan);
  std::vector<Page> pages;
  std::vector<Entry> everything;
  for (const std::vector<Entry>& one : held) {
    pages.push_back(page_of(query, one, static_cast<std::size_t>(*rc::gen::inRange(1, 12))));
    RC_ASSERT(check_page(query, pages.back()).has_value());
    everything.insert(everything.end(), one.begin(), one.end());
  }
  const MergedPage merged = merge_pages(query, pages);
  const std::vector<Entry> expected = all_of(query, everything);
  const std::vector<Entry>& got = merged.page.entries;
  // The page is what comes first of the union: nothing is skipped, and nothing invented.
  RC_ASSERT(got.size() <= expected.size());
  RC_ASSERT(std::equal(got.begin(), got.end(), expected.begin()));
  if (merged.page.complete) RC_ASSERT(got.size() == expected.size());
  if (!merged.page.complete) RC_ASSERT(!got.empty());
  RC_ASSERT(check_page(query, merged.page).has_value());
  // It ends no later than any page that is incomplete.
  for (const Page& page : pages) {
    if (page.complete) continue;
    const auto at = std::find(expected.begin(), expected.end(), page.entries.back());
    RC_ASSERT(got.size() <= static_cast<std::size_t>(at - expected.begin()) + 1);
  }
  // And says exactly who lacks what of it.
  RC_ASSERT(merged.lacking.size() == held.size());
  for (std::size_t index = 0; index < held.size(); ++index) {
    std::vector<Entry> lacking;
    for (const Entry& entry : got) {
      const std::vector<Entry>& one = held[index];
      if (std::find(one.begin(), one.end(), entry) == one.end()) lacking.push_back(entry);
    }
    RC_ASSERT(merged.lacking[index] == lacking);
  }
}

RC_GTEST_PROP(PageMergeTest, IsTheBeginningOfTheUnionOfAnyPages, ()) {
  check_merge(false);
}

RC_GTEST_PROP(PageMergeTest, IsTheBeginningOfTheUnionOfAnyScans, ()) {
  check_merge(true);
}

}  // namespace
}  // namespace kipu::worker

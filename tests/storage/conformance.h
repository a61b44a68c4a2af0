// What every Store does. A store passes by instantiating StoreConformance with a factory:
//
//   struct Factory { std::unique_ptr<Store> make(Rng&); };   // lives as long as the store
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreConformance, Factory);
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/limits.h"
#include "storage/store.h"
#include "tests/storage/entries.h"
#include "tests/storage/model.h"

namespace kipu::storage {

template <class Factory>
class StoreConformance : public ::testing::Test {
 protected:
  void merge(const std::vector<PlacedEntry>& entries) {
    const Status merged = store_->merge(entries);
    ASSERT_TRUE(merged) << merged.error().message;
  }

  std::vector<Entry> all_of(const std::string& key) {
    PageQuery query = page_of(key);
    return store_->page(query).value().entries;
  }

  // Runs `check(case_bucket)` with many random cases in one store, each in a bucket of its own.
  template <class Check>
  void check_randomly(const std::string& what, Check check) {
    EXPECT_TRUE(rc::check(what, [&] {
      const std::string bucket = "case" + std::to_string(++cases_);
      check(bucket);
    }));
  }

  // Merges random entries into the store and a model: of `bucket`, and of one that its name begins.
  Model fill(const std::string& bucket) {
    Model model;
    std::vector<PlacedEntry> entries = any_entries(bucket);
    const std::vector<PlacedEntry> others = any_entries(bucket + "x");
    entries.insert(entries.end(), others.begin(), others.end());
    // In several merges, some of it twice.
    const std::size_t middle = pick(entries.size() + 1);
    const std::span<const PlacedEntry> all(entries);
    RC_ASSERT(store_->merge(all.subspan(middle)).has_value());
    RC_ASSERT(store_->merge(all.first(middle)).has_value());
    RC_ASSERT(store_->merge(all.subspan(middle / 2)).has_value());
    model.merge(entries);
    return model;
  }

  Factory factory_;
  Rng rng_{1};
  std::unique_ptr<Store> store_ = factory_.make(rng_);
  int cases_ = 0;
};

TYPED_TEST_SUITE_P(StoreConformance);

TYPED_TEST_P(StoreConformance, HasAnIdARunAndNoCluster) {
  const StoreInfo& info = this->store_->info();
  EXPECT_FALSE(info.store.is_none());
  EXPECT_TRUE(info.cluster.is_none());
  EXPECT_EQ(info.runs.size(), 1U);
  EXPECT_EQ(info.map, "");
}

TYPED_TEST_P(StoreConformance, AnswersForAKeyThatItDoesNotHave) {
  EXPECT_EQ(this->store_->page(page_of("none")).value(), Page{});
  EXPECT_EQ(this->store_->count(count_of("none")).value(), Count{});
  EXPECT_EQ(this->store_->keys(keys_of({0, 1, 2})).value(), KeysPage{});
  EXPECT_EQ(this->store_->scan(scan_all()).value(), Page{});
}

TYPED_TEST_P(StoreConformance, StoresAnEntryOnceHoweverOftenItIsMerged) {
  const PlacedEntry entry = entry_at("key", 7, {"value"});
  this->merge({entry, entry});
  this->merge({entry});
  EXPECT_EQ(this->all_of("key"), std::vector<Entry>{entry.entry});
}

TYPED_TEST_P(StoreConformance, TellsWhichEntriesItHadAlready) {
  const PlacedEntry old = entry_at("key", 7, {"value"});
  const PlacedEntry fresh = entry_at("key", 8, {"value"});
  const PlacedEntry other = entry_at("key", 7, {"another value under the same stamp"});
  this->merge({old});
  EXPECT_EQ(this->store_->has(old), true);
  EXPECT_EQ(this->store_->has(other), false);
  Change change;
  change.entries = {fresh, old, other, fresh};
  change.asked = {0, 1, 3};
  const Merged merged = merge_and_tell(*this->store_, change);
  ASSERT_TRUE(merged.status);
  EXPECT_EQ(merged.present, (std::vector<std::uint32_t>{1, 3}));
  EXPECT_EQ(this->store_->has(other), true);
  change.asked.clear();
  EXPECT_EQ(merge_and_tell(*this->store_, change).present, std::nullopt);
}

TYPED_TEST_P(StoreConformance, KeepsBothOfTwoContentsUnderOneStamp) {
  const PlacedEntry one = entry_at("key", 7, {"one"});
  const PlacedEntry two = entry_at("key", 7, {"two"});
  this->merge({one, two});
  EXPECT_EQ(this->all_of("key").size(), 2U);
}

TYPED_TEST_P(StoreConformance, KeepsEveryByteOfKeysAndValues) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  const PlacedEntry entry = entry_at(bytes, 7, {"", bytes, std::string(3, '\0')});
  this->merge({entry});
  EXPECT_EQ(this->all_of(bytes), std::vector<Entry>{entry.entry});
}

TYPED_TEST_P(StoreConformance, StoresNothingOfAMergeWithABadDigest) {
  PlacedEntry bad = entry_at("key", 8, {"value"});
  bad.entry.digest.bits ^= 1;
  const Status refused = this->store_->merge(std::vector{entry_at("key", 7, {"value"}), bad});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::bad_digest);
  EXPECT_TRUE(this->all_of("key").empty());
  // Nor with what follows.
  const PlacedEntry good = entry_at("other", 9, {"value"});
  this->merge({good});
  EXPECT_TRUE(this->all_of("key").empty());
  EXPECT_EQ(this->all_of("other"), std::vector<Entry>{good.entry});
}

TYPED_TEST_P(StoreConformance, RefusesWhatNoBucketCouldHold) {
  const auto code_of = [&](const PlacedEntry& entry) {
    const Status status = this->store_->merge(std::vector{entry});
    return status ? ErrorCode::internal : status.error().code;
  };
  EXPECT_EQ(code_of(entry_at("", 7, {"value"})), ErrorCode::empty_key);
  PlacedEntry with_nul = entry_at("key", 7, {"value"});
  with_nul.entry = make_entry(std::string("a\0b", 3), "key", stamp_at(7), EntryKind::append, {"v"});
  EXPECT_EQ(code_of(with_nul), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(entry_at("key", 7, {})), ErrorCode::invalid_argument);
}

TYPED_TEST_P(StoreConformance, MergesNothing) {
  this->merge({});
}

TYPED_TEST_P(StoreConformance, PagesAsTheModelDoes) {
  this->check_randomly("pages", [&](const std::string& bucket) {
    const Model model = this->fill(bucket);
    for (int i = 0; i < 20; ++i) {
      const PageQuery query = any_page_query(bucket, model);
      RC_ASSERT(this->store_->page(query).value() == model.page(query));
    }
  });
}

TYPED_TEST_P(StoreConformance, CountsAsTheModelDoes) {
  this->check_randomly("counts", [&](const std::string& bucket) {
    const Model model = this->fill(bucket);
    for (int i = 0; i < 20; ++i) {
      const CountQuery query = any_count_query(bucket, model);
      RC_ASSERT(this->store_->count(query).value() == model.count(query));
    }
  });
}

TYPED_TEST_P(StoreConformance, ListsKeysAsTheModelDoes) {
  this->check_randomly("keys", [&](const std::string& bucket) {
    const Model model = this->fill(bucket);
    for (int i = 0; i < 20; ++i) {
      const KeysQuery query = any_keys_query(bucket, model);
      RC_ASSERT(this->store_->keys(query).value() == model.keys(query));
    }
  });
}

TYPED_TEST_P(StoreConformance, ScansAsTheModelDoes) {
  this->check_randomly("scans", [&](const std::string& bucket) {
    const Model model = this->fill(bucket);
    for (int i = 0; i < 20; ++i) {
      const ScanQuery query = any_scan_query(bucket, model);
      RC_ASSERT(this->store_->scan(query).value() == model.scan(query));
    }
  });
}

TYPED_TEST_P(StoreConformance, GivesEveryEntryOnceOverManyPagesInBothDirections) {
  std::vector<PlacedEntry> entries;
  for (std::uint64_t i = 0; i < 500; ++i) entries.push_back(entry_at("key", i / 3, {number(i)}));
  this->merge(entries);
  for (const bool reverse : {false, true}) {
    PageQuery query = page_of("key");
    query.reverse = reverse;
    query.max_entries = 7;
    std::vector<Entry> found;
    while (true) {
      const Page page = this->store_->page(query).value();
      found.insert(found.end(), page.entries.begin(), page.entries.end());
      if (page.complete) break;
      ASSERT_FALSE(page.entries.empty());
      query.after = page.entries.back().id();
    }
    if (reverse) std::reverse(found.begin(), found.end());
    EXPECT_EQ(found, this->all_of("key"));
    EXPECT_EQ(found.size(), 500U);
  }
}

TYPED_TEST_P(StoreConformance, CountsOverManyPages) {
  std::vector<PlacedEntry> entries;
  for (std::uint64_t i = 0; i < 500; ++i) entries.push_back(entry_at("key", i, {"a", "b"}));
  this->merge(entries);
  CountQuery query = count_of("key");
  query.max_entries = 33;
  Count total;
  do {
    const Count count = this->store_->count(query).value();
    EXPECT_LE(count.entries, 33U);
    total.entries += count.entries;
    total.values += count.values;
    query.after = count.next_after;
  } while (query.after);
  EXPECT_EQ(total, (Count{500, 1000, {}}));
}

TYPED_TEST_P(StoreConformance, CountsSoManyBytesAtOnce) {
  // What an entry counts beside its values makes sixteen of them too many.
  const std::string large(limits::kMaxCountBytes / 16 - 3, 'v');
  for (std::uint64_t i = 0; i < 20; ++i) {
    const std::vector<PlacedEntry> entries{entry_at("key", i, {large})};
    this->merge(entries);
  }
  CountQuery query = count_of("key");
  const Count first = this->store_->count(query).value();
  EXPECT_EQ(first.entries, 15U);
  query.after = first.next_after;
  ASSERT_TRUE(query.after.has_value());
  const Count rest = this->store_->count(query).value();
  EXPECT_EQ(rest.entries, 5U);
  EXPECT_FALSE(rest.next_after.has_value());
}

TYPED_TEST_P(StoreConformance, ReturnsOneEntryThatIsLargerThanThePage) {
  const std::string large(limits::kLargestMaxPairBytes - 3, 'v');
  const PlacedEntry entry = entry_at("key", 1, {large});
  const PlacedEntry next = entry_at("key", 2, {"small"});
  this->merge({entry, next});
  PageQuery query = page_of("key");
  query.max_bytes = 1;
  const Page page = this->store_->page(query).value();
  EXPECT_EQ(page.entries, std::vector<Entry>{entry.entry});
  EXPECT_FALSE(page.complete);
  ScanQuery scan = scan_all();
  scan.max_bytes = 1;
  EXPECT_EQ(this->store_->scan(scan).value(), page);
}

TYPED_TEST_P(StoreConformance, ReturnsOneEntryWhereALimitIsZero) {
  this->merge({entry_at("key", 1, {"a"}), entry_at("key", 2, {"b"})});
  PageQuery query = page_of("key");
  query.max_entries = 0;
  query.max_bytes = 0;
  EXPECT_EQ(this->store_->page(query).value().entries.size(), 1U);
}

TYPED_TEST_P(StoreConformance, ListsKeysOfManyPartitionsInByteOrder) {
  std::vector<PlacedEntry> entries;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const auto partition = static_cast<std::uint32_t>(i * 7 % 16);
    entries.push_back(entry_at(number(i), 1, {"v"}, partition));
    entries.push_back(entry_at(number(i), 2, {"v"}, partition));
  }
  this->merge(entries);
  KeysQuery query = keys_of({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  query.max_keys = 11;
  std::vector<std::string> found;
  do {
    const KeysPage page = this->store_->keys(query).value();
    EXPECT_LE(page.keys.size(), 11U);
    found.insert(found.end(), page.keys.begin(), page.keys.end());
    query.after = page.next_after;
  } while (query.after);
  EXPECT_EQ(found.size(), 300U);
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
}

TYPED_TEST_P(StoreConformance, PassesOverOnlySoManyRemovedKeysInOnePage) {
  std::vector<PlacedEntry> entries;
  const std::uint64_t removed = limits::kMaxKeysPassedOver + 100;
  for (std::uint64_t i = 0; i < removed; ++i) {
    entries.push_back(entry_at(number(i), 1, {}, 0, EntryKind::remove));
  }
  entries.push_back(entry_at("last", 1, {"v"}, 0, EntryKind::put));
  this->merge(entries);
  KeysQuery query = keys_of({0});
  query.skip_removed = true;
  const KeysPage empty = this->store_->keys(query).value();
  EXPECT_TRUE(empty.keys.empty());
  EXPECT_EQ(empty.next_after, number(limits::kMaxKeysPassedOver - 1));
  query.after = empty.next_after;
  const KeysPage page = this->store_->keys(query).value();
  EXPECT_EQ(page.keys, std::vector<std::string>{"last"});
  EXPECT_EQ(page.next_after, std::nullopt);
}

TYPED_TEST_P(StoreConformance, ListsAKeyAgainThatWasPutAfterItsRemoval) {
  this->merge(
      {entry_at("key", 1, {"v"}, 0, EntryKind::put), entry_at("key", 3, {}, 0, EntryKind::remove)});
  KeysQuery query = keys_of({0});
  query.skip_removed = true;
  EXPECT_TRUE(this->store_->keys(query).value().keys.empty());
  // A put that is older than the removal, and comes later, changes nothing.
  this->merge({entry_at("key", 2, {"v"}, 0, EntryKind::put)});
  EXPECT_TRUE(this->store_->keys(query).value().keys.empty());
  this->merge({entry_at("key", 4, {"v"}, 0, EntryKind::put)});
  EXPECT_EQ(this->store_->keys(query).value().keys, std::vector<std::string>{"key"});
}

TYPED_TEST_P(StoreConformance, SavesMapsOfOneClusterOnly) {
  const ClusterId cluster{Uuid{1, 2}};
  ASSERT_TRUE(this->store_->save_map(cluster, "map one"));
  EXPECT_EQ(this->store_->info().cluster, cluster);
  EXPECT_EQ(this->store_->info().map, "map one");
  const Status refused = this->store_->save_map(ClusterId{Uuid{3, 4}}, "foreign");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::wrong_cluster);
  const Status nameless = this->store_->save_map(ClusterId{}, "nameless");
  ASSERT_FALSE(nameless);
  EXPECT_EQ(nameless.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(this->store_->info().map, "map one");
  ASSERT_TRUE(this->store_->save_map(cluster, "map two"));
  EXPECT_EQ(this->store_->info().map, "map two");
}

TYPED_TEST_P(StoreConformance, TellsWhatItHoldsAndWhatIsFree) {
  EXPECT_EQ(this->store_->stats().entries_estimate, 0U);
  const std::uint64_t before = this->store_->stats().disk_bytes;
  std::vector<PlacedEntry> entries;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    entries.push_back(entry_at("key", i, {std::string(1000, 'v')}));
  }
  this->merge(entries);
  const StoreStats stats = this->store_->stats();
  EXPECT_EQ(stats.entries_estimate, 1000U);
  EXPECT_GT(stats.disk_bytes, before + 900'000);
  EXPECT_GT(stats.free_bytes, 0U);
}

TYPED_TEST_P(StoreConformance, ReadsWhateverAQueryAsksFor) {
  const PlacedEntry entry = entry_at("key", 1, {"v"});
  this->merge({entry});
  const Store& store = *this->store_;
  const Page page{{entry.entry}, true};
  EXPECT_EQ(read(store, page_of("key")).value(), ReadResult(page));
  EXPECT_EQ(read(store, count_of("key")).value(),
            ReadResult(Count{1, 1, {}, entry.entry.digest.bits}));
  EXPECT_EQ(read(store, keys_of({0})).value(), ReadResult(KeysPage{{"key"}, {}}));
  EXPECT_EQ(read(store, scan_all()).value(), ReadResult(page));
}

TYPED_TEST_P(StoreConformance, ShowsReadersAllOfAMergeOrNothing) {
  constexpr std::uint64_t kMerges = 100;
  constexpr std::uint64_t kEntries = 50;
  std::atomic<std::uint64_t> merged = 0;
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < kMerges; ++i) {
      std::vector<PlacedEntry> entries;
      for (std::uint64_t j = 0; j < kEntries; ++j) {
        entries.push_back(entry_at("key", i * kEntries + j, {"v"}));
      }
      if (!this->store_->merge(entries)) return;
      merged = i + 1;
    }
  });
  std::uint64_t seen = 0;
  while (seen < kMerges * kEntries) {
    const std::uint64_t known = merged * kEntries;
    const Result<Page> page = this->store_->page(page_of("key"));
    const std::uint64_t found = page ? page->entries.size() : 0;
    const bool is_right = found % kEntries == 0 && found >= known && found >= seen;
    EXPECT_TRUE(is_right) << "found " << found << ", known " << known << ", seen " << seen;
    if (!is_right) break;
    seen = found;
  }
  writer.join();
  EXPECT_EQ(this->all_of("key").size(), kMerges * kEntries);
}

REGISTER_TYPED_TEST_SUITE_P(
    StoreConformance, HasAnIdARunAndNoCluster, AnswersForAKeyThatItDoesNotHave,
    StoresAnEntryOnceHoweverOftenItIsMerged, TellsWhichEntriesItHadAlready,
    KeepsBothOfTwoContentsUnderOneStamp, KeepsEveryByteOfKeysAndValues,
    StoresNothingOfAMergeWithABadDigest, RefusesWhatNoBucketCouldHold, MergesNothing,
    PagesAsTheModelDoes, CountsAsTheModelDoes, ListsKeysAsTheModelDoes, ScansAsTheModelDoes,
    GivesEveryEntryOnceOverManyPagesInBothDirections, CountsOverManyPages, CountsSoManyBytesAtOnce,
    ReturnsOneEntryThatIsLargerThanThePage, ReturnsOneEntryWhereALimitIsZero,
    ListsKeysOfManyPartitionsInByteOrder, PassesOverOnlySoManyRemovedKeysInOnePage,
    ListsAKeyAgainThatWasPutAfterItsRemoval, SavesMapsOfOneClusterOnly,
    TellsWhatItHoldsAndWhatIsFree, ReadsWhateverAQueryAsksFor, ShowsReadersAllOfAMergeOrNothing);

}  // namespace kipu::storage

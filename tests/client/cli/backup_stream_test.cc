// The files of a backup: each line proves itself, and they are read in the order of any cluster.
#include "client/cli/backup_stream.h"

#include <algorithm>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "client/cli/json_record.h"
#include "tests/support/process.h"

namespace kipu::cli {
namespace {

using testing::HasSubstr;

const std::string kBucket = "logs";

Entry entry_of(std::string key, std::uint64_t time, Values values = {"value"}) {
  return make_entry(kBucket, std::move(key), Stamp{StampTime(time), 9}, EntryKind::append,
                    std::move(values));
}

std::vector<Entry> in_order_of(std::uint32_t partitions, std::vector<Entry> entries) {
  std::vector<Placed> placed;
  for (Entry& entry : entries) {
    const auto partition = partition_of(kBucket, entry.key, partitions).number;
    placed.push_back({partition, std::move(entry)});
  }
  std::ranges::sort(placed, is_before);
  std::vector<Entry> sorted;
  for (Placed& one : placed) sorted.push_back(std::move(one.entry));
  return sorted;
}

class BackupFileTest : public testing::Test {
 public:
  BackupFileTest() : folder(*BackupFolder::open_to_write(directory.path().string())) {}

  void put(std::uint32_t run, const std::string& text) const {
    std::ofstream(directory / backup_file_name(run, kBucket), std::ios::trunc) << text;
  }
  static std::string lines_of(const std::vector<Entry>& entries) {
    std::string text;
    for (const Entry& entry : entries) append_json_record(text, entry);
    return text;
  }
  Result<CheckedFile> check(std::uint32_t run, std::uint32_t partitions,
                            LastLine last = LastLine::whole) const {
    return check_backup_file(folder, {run, kBucket, 0, {}}, partitions, last,
                             [] { return Status(); });
  }
  Result<std::vector<Entry>> all_of(const std::vector<CheckedFile>& files,
                                    std::uint32_t partitions) const {
    HeldEntries held(folder, files, partitions);
    std::vector<Entry> entries;
    while (true) {
      auto next = held.next();
      if (!next) return fail(next.error());
      if (!*next) return entries;
      if ((*next)->partition != partition_of(kBucket, (*next)->entry.key, partitions).number) {
        return fail(ErrorCode::internal, "another partition");
      }
      entries.push_back((*next)->entry);
    }
  }

  const test::TempDirectory directory;
  const BackupFolder folder;
};

TEST_F(BackupFileTest, IsCheckedLineByLine) {
  const auto entries = in_order_of(
      16, {entry_of("a", 1), entry_of("a", 2), entry_of("b", 1), entry_of("\xff{x}", 3)});
  put(1, lines_of(entries));
  const auto found = check(1, 16);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->tally.entries, 4U);
  EXPECT_EQ(found->bytes, lines_of(entries).size());
  EXPECT_EQ(found->torn_bytes, 0U);
  EXPECT_EQ(found->sections.back().lines.end, found->bytes);
}

TEST_F(BackupFileTest, IsRefusedAtTheLineThatWasDamaged) {
  const auto entries = in_order_of(1, {entry_of("a", 1), entry_of("b", 2), entry_of("c", 3)});
  const std::string good = lines_of(entries);
  const auto damaged = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    text.replace(text.rfind(from), from.size(), to);
    put(1, text);
    const auto found = check(1, 1);
    return found ? "nothing" : found.error().message;
  };
  EXPECT_THAT(damaged("value\":\"value", "value\":\"valux"), HasSubstr("0001-logs.jsonl line 3"));
  EXPECT_THAT(damaged("\"bucket\":\"logs\"", "\"bucket\":\"log2\""), HasSubstr("line 3"));
  EXPECT_THAT(damaged("append", "put"), HasSubstr("line 3"));
  EXPECT_THAT(damaged("}\n{", "}{"), HasSubstr("line 2"));
  EXPECT_THAT(damaged("\"digest\"", "\"digesu\""), HasSubstr("line 3"));
  EXPECT_THAT(damaged("}\n", "}"), HasSubstr("line 3"));
}

TEST_F(BackupFileTest, IsRefusedOutOfOrder) {
  put(1, lines_of({entry_of("b", 1), entry_of("a", 1)}));
  EXPECT_THAT(check(1, 1).error().message, HasSubstr("line 2: the entry is out of order"));
  put(1, lines_of({entry_of("a", 1), entry_of("a", 1)}));
  EXPECT_THAT(check(1, 1).error().message, HasSubstr("out of order"));
}

TEST_F(BackupFileTest, MayEndWithATornLineWhereItsRunDidNot) {
  const auto entries = in_order_of(1, {entry_of("a", 1), entry_of("b", 2)});
  const std::string text = lines_of(entries);
  const std::size_t first = text.find('\n') + 1;
  for (std::size_t size = first; size < text.size(); size += 9) {
    put(1, text.substr(0, size));
    const auto found = check(1, 1, LastLine::perhaps_torn);
    ASSERT_TRUE(found) << size;
    EXPECT_EQ(found->tally.entries, 1U);
    EXPECT_EQ(found->bytes, first);
    EXPECT_EQ(found->torn_bytes, size - first);
    EXPECT_EQ(check(1, 1, LastLine::whole).has_value(), size == first);
    ASSERT_TRUE(folder.cut(backup_file_name(1, kBucket), found->bytes));
    EXPECT_TRUE(check(1, 1, LastLine::whole));
  }
}

TEST_F(BackupFileTest, IsReadInTheOrderOfAnyNumberOfPartitions) {
  EXPECT_TRUE(rc::check([&](const std::vector<std::pair<std::uint8_t, std::uint8_t>>& drawn) {
    std::vector<Entry> all;
    for (const auto& [key, time] : drawn) all.push_back(entry_of(fmt::format("{}", key), time));
    std::ranges::sort(all, {}, [](const Entry& entry) { return std::pair(entry.key, entry.id()); });
    all.erase(std::unique(all.begin(), all.end()), all.end());
    const auto file_count = *rc::gen::inRange<std::uint32_t>(1, 5);
    std::vector<std::vector<Entry>> parts(file_count);
    for (const Entry& entry : all) {
      parts[*rc::gen::inRange<std::uint32_t>(0, file_count)].push_back(entry);
    }
    std::vector<CheckedFile> files;
    for (std::uint32_t run = 0; run < file_count; ++run) {
      const std::uint32_t partitions = 1U << *rc::gen::inRange(0U, 9U);
      put(run + 1, lines_of(in_order_of(partitions, parts[run])));
      auto checked = check(run + 1, partitions);
      RC_ASSERT(checked.has_value());
      files.push_back(*std::move(checked));
    }
    const std::uint32_t target = 1U << *rc::gen::inRange(0U, 9U);
    const auto read = all_of(files, target);
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == in_order_of(target, all));
  }));
}

TEST_F(BackupFileTest, HoldsAnEntryOnceThatStandsInTwoFiles) {
  const auto entries = in_order_of(4, {entry_of("a", 1), entry_of("b", 2), entry_of("c", 3)});
  put(1, lines_of(entries));
  put(2, lines_of(in_order_of(16, {entries[1]})));
  const auto read = all_of({*check(1, 4), *check(2, 16)}, 8);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, in_order_of(8, entries));
}

TEST_F(BackupFileTest, ThatChangesWhileItIsReadIsAnError) {
  const auto entries = in_order_of(4, {entry_of("a", 1), entry_of("b", 2)});
  put(1, lines_of(entries));
  const auto checked = check(1, 4);
  ASSERT_TRUE(checked);
  put(1, std::string(lines_of(entries).size(), 'x'));
  for (const std::uint32_t target : {1U, 4U, 64U}) {
    EXPECT_EQ(all_of({*checked}, target).error().code, ErrorCode::corrupt);
  }
  put(1, "");
  EXPECT_EQ(all_of({*checked}, 4).error().code, ErrorCode::corrupt);
}

TEST_F(BackupFileTest, IsNoSymbolicLink) {
  const std::string outside = (directory / "outside").string();
  std::ofstream(outside) << lines_of({entry_of("a", 1)});
  std::filesystem::create_symlink(outside, directory / backup_file_name(1, kBucket));
  EXPECT_THAT(check(1, 1).error().message, HasSubstr("symbolic link"));
  EXPECT_FALSE(folder.create(backup_file_name(1, kBucket)));
  EXPECT_FALSE(folder.cut(backup_file_name(1, kBucket), 0));
}

PlacedSource source_of(const std::vector<int>& times) {
  return [times, at = std::size_t{0}]() mutable -> Result<std::optional<Placed>> {
    if (at == times.size()) return std::optional<Placed>();
    return std::optional(Placed{0, entry_of("k", static_cast<std::uint64_t>(times[at++]))});
  };
}

TEST(JoinTest, TellsOfEachEntryWhereItIs) {
  EXPECT_TRUE(rc::check([] {
    const auto some = [] {
      const auto drawn = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 20));
      const std::set<int> sorted(drawn.begin(), drawn.end());
      return std::vector<int>(sorted.begin(), sorted.end());
    };
    const auto left = some();
    const auto right = some();
    std::map<int, Found> told;
    const auto status =
        join(source_of(left), source_of(right), [&](Found where, const Entry& entry) -> Status {
          RC_ASSERT(told.emplace(static_cast<int>(entry.stamp.time.bits()), where).second);
          return {};
        });
    RC_ASSERT(status.has_value());
    for (int time = 0; time < 20; ++time) {
      const bool in_left = std::ranges::find(left, time) != left.end();
      const bool in_right = std::ranges::find(right, time) != right.end();
      RC_ASSERT(told.contains(time) == (in_left || in_right));
      if (!told.contains(time)) continue;
      RC_ASSERT(told[time] == (in_left && in_right ? Found::on_both_sides
                               : in_left           ? Found::only_scanned
                                                   : Found::only_held));
    }
  }));
}

TEST(JoinTest, EndsWithTheFirstError) {
  const auto broken = []() -> Result<std::optional<Placed>> {
    return fail(ErrorCode::unavailable, "no worker");
  };
  const auto visit = [](Found, const Entry&) { return Status(); };
  EXPECT_EQ(join(broken, source_of({1}), visit).error().code, ErrorCode::unavailable);
  EXPECT_EQ(join(source_of({1}), broken, visit).error().code, ErrorCode::unavailable);
  EXPECT_FALSE(join(source_of({1}), source_of({1}), [](Found, const Entry&) -> Status {
    return fail(ErrorCode::cancelled, "enough");
  }));
}

}  // namespace
}  // namespace kipu::cli

// What a backup says of itself, and the digest over many entries.
#include "client/cli/backup_manifest.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace kipu::cli {
namespace {

using namespace std::chrono_literals;

Entry entry_of(const std::string& bucket, const std::string& key, std::uint64_t time) {
  return make_entry(bucket, key, Stamp{StampTime(time), 7}, EntryKind::append, Values{"value"});
}

Tally tally_of(const std::vector<Entry>& entries) {
  Tally tally;
  for (const Entry& entry : entries) tally.add(entry);
  return tally;
}

Manifest some_manifest() {
  Manifest manifest;
  manifest.cluster = ClusterId{Uuid{1, 2}};
  manifest.buckets = {{"default"},
                      {"settings", BucketMode::wmrm, Level::one, Level::all, 1'048'576}};
  manifest.runs = {{1, 1024, WallTime(1'780'000'000'000ms), WallTime(1'780'000'000'123ms)},
                   {3, 64, WallTime(1'780'000'001'000ms), std::nullopt}};
  manifest.files = {{1, "default", 1234, tally_of({entry_of("default", "a", 1)})},
                    {1, "settings", 0, {}}};
  return manifest;
}

TEST(TallyTest, IsTheSameInAnyOrder) {
  EXPECT_TRUE(rc::check([](const std::vector<std::string>& keys) {
    std::vector<Entry> entries;
    for (const std::string& key : keys) entries.push_back(entry_of("b", "k" + key, keys.size()));
    const Tally forward = tally_of(entries);
    std::reverse(entries.begin(), entries.end());
    RC_ASSERT(tally_of(entries) == forward);
    RC_ASSERT(forward.entries == keys.size());
    Tally in_parts;
    for (const Entry& entry : entries) in_parts.add(tally_of({entry}));
    RC_ASSERT(in_parts == forward);
  }));
}

TEST(TallyTest, TellsIdentitiesApart) {
  const std::vector<Entry> all = {entry_of("b", "k", 1),  entry_of("b", "k", 2),
                                  entry_of("b", "l", 1),  entry_of("c", "k", 1),
                                  entry_of("bk", "k", 1), entry_of("b", "kk", 1)};
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(tally_of({all[i]}), tally_of({all[j]}));
  }
  EXPECT_NE(tally_of({all[0], all[0]}).sum, tally_of({all[0]}).sum);
}

TEST(TallyTest, CarriesIntoItsHighHalf) {
  Tally tally{1, {1, ~std::uint64_t{0}}};
  tally.add(Tally{1, {2, 2}});
  EXPECT_EQ(tally, (Tally{2, {4, 1}}));
}

TEST(TallyTest, WritesItsDigestAndReadsIt) {
  const Tally tally = tally_of({entry_of("b", "k", 1)});
  EXPECT_EQ(tally.digest().size(), 32U);
  EXPECT_EQ(Tally::parse_digest(tally.digest()), tally.sum);
  EXPECT_FALSE(Tally::parse_digest("12"));
}

TEST(BackupFileNameTest, SaysRunAndBucket) {
  EXPECT_EQ(backup_file_name(7, "logs"), "0007-logs.jsonl");
  EXPECT_EQ(backup_file_name(12345, "a-b.c"), "12345-a-b.c.jsonl");
  for (const char* name : {"0007-logs.jsonl", "12345-a-b.c.jsonl"}) {
    const auto file = parse_backup_file_name(name);
    ASSERT_TRUE(file) << name;
    EXPECT_EQ(file->name(), name);
  }
}

TEST(BackupFileNameTest, IsNoOther) {
  for (const char* name :
       {"", "0007", "0007-", "0007-.jsonl", "7-logs.jsonl", "0007-logs.json", "0007logs.jsonl",
        "x007-logs.jsonl", "0007-a/b.jsonl", "0007-logs.jsonl.new", "-007-logs.jsonl",
        "backup.json", "99999999999-logs.jsonl", "00007-logs.jsonl"}) {
    EXPECT_FALSE(parse_backup_file_name(name)) << name;
  }
}

TEST(ManifestTest, IsReadAsItWasWritten) {
  const auto read = parse_manifest(manifest_text(some_manifest()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, some_manifest());
}

TEST(ManifestTest, IsRefusedWhereAnythingWasChanged) {
  const std::string text = manifest_text(some_manifest());
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string other = text;
    other.replace(other.find(from), from.size(), to);
    return parse_manifest(other);
  };
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"1048576", "1048577"},
           {"\"mode\": \"wmrm\"", "\"mode\": \"worm\""},
           {"0001-default", "0001-settings"},
           {"1234", "1235"},
           {"\"files\"", "\"fils\""},
           {"{", "["}}) {
    const auto read = changed(from, to);
    ASSERT_FALSE(read) << from;
    EXPECT_EQ(read.error().code, ErrorCode::corrupt) << from;
  }
  EXPECT_EQ(parse_manifest("").error().code, ErrorCode::corrupt);
  EXPECT_EQ(parse_manifest(text.substr(0, text.size() / 2)).error().code, ErrorCode::corrupt);
}

TEST(ManifestTest, OfANewerFormatIsRefusedAsSuch) {
  std::string text = manifest_text(some_manifest());
  text.replace(text.find("\"format\": 1"), 11, "\"format\": 2");
  const auto read = parse_manifest(text);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::newer_format);
}

TEST(ManifestTest, NamesOnlyBucketsAndRunsThatItHas) {
  Manifest manifest = some_manifest();
  manifest.files[0].bucket = "other";
  EXPECT_FALSE(parse_manifest(manifest_text(manifest)));
  manifest = some_manifest();
  manifest.files[0].run = 2;
  EXPECT_FALSE(parse_manifest(manifest_text(manifest)));
  manifest = some_manifest();
  manifest.runs[0].partitions = 3;
  EXPECT_FALSE(parse_manifest(manifest_text(manifest)));
}

}  // namespace
}  // namespace kipu::cli

// The two formats of import and export, and cursors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "client/cli/cursor.h"
#include "client/cli/json_record.h"
#include "client/cli/tsv.h"

namespace kipu::cli {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

Entry some_entry(std::string key, Values values, EntryKind kind = EntryKind::append) {
  return make_entry("default", std::move(key), Stamp{StampTime(1234567), 99}, kind,
                    std::move(values));
}

TEST(TsvTest, EscapesWhatWouldBreakALine) {
  std::string line;
  append_tsv(line, "a\tb", "c\nd\r\\");
  EXPECT_EQ(line, "a\\tb\tc\\nd\\r\\\\\n");
}

TEST(TsvTest, GivesAnyKeyAndValueBack) {
  EXPECT_TRUE(rc::check([](const std::string& key, const std::string& value) {
    RC_PRE(!key.empty());
    std::string line;
    append_tsv(line, key, value);
    RC_ASSERT(line.back() == '\n');
    line.pop_back();
    RC_ASSERT(line.find('\n') == std::string::npos);
    std::string scratch;
    const auto record = parse_tsv(line, scratch);
    RC_ASSERT(record.has_value());
    RC_ASSERT(record->key == key);
    RC_ASSERT(record->value == value);
  }));
}

TEST(TsvTest, SaysWhatIsWrongWithALine) {
  std::string scratch;
  EXPECT_THAT(parse_tsv("no tab", scratch).error().message, HasSubstr("no TAB"));
  EXPECT_THAT(parse_tsv("\tvalue", scratch).error().message, HasSubstr("key is empty"));
  EXPECT_THAT(parse_tsv("a\tb\tc", scratch).error().message, HasSubstr("second TAB"));
  EXPECT_THAT(parse_tsv("a\tb\\x", scratch).error().message, HasSubstr("no escape"));
  EXPECT_THAT(parse_tsv("a\tb\\", scratch).error().message, HasSubstr("no escape"));
  EXPECT_EQ(parse_tsv("", scratch).error().code, ErrorCode::malformed);
}

void expect_same(const Entry& entry) {
  std::string line;
  append_json_record(line, entry);
  const auto record = parse_json_record(line);
  ASSERT_TRUE(record) << line << record.error().message;
  EXPECT_EQ(record->key, entry.key);
  EXPECT_EQ(record->values, entry.values);
  EXPECT_EQ(record->kind, entry.kind);
  EXPECT_EQ(record->stamp, entry.stamp);
}

TEST(JsonRecordTest, GivesEntriesBackExactly) {
  expect_same(some_entry("fruit", Values{"apple"}));
  expect_same(some_entry("fruit", Values{"apple", "", "pear"}));
  expect_same(some_entry("\xFF\0"s, Values{"text", "\xFE\0x"s}));
  expect_same(some_entry("\x01\"\\\n", Values{""}));
  expect_same(some_entry("k", Values{"v"}, EntryKind::put));
  expect_same(some_entry("k", Values{}, EntryKind::remove));
}

TEST(JsonRecordTest, GivesAnyEntryBackExactly) {
  EXPECT_TRUE(rc::check([](const std::string& key, const std::vector<std::string>& list) {
    RC_PRE(!key.empty() && !list.empty());
    Values values;
    for (const std::string& value : list) values.push_back(value);
    const Entry entry = some_entry(key, values);
    std::string line;
    append_json_record(line, entry);
    const auto record = parse_json_record(line);
    RC_ASSERT(record.has_value());
    RC_ASSERT(record->key == key);
    RC_ASSERT(record->values == values);
  }));
}

TEST(JsonRecordTest, WritesTextAsTextAndBytesAsBase64) {
  std::string line;
  append_json_record(line, some_entry("żółw", Values{"\xFF"}));
  EXPECT_THAT(line, HasSubstr(R"("key":"żółw","value_b64":"/w==")"));
}

TEST(JsonRecordTest, NeedsOnlyAKeyAndAValue) {
  const auto record = parse_json_record(R"({"key":"a","value":"b","extra":1})");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->values, (Values{"b"}));
  EXPECT_FALSE(record->stamp);
  EXPECT_FALSE(record->kind);
}

TEST(JsonRecordTest, RefusesALineThatWasAltered) {
  std::string line;
  append_json_record(line, some_entry("fruit", Values{"apple"}));
  line.replace(line.find("apple"), 5, "apply");
  EXPECT_EQ(parse_json_record(line).error().code, ErrorCode::bad_digest);
}

TEST(JsonRecordTest, SaysWhatIsWrongWithALine) {
  const auto wrong = [](const char* line) {
    const auto record = parse_json_record(line);
    return record ? "nothing" : record.error().message;
  };
  EXPECT_THAT(wrong("key\tvalue"), HasSubstr("no JSON"));
  EXPECT_THAT(wrong("[1]"), HasSubstr("no JSON object"));
  EXPECT_THAT(wrong(R"({"value":"b"})"), HasSubstr("no \"key\""));
  EXPECT_THAT(wrong(R"({"key":"","value":"b"})"), HasSubstr("key is empty"));
  EXPECT_THAT(wrong(R"({"key":"a"})"), HasSubstr("neither"));
  EXPECT_THAT(wrong(R"({"key":1,"value":"b"})"), HasSubstr("no string"));
  EXPECT_THAT(wrong(R"({"key":"a","value_b64":"?"})"), HasSubstr("base 64"));
  EXPECT_THAT(wrong(R"({"key":"a","value":"b","stamp":"12"})"), HasSubstr("32 hex"));
  EXPECT_THAT(wrong(R"({"key":"a","value":"b","kind":"x"})"), HasSubstr("kind"));
  EXPECT_THAT(wrong(R"({"key":"a","value":"b","kind":"remove"})"), HasSubstr("removal"));
}

TEST(CursorTest, GivesBackWhatItPrinted) {
  const Cursor cursor{{{StampTime(0x0123456789ABCDEF), 7}, Digest{0xFEDCBA9876543210}}, 12};
  EXPECT_EQ(Cursor::parse(cursor.to_string()), cursor);
}

TEST(CursorTest, RefusesAnythingElse) {
  const std::string good = Cursor{{{StampTime(1), 2}, Digest{3}}, 4}.to_string();
  for (const std::string& bad : {""s, good.substr(1), good.substr(0, good.size() - 1), good + "x",
                                 std::string(good.size(), '-')}) {
    EXPECT_FALSE(Cursor::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace kipu::cli

// The two formats of import and export, and cursors.
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "client/cli/cursor.h"
#include "client/cli/json_record.h"
#include "client/cli/record_line.h"
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

TEST(TsvTest, EscapesWhatAnEditorOrAReaderOfTextWouldChange) {
  std::string lines;
  append_tsv(lines, "\xEF\xBB\xBFkey"s, "a\0b"s);
  append_tsv(lines, "\xFF\xFEkey"s, "\xEF\xBB\xBF"s);
  EXPECT_EQ(lines, "\\xEF\\xBB\\xBFkey\ta\\x00b\n\\xFF\\xFEkey\t\xEF\xBB\xBF\n");
}

// What comes of each line: `key|value`, or what is said to be wrong with it.
TEST(TsvTest, TakesALineForWhatItSaysOrRefusesIt) {
  struct Case {
    std::string line;
    std::string outcome;
  };
  const std::vector<Case> cases{
      {"k\tv", "k|v"},
      {"k\t", "k|"},
      {" k \t v ", " k | v "},  // blanks are bytes like any
      {"k\t\\x41\\x0a\\\\", "k|A\n\\"},
      {"", "no TAB"},
      {" ", "no TAB"},
      {"no tab", "no TAB"},
      {"\t", "key is empty"},
      {"\tvalue", "key is empty"},
      {"a\tb\tc", "second TAB"},
      {"a\tb\\q", "no escape"},
      {"a\tb\\", "no escape"},
      {"a\tb\\x4", "no escape"},
      {"a\tb\\xg0", "no escape"},
      {"a\tb\\x-1", "no escape"},
      {"a\tb\rc", "write \\r"},
      {"a\r\tb", "write \\r"},
      {"a\tb\r", "write \\r"},  // the CR of a CRLF was taken off before
      {"a\tb\0c"s, "write \\x00"},
      {"\xEF\xBB\xBF"s + "a\tb", "byte order mark"},
  };
  for (const Case& each : cases) {
    std::string scratch;
    const auto record = parse_tsv(each.line, scratch);
    if (record) {
      EXPECT_EQ(fmt::format("{}|{}", record->key, record->value), each.outcome) << each.line;
    } else {
      EXPECT_EQ(record.error().code, ErrorCode::malformed);
      EXPECT_THAT(record.error().message, HasSubstr(each.outcome)) << each.line;
    }
  }
}

TEST(RecordLineTest, TakesOffTheMarkOfAFirstLineAndTheCrOfEach) {
  EXPECT_EQ(record_text("\xEF\xBB\xBFk\tv\r", 1, '\n'), "k\tv");
  EXPECT_EQ(record_text("\xEF\xBB\xBFk\tv\r", 2, '\n'), "\xEF\xBB\xBFk\tv");
  EXPECT_EQ(record_text("k\tv\r\r", 2, '\n'), "k\tv\r");
  EXPECT_EQ(record_text("k\tv \t", 1, '\n'), "k\tv \t");
  EXPECT_EQ(record_text("\xEF\xBB\xBF", 1, '\n'), "");
  EXPECT_EQ(record_text("", 1, '\n'), "");
  // Where lines end with NUL, a CR is no part of their end.
  EXPECT_EQ(record_text("k\tv\r", 1, '\0'), "k\tv\r");
  // A key may hold NUL, which makes no UTF-16 of it.
  EXPECT_EQ(record_text("k\0ey\tv"s, 1, '\n'), "k\0ey\tv"s);
}

TEST(RecordLineTest, RefusesAFileOfAnotherEncoding) {
  for (const auto& [line, encoding] :
       std::vector<std::pair<std::string, std::string>>{{"\xFF\xFEk\0\t\0v\0"s, "UTF-16 "},
                                                        {"\xFE\xFF\0k\0\t\0v"s, "UTF-16 "},
                                                        {"\xFF\xFE\0\0k\0\0\0"s, "UTF-32 "},
                                                        {"\0\0\xFE\xFF\0\0\0k"s, "UTF-32 "},
                                                        {"k\0\t\0v\0"s, "UTF-16LE "},
                                                        {"\0k\0\t\0v"s, "UTF-16BE "}}) {
    const auto refused = record_text(line, 1, '\n');
    ASSERT_FALSE(refused) << encoding;
    // No line of it is right, so that none may be passed over as a bad one.
    EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
    EXPECT_THAT(refused.error().message, HasSubstr("iconv -f " + encoding));
    EXPECT_TRUE(record_text(line, 2, '\n'));
  }
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
  const auto record = parse_json_record(R"({"key":"a","value":"b"})");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->values, (Values{"b"}));
  EXPECT_FALSE(record->bucket);
  EXPECT_FALSE(record->stamp);
  EXPECT_FALSE(record->digest);
  EXPECT_FALSE(record->kind);
}

TEST(JsonRecordTest, IsTheEntryOfItsDigestOrRefused) {
  std::string line;
  append_json_record(line, some_entry("fruit", Values{"apple"}));
  const auto record = parse_json_record(line);
  ASSERT_TRUE(record);
  EXPECT_TRUE(check_digest(*record, "default", EntryKind::append));
  EXPECT_EQ(check_digest(*record, "other", EntryKind::append).error().code, ErrorCode::bad_digest);
  EXPECT_EQ(check_digest(*record, "default", EntryKind::put).error().code, ErrorCode::bad_digest);
  line.replace(line.find("apple"), 5, "apply");
  const auto altered = parse_json_record(line);
  ASSERT_TRUE(altered);
  EXPECT_EQ(check_digest(*altered, "default", EntryKind::append).error().code,
            ErrorCode::bad_digest);
}

// What comes of each line: `key=value,value`, or what is said to be wrong with it.
TEST(JsonRecordTest, TakesALineForWhatItSaysOrRefusesIt) {
  struct Case {
    std::string line;
    std::string outcome;
  };
  const std::string stamp = R"("stamp":"01a22ebd18a30000b522e818af04f5c6")";
  const std::vector<Case> cases{
      {R"({"key":"a","value":"b"})", "a=b"},
      {R"( { "key" : "a" , "value" : "b" } )"
       "\r",
       "a=b"},
      {R"({"key":"a","values":["b","","c"]})", "a=b,,c"},
      {R"({"key_b64":"YQ==","values_b64":["Yg==","Yw=="]})", "a=b,c"},
      {R"({"k\u0065y":"a","value":"\u0000\ud83d\ude00"})", "a=\0😀"s},
      {R"({"key":"a","kind":"remove"})", "a="},
      // Fields that are there twice, in one name or in several, or that nobody knows.
      {R"({"key":"a","value":"b","value":"c"})", "\"value\" is given twice"},
      {R"({"key":"a","k\u0065y":"c","value":"b"})", "\"key\" is given twice"},
      {R"({"key":"a","value":"b","value_b64":"Yg=="})", "both \"value\" and \"value_b64\""},
      {R"({"key":"a","value":"b","values":["c"]})", "both \"value\" and \"values\""},
      {R"({"key":"a","values":["b"],"values_b64":["Yw=="]})", "both"},
      {R"({"key":"a","key_b64":"YQ==","value":"b"})", "both \"key\" and \"key_b64\""},
      {R"({"key":"a","value":"b","stmap":"1"})", "no field 'stmap': did you mean 'stamp'?"},
      {R"({"key":"a","value":"b","Key":"c"})", "no field 'Key': did you mean 'key'?"},
      {R"({"key":"a","value":"b","":"c"})", "no field ''"},
      {R"({"key":"a","value":"b","extra":{"key":"c"}})", "no field 'extra'"},
      // Anything but strings.
      {R"({"key":"a","value":12})", "\"value\" is a number, no string"},
      {R"({"key":"a","value":-1})", "\"value\" is a number"},
      {R"({"key":"a","value":1.5})", "\"value\" is a number"},
      {R"({"key":"a","value":123456789012345678901234567890})", "\"value\" is a number"},
      {R"({"key":"a","value":1e999})", "no JSON"},
      {R"({"key":"a","value":true})", "\"value\" is true, no string"},
      {R"({"key":"a","value":null})", "\"value\" is null, no string"},
      {R"({"key":"a","value":{"x":"b"}})", "\"value\" is an object, no string"},
      {R"({"key":"a","value":["b"]})", "\"value\" is an array, no string"},
      {R"({"key":"a","values":"b"})", "\"values\" is no array"},
      {R"({"key":"a","values":["b",1]})", "\"values\" holds a number, no string"},
      {R"({"key":"a","values":[["b"]]})", "\"values\" holds an array, no string"},
      {R"({"key":"a","values":[null]})", "\"values\" holds null, no string"},
      {R"({"key":1,"value":"b"})", "\"key\" is a number, no string"},
      {R"({"key":"a","value":"b","stamp":null})", "\"stamp\" is null, no string"},
      {R"({"key":"a","value":)" + std::string(100'000, '['), "\"value\" holds an array"},
      {std::string(100'000, '['), "no JSON object"},
      // What is no JSON, or more than one object.
      {"key\tvalue", "no JSON"},
      {"[1]", "no JSON object"},
      {"\"text\"", "no JSON object"},
      {"12", "no JSON object"},
      {R"({"key":"a","value":"b"}{"key":"a","value":"c"})", "no JSON"},
      {R"({"key":"a","value":"b"},)", "no JSON"},
      {R"({"key":"a","value":"b")", "no JSON"},
      {R"({'key':'a'})", "no JSON"},
      {R"({"key":"a","value":"\ud800"})", "surrogate"},
      {R"({"key":"a","value":"\udc00x"})", "surrogate"},
      {"{\"key\":\"a\",\"value\":\"\xFF\"}", "UTF-8"},
      {"{\"key\":\"a\",\"value\":\"b\tc\"}", "control character"},
      {"{\"key\":\"a\",\"value\":\"b\"}\0{}"s, "NUL"},
      {"{\"key\":\"a\",\"value\":\"b\0c\"}"s, "NUL"},
      // Fields that say nothing sensible.
      {R"({"value":"b"})", "no \"key\""},
      {R"({"key":"","value":"b"})", "key is empty"},
      {R"({"key":"a"})", "neither"},
      {R"({"key":"a","values":[]})", "neither"},
      {R"({"key":"a","value_b64":"?"})", "base 64"},
      {R"({"key":"a","value_b64":"YQ"})", "base 64"},
      {R"({"key":"a","value_b64":"YQ=="} )", "a=a"},
      {R"({"key":"a","value_b64":"YR=="})", "base 64"},  // bits after the last byte
      {R"({"key":"a","values_b64":["Yg==","*"]})", "base 64"},
      {R"({"key":"a","value":"b","stamp":"12"})", "32 hex"},
      {R"({"key":"a","value":"b","kind":"x"})", "kind"},
      {R"({"key":"a","value":"b","kind":"remove"})", "removal"},
      {R"({"key":"a","values":["b","c"],"kind":"put"})", "several"},
      {R"({"key":"a","value":"b","bucket":"no/name"})", "no bucket name"},
      {R"({"key":"a","value":"b","bucket":""})", "no bucket name"},
      {R"({"key":"a","value":"b","digest":"0123456789abcdef"})", "without the \"stamp\""},
      {R"({"key":"a","value":"b",)" + stamp + R"(,"digest":"123"})", "16 hex"},
      {R"({"key":"a","value":"b",)" + stamp + R"(,"digest":"-123456789abcdef"})", "16 hex"},
      {R"({"key":"a","value":"b",)" + stamp + R"(,"digest":"0123456789abcdef"})", "a=b"},
  };
  for (const Case& each : cases) {
    const auto record = parse_json_record(each.line);
    if (record) {
      std::string got = record->key + "=";
      for (const std::string_view value : record->values) {
        if (!got.ends_with('=')) got += ',';
        got += value;
      }
      EXPECT_EQ(got, each.outcome) << each.line;
    } else {
      EXPECT_EQ(record.error().code, ErrorCode::malformed);
      EXPECT_THAT(record.error().message, HasSubstr(each.outcome)) << each.line.substr(0, 200);
      EXPECT_LT(record.error().message.size(), 200U);
    }
  }
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

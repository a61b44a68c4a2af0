// What commands make of their options.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "client/cli/get_request.h"
#include "client/cli/import_request.h"
#include "client/cli/settings.h"
#include "client/cli/up_request.h"
#include "tests/support/process.h"

namespace kipu::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const WallTime kNow{std::chrono::milliseconds(1'780'000'000'000)};

Arguments with(const std::vector<std::pair<std::string, std::string>>& options) {
  Arguments arguments;
  for (const auto& [name, value] : options) arguments.add_option(name, value);
  return arguments;
}

GetRequest get(const std::vector<std::pair<std::string, std::string>>& options) {
  const auto request = parse_get(with(options), kNow);
  EXPECT_TRUE(request);
  return request.value_or(GetRequest{});
}

TEST(GetRequestTest, ReadsEverythingByDefault) {
  const GetRequest request = get({});
  EXPECT_FALSE(request.read.first);
  EXPECT_FALSE(request.read.last);
  EXPECT_FALSE(request.limit);
  EXPECT_FALSE(request.read.reverse);
}

TEST(GetRequestTest, ChoosesTheSameValuesWhicheverWayTheyAreShown) {
  EXPECT_EQ(get({{"first", "3"}}).read.first, 3U);
  EXPECT_EQ(get({{"last", "3"}}).read.last, 3U);
  EXPECT_EQ(get({{"last", "3"}, {"reverse", ""}}).read.first, 3U);
  EXPECT_EQ(get({{"first", "3"}, {"reverse", ""}}).read.last, 3U);
}

TEST(GetRequestTest, AsksForOneMoreThanItsLimitToKnowWhetherThereIsMore) {
  const GetRequest request = get({{"limit", "10"}});
  EXPECT_EQ(request.read.first, 11U);
  EXPECT_LT(request.read.page_entries, 20U);
  EXPECT_TRUE(request.tell_more);
}

TEST(GetRequestTest, IncludesTheMillisecondOfAsOf) {
  const GetRequest request = get({{"as-of", "2026-05-06T00:00:00Z"}});
  const GetRequest until = get({{"until", "2026-05-06T00:00:00.001Z"}});
  EXPECT_EQ(request.read.until, until.read.until);
}

TEST(GetRequestTest, GoesOnAfterACursorWithinAnEntry) {
  const Cursor at{{{StampTime(500), 2}, Digest{3}}, 4};
  const GetRequest request = get({{"cursor", at.to_string()}});
  EXPECT_EQ(request.read.since, StampTime(500));
  EXPECT_TRUE(request.seen(at));
  EXPECT_TRUE(request.seen({at.id, 3}));
  EXPECT_FALSE(request.seen({at.id, 5}));
  EXPECT_FALSE(request.seen({{{StampTime(500), 3}, Digest{0}}, 0}));
}

TEST(GetRequestTest, GoesOnBackwardBeforeACursor) {
  const Cursor at{{{StampTime(500), 2}, Digest{3}}, 4};
  const GetRequest request = get({{"cursor", at.to_string()}, {"reverse", ""}});
  EXPECT_EQ(request.read.until, StampTime(501));
  EXPECT_TRUE(request.seen({at.id, 5}));
  EXPECT_FALSE(request.seen({at.id, 3}));
}

TEST(GetRequestTest, RefusesWhatExcludesEachOther) {
  EXPECT_FALSE(parse_get(with({{"first", "1"}, {"last", "1"}}), kNow));
  EXPECT_FALSE(parse_get(with({{"until", "1m"}, {"as-of", "1m"}}), kNow));
  EXPECT_FALSE(parse_get(with({{"limit", "many"}}), kNow));
  for (const char* amount : {"first", "last", "limit"}) {
    EXPECT_FALSE(parse_get(with({{amount, "0"}}), kNow));
  }
  EXPECT_FALSE(parse_get(with({{"cursor", "here"}}), kNow));
  const std::string cursor = Cursor{}.to_string();
  EXPECT_FALSE(parse_get(with({{"cursor", cursor}, {"last", "1"}}), kNow));
}

TEST(GetRequestTest, ReadsFromTheWorkerThatIsNamed) {
  EXPECT_FALSE(get({}).read.from_worker);
  EXPECT_EQ(get({{"from", "w2"}}).read.from_worker, WorkerId{2});
  EXPECT_EQ(get({{"from", "17"}}).read.from_worker, WorkerId{17});
  for (const char* wrong : {"", "w", "0", "w0", "two", "w-1", "w4294967296"}) {
    EXPECT_FALSE(parse_get(with({{"from", wrong}}), kNow)) << wrong;
  }
  EXPECT_FALSE(parse_get(with({{"from", "w1"}, {"level", "one"}}), kNow));
}

TEST(SettingsTest, FlagBeatsEnvironmentBeatsFile) {
  Config config;
  config.brokers = {"tcp://file:1"};
  config.bucket = "of-file";
  EXPECT_THAT(settle({}, std::nullopt, config)->brokers, ElementsAre("tcp://file:1"));
  EXPECT_THAT(settle({}, "tcp://a:1,tcp://b:2", config)->brokers,
              ElementsAre("tcp://a:1", "tcp://b:2"));
  const Arguments flags = with({{"broker", "tcp://flag:1"}, {"bucket", "of-flag"}});
  const auto settings = settle(flags, "tcp://a:1", config);
  EXPECT_THAT(settings->brokers, ElementsAre("tcp://flag:1"));
  EXPECT_EQ(settings->bucket, "of-flag");
  EXPECT_EQ(settle({}, std::nullopt, config)->bucket, "of-file");
  EXPECT_THAT(settle({}, std::nullopt, {})->brokers, ElementsAre("tcp://127.0.0.1:7400"));
}

TEST(SettingsTest, ABrokerBeatsAnEmbeddedStoreOfLessRank) {
  Config config;
  config.embedded = "/store";
  EXPECT_EQ(settle({}, std::nullopt, config)->embedded, "/store");
  EXPECT_FALSE(settle({}, "tcp://a:1", config)->embedded);
  EXPECT_EQ(settle(with({{"embedded", "/flag"}}), "tcp://a:1", config)->embedded, "/flag");
}

TEST(SettingsTest, RefusesWhatIsOutOfRange) {
  EXPECT_FALSE(settle(with({{"bucket", "no blanks"}}), std::nullopt, {}));
  EXPECT_FALSE(settle(with({{"timeout", "5"}}), std::nullopt, {}));
  EXPECT_FALSE(settle(with({{"level", "most"}}), std::nullopt, {}));
  EXPECT_FALSE(settle(with({{"output", "xml"}}), std::nullopt, {}));
  EXPECT_FALSE(settle(with({{"broker", "a"}, {"embedded", "b"}}), std::nullopt, {}));
}

TEST(SettingsTest, IsRawWherePipedAndTextOnATerminal) {
  Settings settings;
  EXPECT_EQ(style_of(settings, true, false).format, Format::text);
  EXPECT_TRUE(style_of(settings, true, false).color);
  EXPECT_FALSE(style_of(settings, true, true).color);
  EXPECT_EQ(style_of(settings, false, false).format, Format::raw);
  EXPECT_FALSE(style_of(settings, false, false).color);
  settings.null_terminated = true;
  EXPECT_EQ(style_of(settings, true, false).format, Format::raw);
  EXPECT_EQ(style_of(settings, true, false).terminator, '\0');
}

TEST(ConfigTest, ReadsTheNamesOfTheFlags) {
  const auto config = parse_config(
      "broker = [\"tcp://a:1\", \"tcp://b:2\"]\ntimeout = \"2s\"\ncolor = false\n", "kipu.toml");
  ASSERT_TRUE(config);
  EXPECT_THAT(config->brokers, ElementsAre("tcp://a:1", "tcp://b:2"));
  EXPECT_EQ(config->timeout, "2s");
  EXPECT_EQ(config->color, false);
}

TEST(ConfigTest, NamesWhatItDoesNotKnow) {
  EXPECT_THAT(parse_config("brokr = \"x\"", "kipu.toml").error().message, HasSubstr("'brokr'"));
  EXPECT_THAT(parse_config("timeout = 5", "kipu.toml").error().message, HasSubstr("timeout"));
  EXPECT_THAT(parse_config("a = ", "kipu.toml").error().message, HasSubstr("line 1"));
}

TEST(ConfigTest, WaitsForNobodyWhereAPipeLiesInThePlaceOfTheFile) {
  const test::TempDirectory home;
  EXPECT_TRUE(load_config(home / "kipu.toml"));
  ASSERT_EQ(::mkfifo((home / "kipu.toml").c_str(), 0600), 0);
  EXPECT_THAT(load_config(home / "kipu.toml").error().message,
              AllOf(HasSubstr("is a named pipe"), HasSubstr("`mv ")));
}

TEST(ImportRequestTest, TellsTheFormatByTheName) {
  EXPECT_EQ(record_format({}, "words.tsv").value(), RecordFormat::tsv);
  EXPECT_EQ(record_format({}, "-").value(), RecordFormat::jsonl);
  EXPECT_EQ(record_format(with({{"format", "tsv"}}), "-").value(), RecordFormat::tsv);
  EXPECT_FALSE(record_format(with({{"format", "csv"}}), "-"));
}

TEST(UpRequestTest, MakesANewClusterOfThreeWorkersAndAsManyReplicas) {
  const ClusterId fresh{Uuid{1, 2}};
  const auto record = settle_record(UpRequest{}, std::nullopt, fresh);
  ASSERT_TRUE(record);
  EXPECT_EQ(*record, (ClusterRecord{fresh, 3, 3, 1024, false}));
  UpRequest request;
  request.workers = 2;
  EXPECT_EQ(settle_record(request, std::nullopt, fresh)->replicas, 2U);
  request.workers = 5;
  EXPECT_EQ(settle_record(request, std::nullopt, fresh)->replicas, 3U);
}

TEST(UpRequestTest, RunsTheClusterThatIsThere) {
  const ClusterRecord found{ClusterId{Uuid{1, 2}}, 5, 1, 256, true};
  EXPECT_EQ(settle_record(UpRequest{}, found, ClusterId{Uuid{3, 4}}).value(), found);
  UpRequest same;
  same.workers = 5;
  EXPECT_EQ(settle_record(same, found, ClusterId{Uuid{3, 4}}).value(), found);
}

TEST(UpRequestTest, RefusesAnotherNumberOfWorkersWithTheRemedy) {
  const ClusterRecord found{ClusterId{Uuid{1, 2}}, 5, 1, 256, true};
  UpRequest other;
  other.workers = 3;
  const auto record = settle_record(other, found, ClusterId{Uuid{3, 4}});
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::unsupported);
  EXPECT_THAT(record.error().message, HasSubstr("5 workers"));
  EXPECT_THAT(record.error().message, HasSubstr("--data"));
}

TEST(UpRequestTest, KeepsAsManyReplicasAsItIsTold) {
  const auto request = parse_up(with({{"replicas", "2"}, {"workers", "5"}}));
  ASSERT_TRUE(request);
  EXPECT_EQ(settle_record(*request, std::nullopt, ClusterId{Uuid{1, 2}})->replicas, 2U);
  EXPECT_EQ(parse_up(with({{"replicas", "0"}})).error().code, ErrorCode::invalid_argument);
}

TEST(UpRequestTest, HasAsManyWorkersAsReplicasNeed) {
  const auto request = parse_up(with({{"replicas", "5"}}));
  ASSERT_TRUE(request);
  EXPECT_EQ(settle_record(*request, std::nullopt, ClusterId{Uuid{1, 2}})->workers, 5U);
  const auto refused = parse_up(with({{"replicas", "4"}, {"workers", "3"}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(refused.error().message, HasSubstr("--workers 4"));
}

TEST(UpRequestTest, KeepsTheReplicasOfADirectoryMadeBefore) {
  const ClusterRecord found{ClusterId{Uuid{1, 2}}, 5, 2, 256, true};
  EXPECT_EQ(settle_record(UpRequest{}, found, ClusterId{Uuid{3, 4}}).value(), found);
  UpRequest other;
  other.replicas = 3;
  const auto record = settle_record(other, found, ClusterId{Uuid{3, 4}});
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, ErrorCode::unsupported);
  EXPECT_THAT(record.error().message, HasSubstr("2 replicas of each partition"));
  EXPECT_THAT(record.error().message, HasSubstr("--replicas"));
}

TEST(UpRequestTest, RefusesWhatIsOutOfRange) {
  EXPECT_FALSE(parse_up(with({{"workers", "0"}})));
  EXPECT_FALSE(parse_up(with({{"workers", "5000"}})));
  EXPECT_FALSE(parse_up(with({{"partitions", "1000"}})));
  EXPECT_FALSE(parse_up(with({{"port", "65535"}})));
}

TEST(ClusterRecordTest, GivesBackWhatItWrote) {
  const ClusterRecord record{ClusterId{Uuid{1, 2}}, 3, 1, 1024, true};
  EXPECT_EQ(parse_record(format_record(record)).value(), record);
  EXPECT_EQ(parse_record("").error().code, ErrorCode::corrupt);
  EXPECT_EQ(parse_record(format_record(record) + "more=1\n").error().code, ErrorCode::corrupt);
  for (const std::uint32_t replicas : {0U, 4U}) {
    const ClusterRecord none{ClusterId{Uuid{1, 2}}, 3, replicas, 1024, true};
    EXPECT_EQ(parse_record(format_record(none)).error().code, ErrorCode::corrupt);
  }
}

}  // namespace
}  // namespace kipu::cli

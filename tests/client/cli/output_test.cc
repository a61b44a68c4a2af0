// What goes to standard output, in each format.
#include "client/cli/output.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/results.h"
#include "client/cli/up_report.h"

namespace kipu::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

Style styled(Format format) {
  Style style;
  style.format = format;
  return style;
}

// Everything that `fill` shows, as it would reach standard output.
template <class Fill>
std::string shown(const Style& style, Fill fill) {
  std::ostringstream all;
  {
    Output out(all, style);
    fill(out);
  }
  return all.str();
}

Item item(std::string value, std::uint32_t index = 0) {
  return Item{{{StampTime::at(WallTime(std::chrono::milliseconds(0))), 7}, Digest{9}},
              EntryKind::append,
              index,
              std::move(value)};
}

std::string values_shown(const Style& style, const std::vector<Item>& items, bool stamps = false) {
  return shown(style, [&](Output& out) {
    List list(out, "values");
    for (const Item& each : items) list.add(ValueRow{&each, stamps, false});
    list.finish();
  });
}

TEST(OutputTest, ShowsValuesByteForByteWhenRaw) {
  EXPECT_EQ(values_shown(styled(Format::raw), {item("a\xFF\x1b"), item("")}), "a\xFF\x1b\n\n");
}

TEST(OutputTest, EndsRawValuesWithNulWhenAsked) {
  Style style = styled(Format::raw);
  style.terminator = '\0';
  EXPECT_EQ(values_shown(style, {item("a\nb"), item("c")}), std::string("a\nb\0c\0", 6));
}

TEST(OutputTest, ShowsNothingOnATerminalThatItWouldObey) {
  EXPECT_EQ(values_shown(styled(Format::text), {item("a\x1b[2J\xFF")}), "a\\x1B[2J\\xFF\n");
}

TEST(OutputTest, ShowsStampsBesideValues) {
  EXPECT_EQ(values_shown(styled(Format::raw), {item("v")}, true),
            "00000000000000000000000000000007\tv\n");
  EXPECT_EQ(values_shown(styled(Format::text), {item("v")}, true),
            "1970-01-01T00:00:00.000Z  00000000000000000000000000000007  v\n");
}

TEST(OutputTest, WritesOneObjectALine) {
  EXPECT_EQ(
      values_shown(styled(Format::jsonl), {item("v"), item("\xFF", 1)}),
      R"({"value":"v","stamp":"00000000000000000000000000000007","time":"1970-01-01T00:00:00.000Z","index":0})"
      "\n"
      R"({"value_b64":"/w==","stamp":"00000000000000000000000000000007","time":"1970-01-01T00:00:00.000Z","index":1})"
      "\n");
}

TEST(OutputTest, WritesOneDocumentWithWhatStandsBesideTheRows) {
  const std::string json = shown(styled(Format::json), [](Output& out) {
    List list(out, "keys");
    list.add(KeyRow{"a"});
    list.add(KeyRow{"b\n"});
    list.finish([](JsonWriter& more) { more.member("next_cursor", "x"); });
  });
  EXPECT_EQ(json, R"({"keys":[{"key":"a"},{"key":"b\n"}],"next_cursor":"x"})"
                  "\n");
}

TEST(OutputTest, WritesAnEmptyDocumentForAnEmptyList) {
  EXPECT_EQ(values_shown(styled(Format::json), {}), "{\"values\":[]}\n");
  EXPECT_EQ(values_shown(styled(Format::jsonl), {}), "");
}

// What was shown before an error: no parser takes it for the whole answer.
TEST(OutputTest, LeavesADocumentWithoutItsEndWhereTheListWasNotFinished) {
  const auto unfinished = [](Format format, int rows) {
    return shown(styled(format), [&](Output& out) {
      List list(out, "keys");
      for (int row = 0; row < rows; ++row) list.add(KeyRow{"a"});
    });
  };
  EXPECT_EQ(unfinished(Format::json, 0), "");
  EXPECT_EQ(unfinished(Format::json, 2), "{\"keys\":[{\"key\":\"a\"},{\"key\":\"a\"}\n");
  EXPECT_EQ(unfinished(Format::jsonl, 1), "{\"key\":\"a\"}\n");
}

TEST(OutputTest, FlushesTheFirstRowBeforeTheSecond) {
  std::ostringstream all;
  Output out(all, styled(Format::raw));
  List list(out, "keys");
  list.add(KeyRow{"first"});
  EXPECT_EQ(all.str(), "first\n");
  list.finish();
}

TEST(OutputTest, ShowsErrorsAsALineOrAnObject) {
  const ErrorReport report{{ErrorCode::unknown_bucket, "no bucket 'x'"}, Exit::refused};
  const auto in = [&](Format format) {
    return shown(styled(format), [&](Output& out) { show(out, report); });
  };
  EXPECT_EQ(in(Format::text), "kipu: no bucket 'x'\n");
  EXPECT_EQ(in(Format::json),
            R"({"error":{"code":"unknown_bucket","message":"no bucket 'x'","exit":1}})"
            "\n");
}

TEST(OutputTest, PaintsOnlyWhereColoursAreShown) {
  Style style = styled(Format::text);
  EXPECT_EQ(painted(style, Paint::red, "x"), "x");
  style.color = true;
  EXPECT_EQ(painted(style, Paint::red, "x"), "\x1b[31mx\x1b[0m");
}

TEST(OutputTest, AlignsTablesByWhatIsSeen) {
  Table table({"a", "b"});
  table.add({"żółw", "1"});
  table.add({"x", "2"});
  std::string out;
  table.render(styled(Format::text), out);
  EXPECT_EQ(out, "a     b\nżółw  1\nx     2\n");
}

StatusReport sick_status() {
  StatusReport report;
  report.status.in_force = {1, 2, 3};
  report.status.partitions = 8;
  report.status.wall = WallTime(std::chrono::hours(1));
  WorkerStatus worker;
  worker.id = WorkerId{1};
  worker.liveness = Liveness::suspect;
  worker.partitions = 8;
  report.status.workers.push_back(worker);
  report.verdict = judge(report.status);
  return report;
}

TEST(OutputTest, LeadsStatusWithTheVerdict) {
  const std::string text =
      shown(styled(Format::text), [](Output& out) { show(out, sick_status()); });
  EXPECT_TRUE(text.starts_with("unhealthy\n  - w1 is suspect"));
  const std::string json =
      shown(styled(Format::json), [](Output& out) { show(out, sick_status()); });
  EXPECT_TRUE(json.starts_with(R"({"healthy":false,"reasons":["w1 is suspect)"));
  EXPECT_THAT(json, HasSubstr(R"("share":1,)"));
}

TEST(OutputTest, ShowsLagAndWholenessOfEachReplica) {
  StatusReport report = sick_status();
  report.status.workers[0].health.not_whole = 3;
  report.status.workers[0].health.why_not_whole = "rolled back";
  WorkerStatus origin;
  origin.id = WorkerId{2};
  origin.health.lags = {{WorkerId{1}, 1'234, std::chrono::milliseconds(2500)}};
  report.status.workers.push_back(origin);
  const auto in = [&](Format format) {
    return shown(styled(format), [&](Output& out) { show(out, report); });
  };
  EXPECT_THAT(in(Format::text), HasSubstr("no: 3  1,234, 2.5 s\n"));
  const std::string json = in(Format::json);
  EXPECT_THAT(json, HasSubstr(R"("whole":false,"not_whole":3,"why_not_whole":"rolled back",)"
                              R"("lag_entries":1234,"lag_seconds":2.5,"lags":[])"));
  EXPECT_THAT(json, HasSubstr(R"("lags":[{"replica":"w1","entries":1234,"seconds":2.5}])"));
}

TEST(OutputTest, TellsHowToReachAClusterOnAnotherPort) {
  UpReport report{"/data", "tcp://127.0.0.1:9", true, {}};
  std::string text;
  render(report, styled(Format::text), text);
  EXPECT_THAT(text, HasSubstr("export KIPU_BROKER=tcp://127.0.0.1:9"));
  report.endpoint = "tcp://127.0.0.1:7400";
  text.clear();
  render(report, styled(Format::text), text);
  EXPECT_THAT(text, Not(HasSubstr("KIPU_BROKER")));
}

TEST(OutputTest, NamesTheProcessesOfAClusterAndWhatAilsThem) {
  UpReport report{"/data", "tcp://127.0.0.1:9", true, {}};
  report.processes.resize(2);
  report.processes[0].state.name = "worker-1";
  report.processes[0].state.pid = 12;
  report.processes[1].state.name = "worker-2";
  report.processes[1].state.exit = "exit code 5";
  report.processes[1].state.remedy = "kipu worker replace w2";
  report.processes[1].trouble = "exit code 5: it is damaged";
  std::string text;
  render(report, styled(Format::text), text);
  EXPECT_THAT(text, HasSubstr("worker-1     process 12\n"));
  EXPECT_THAT(text, HasSubstr("worker-2     does not serve: exit code 5: it is damaged\n"));
  text.clear();
  render(report, styled(Format::json), text);
  EXPECT_THAT(text, HasSubstr(R"("processes":{"worker-1":12,"worker-2":0})"));
  EXPECT_THAT(text, HasSubstr(R"("not_serving":[{"name":"worker-2","exit":"exit code 5",)"));
  EXPECT_THAT(text, HasSubstr(R"("remedy":"kipu worker replace w2"}])"));
}

}  // namespace
}  // namespace kipu::cli

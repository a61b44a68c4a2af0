// The smaller pieces: restarts, latencies, lines, acknowledgements, shell words, help.
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <unistd.h>

#include "client/cli/alarm.h"
#include "client/cli/exit_code.h"
#include "client/cli/help.h"
#include "client/cli/latency.h"
#include "client/cli/line_fates.h"
#include "client/cli/line_reader.h"
#include "client/cli/ordered_acks.h"
#include "client/cli/progress.h"
#include "client/cli/restart_policy.h"
#include "client/cli/shell_words.h"
#include "client/cli/supervisor.h"

namespace kipu::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

Instant at(Duration since) {
  return Instant::since_start(since);
}

TEST(RestartPolicyTest, RestartsAtOnceWhatRanWell) {
  RestartPolicy policy;
  EXPECT_EQ(policy.on_exit(at(0s), at(1h), false), Duration::zero());
  EXPECT_EQ(policy.on_exit(at(1h), at(2h), false), Duration::zero());
}

TEST(RestartPolicyTest, WaitsLongerEachTimeThatItEndsSoon) {
  RestartPolicy policy;
  EXPECT_EQ(policy.on_exit(at(0s), at(1s), false), Duration::zero());
  EXPECT_EQ(policy.on_exit(at(1s), at(2s), false), Duration(500ms));
  EXPECT_EQ(policy.on_exit(at(2s), at(3s), false), Duration(1s));
  EXPECT_EQ(policy.on_exit(at(3s), at(4s), false), Duration(2s));
  for (int i = 0; i < 40; ++i) {
    EXPECT_LE(policy.on_exit(at(4s), at(5s), false), Duration(30s));
  }
  EXPECT_EQ(policy.on_exit(at(5s), at(1min), false), Duration::zero());
}

TEST(RestartPolicyTest, RestartsSlowlyWhatItsDiskEndedTwiceInTenMinutes) {
  RestartPolicy policy;
  EXPECT_EQ(policy.on_exit(at(0s), at(1min), true), Duration::zero());
  EXPECT_EQ(policy.on_exit(at(1min), at(5min), false), Duration::zero());
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(policy.on_exit(at(5min), at(10min), true), Duration(30s));
  }
  EXPECT_EQ(policy.on_exit(at(10min), at(11min), false), Duration::zero());
}

TEST(RestartPolicyTest, ForgetsAnEndByTheDiskAfterTenMinutes) {
  RestartPolicy policy;
  EXPECT_EQ(policy.on_exit(at(0s), at(1min), true), Duration::zero());
  EXPECT_EQ(policy.on_exit(at(1min), at(12min), true), Duration::zero());
}

TEST(LatencyTest, IsExactForSmallNumbers) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 10; ++i) histogram.record(Duration(i));
  EXPECT_EQ(histogram.percentile(0.5), Duration(5));
  EXPECT_EQ(histogram.percentile(1), Duration(10));
}

TEST(LatencyTest, IsWithinAFewPercentOfAnyLatency) {
  EXPECT_TRUE(rc::check([] {
    const auto nanoseconds = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 60);
    LatencyHistogram histogram;
    histogram.record(Duration(nanoseconds));
    histogram.record(Duration(nanoseconds * 2));
    const auto found = histogram.percentile(0.5).count();
    RC_ASSERT(found >= nanoseconds);
    RC_ASSERT(found <= nanoseconds + nanoseconds / 15 + 1);
    RC_ASSERT(histogram.summary().max == Duration(nanoseconds * 2));
  }));
}

TEST(LatencyTest, MergesWhatClientsMeasured) {
  LatencyHistogram one;
  LatencyHistogram other;
  one.record(1ms);
  other.record(1s);
  one.merge(other);
  EXPECT_EQ(one.count(), 2U);
  EXPECT_EQ(one.summary().max, Duration(1s));
}

std::vector<std::string> lines_of(std::string_view input, char terminator) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  std::jthread writer([&, input] {
    EXPECT_EQ(::write(ends[1], input.data(), input.size()), static_cast<ssize_t>(input.size()));
    ::close(ends[1]);
  });
  LineReader reader(ends[0], terminator, nullptr);
  std::vector<std::string> lines;
  while (true) {
    const auto line = reader.next();
    EXPECT_TRUE(line);
    if (!line || !*line) break;
    lines.emplace_back(**line);
  }
  writer.join();
  ::close(ends[0]);
  EXPECT_EQ(reader.lines(), lines.size());
  return lines;
}

TEST(LineReaderTest, ReadsLinesAndALastOneWithoutItsEnd) {
  EXPECT_THAT(lines_of("a\n\nb\nlast", '\n'), ElementsAre("a", "", "b", "last"));
  EXPECT_THAT(lines_of("a\n", '\n'), ElementsAre("a"));
  EXPECT_TRUE(lines_of("", '\n').empty());
  EXPECT_THAT(lines_of(std::string_view("a\nb\0c", 5), '\0'), ElementsAre("a\nb", "c"));
}

TEST(LineReaderTest, ReadsLinesThatStraddleReads) {
  std::string input;
  for (int i = 0; i < 3; ++i) input += std::string(700'000, static_cast<char>('a' + i)) + "\n";
  const auto lines = lines_of(input, '\n');
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[2], std::string(700'000, 'c'));
}

TEST(LineReaderTest, RefusesALineThatIsLongerThanAnyEntry) {
  const int zeros = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(zeros, 0);
  LineReader reader(zeros, '\n', nullptr);
  EXPECT_EQ(reader.next().error().code, ErrorCode::too_large);
  ::close(zeros);
}

Stamp stamp(std::uint64_t number) {
  return {StampTime(number), 1};
}

// An input that stays open and silent, as that of a program which waits for a stamp.
TEST(LineReaderTest, EndsTheWaitForMoreWhereAnAlarmRings) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ASSERT_EQ(::write(ends[1], "whole\npart", 10), 10);
  Alarm alarm;
  LineReader reader(ends[0], '\n', alarm);
  EXPECT_EQ(**reader.next(), "whole");
  std::jthread other([&] { alarm.ring(); });
  EXPECT_FALSE(*reader.next());
  EXPECT_FALSE(reader.at_end());
  EXPECT_EQ(reader.lines(), 1U);
  ::close(ends[0]);
  ::close(ends[1]);
}

// What is shown, and where nothing more was ready.
class ShownAcks {
 public:
  OrderedAcks::Calls calls() {
    return {[this](Stamp each) { add(std::to_string(each.time.bits())); }, [this] { add("rest"); },
            [this] { ++failed_; }};
  }
  std::vector<std::string> shown() const {
    const std::lock_guard lock(mutex_);
    return shown_;
  }
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return shown_.size() >= count; });
  }
  int failed() const { return failed_; }

 private:
  void add(std::string what) {
    const std::lock_guard lock(mutex_);
    shown_.push_back(std::move(what));
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> shown_;
  std::atomic<int> failed_{0};
};

TEST(OrderedAcksTest, ShowsStampsInTheOrderOfTheAppends) {
  ShownAcks shown;
  OrderedAcks acks(shown.calls(), LineFates());
  for (std::uint64_t i = 1; i <= 3; ++i) EXPECT_EQ(acks.reserve(), i);
  acks.complete(3, stamp(3), stamp(3));
  acks.complete(2, stamp(2), stamp(2));
  acks.complete(1, stamp(1), stamp(1));
  acks.finish();
  EXPECT_THAT(shown.shown(), ElementsAre("1", "2", "3", "rest"));
  EXPECT_EQ(acks.fates().to_string(), "lines 1–3 are stored");
}

// Whoever waits for each stamp before the next append gets it.
TEST(OrderedAcksTest, TellsWhenNoMoreAreReady) {
  ShownAcks shown;
  OrderedAcks acks(shown.calls(), LineFates());
  for (std::uint64_t i = 1; i <= 3; ++i) {
    std::ignore = acks.reserve();
    acks.complete(i, stamp(i), stamp(i));
    shown.wait_for(2 * i);
  }
  EXPECT_THAT(shown.shown(), ElementsAre("1", "rest", "2", "rest", "3", "rest"));
}

TEST(OrderedAcksTest, KeepsTheFirstFailureAndShowsTheRest) {
  ShownAcks shown;
  OrderedAcks acks(shown.calls(), LineFates());
  for (int i = 0; i < 4; ++i) std::ignore = acks.reserve();
  acks.complete(4, fail(ErrorCode::outcome_unknown, "later"), stamp(4));
  acks.complete(3, stamp(3), stamp(3));
  acks.complete(2, fail(ErrorCode::too_large, "first"), std::nullopt);
  acks.complete(1, stamp(1), stamp(1));
  acks.finish();
  EXPECT_THAT(shown.shown(), ElementsAre("1", "3", "rest"));
  EXPECT_EQ(shown.failed(), 2);
  EXPECT_EQ(acks.failure()->number, 2U);
  EXPECT_EQ(acks.failure()->error.message, "first");
  EXPECT_EQ(acks.fates().to_string(),
            "lines 1 and 3 are stored, line 4 may or may not be, line 2 is not");
}

// In words, of fates written as letters: s stored, n not, u unknown.
std::string told(std::string_view letters, bool rest = false, std::string_view done = "stored") {
  LineFates fates(done);
  for (const char letter : letters) {
    if (letter == 's') fates.add(stamp(1), stamp(1));
    if (letter == 'n') fates.add(fail(ErrorCode::too_large, ""), std::nullopt);
    if (letter == 'u') fates.add(fail(ErrorCode::outcome_unknown, ""), stamp(7));
  }
  if (rest) fates.leave_rest();
  return fates.to_string();
}

TEST(LineFatesTest, TellsRunsOfLinesByTheirFate) {
  EXPECT_EQ(told("", true), "no line was sent");
  EXPECT_EQ(told("s"), "line 1 is stored");
  EXPECT_EQ(told("sss", true), "lines 1–3 are stored, the rest was not sent");
  EXPECT_EQ(told("u"), "no line is known to be stored, line 1 may or may not be");
  EXPECT_EQ(told("sssusuuun", true),
            "lines 1–3 and 5 are stored, lines 4 and 6–8 may or may not be, line 9 is not, the "
            "rest was not sent");
  EXPECT_EQ(told("ssnn", false, "sent"), "lines 1–2 are sent, lines 3–4 are not");
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "su";
  EXPECT_LT(told(many).size(), 300U);
  EXPECT_THAT(told(many), HasSubstr("39 and others, which -o json lists, are stored"));
}

// A worker's trouble says nothing of what was done.
TEST(LineFatesTest, TakesNoErrorForARefusalThatIsNone) {
  LineFates fates;
  fates.add(fail(ErrorCode::io_error, ""), stamp(1));
  fates.add(fail(ErrorCode::deadline_exceeded, ""), stamp(1));
  EXPECT_EQ(fates.to_string(),
            "no line is known to be stored, line 1 may or may not be, line 2 is not");
}

TEST(LineFatesTest, GivesProgramsTheStampsThatSettleIt) {
  LineFates fates;
  fates.add(stamp(1), stamp(1));
  fates.add(stamp(2), stamp(2));
  fates.add(fail(ErrorCode::outcome_unknown, ""), stamp(7));
  fates.leave_rest();
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  fates.render(json);
  json.end_object();
  EXPECT_EQ(out, R"({"stored":[[1,2]],"not_stored":[],"unknown":[{"line":3,"stamp":")"
                 "00000000000000070000000000000001"
                 R"("}],"rest_from":4})");
}

TEST(ShellWordsTest, SplitsAtBlanksOutsideOfQuotes) {
  EXPECT_THAT(split_words(R"(append  key 'a b' "c d" e\ f "")").value(),
              ElementsAre("append", "key", "a b", "c d", "e f", ""));
}

TEST(ShellWordsTest, KnowsBytes) {
  EXPECT_THAT(split_words(R"("\xff\n" '\n' \x41)").value(), ElementsAre("\xff\n", "\\n", "A"));
}

TEST(ShellWordsTest, RefusesWhatIsNotWhole) {
  EXPECT_FALSE(split_words("'open"));
  EXPECT_FALSE(split_words("\"open"));
  EXPECT_FALSE(split_words("\\q"));
  EXPECT_FALSE(split_words("\\x4"));
  EXPECT_FALSE(split_words("end\\"));
}

TEST(ShellWordsTest, ReadsBackWhatItQuotes) {
  EXPECT_TRUE(rc::check([](const std::string& word) {
    const auto words = split_words(quote_word(word));
    RC_ASSERT(words.has_value());
    RC_ASSERT(*words == std::vector<std::string>{word});
  }));
}

TEST(ProgressTest, SaysRateShareAndWhatIsLeft) {
  EXPECT_EQ(progress_line(50'000, 5, 0.25), "50,000 entries  10,000/s  25 %  15.0 s left");
  EXPECT_EQ(progress_line(10, 1, std::nullopt), "10 entries  10/s");
}

TEST(SupervisorTest, ReadsTheReadyLine) {
  const std::string_view line = "kipu-broker ready frontend=tcp://127.0.0.1:7 backend=tcp://b:8";
  EXPECT_EQ(ready_field(line, "frontend"), "tcp://127.0.0.1:7");
  EXPECT_EQ(ready_field(line, "backend"), "tcp://b:8");
  EXPECT_EQ(ready_field(line, "end"), std::nullopt);
}

TEST(SupervisorTest, TakesTheLastWordsOfAProcess) {
  EXPECT_EQ(last_words(""), "");
  EXPECT_EQ(last_words("kipu-worker: the disk is gone\n"), "the disk is gone");
  EXPECT_EQ(last_words("kipu-broker: first\nkipu-broker: second\n\n"), "second");
  EXPECT_EQ(last_words("a check failed\nat machine.cc:12"), "at machine.cc:12");
}

TEST(ExitCodeTest, IsAsScriptsExpect) {
  EXPECT_EQ(exit_of(ErrorCode::invalid_argument), Exit::usage);
  EXPECT_EQ(exit_of(ErrorCode::wrong_mode), Exit::refused);
  EXPECT_EQ(exit_of(ErrorCode::too_large), Exit::refused);
  EXPECT_EQ(exit_of(ErrorCode::unknown_bucket), Exit::refused);
  EXPECT_EQ(exit_of(ErrorCode::unavailable), Exit::unreachable);
  EXPECT_EQ(exit_of(ErrorCode::outcome_unknown), Exit::unknown);
  EXPECT_EQ(exit_of(ErrorCode::deadline_exceeded), Exit::unknown);
  EXPECT_EQ(exit_of(ErrorCode::unreadable), Exit::unhealthy);
}

TEST(CommandTableTest, GivesEveryCommandAnExampleAndAnEnd) {
  std::set<std::string_view> names;
  for (const Command& command : commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_NE(command.run, nullptr) << command.name;
    EXPECT_THAT(std::string(command.examples), HasSubstr("kipu")) << command.name;
    EXPECT_FALSE(command.summary.ends_with('.')) << command.name;
    EXPECT_LE(command.least_operands, command.most_operands) << command.name;
  }
}

TEST(CommandTableTest, NamesNoOptionOfACommandLikeACommonOne) {
  for (const Command& command : commands()) {
    for (const OptionSpec& option : command.options) {
      for (const OptionSpec& common : common_options()) EXPECT_NE(option.name, common.name);
    }
  }
}

Result<const Command*> resolved(const std::vector<std::string>& words) {
  std::size_t at = 0;
  return resolve_command(commands(), words, at);
}

TEST(CommandTableTest, ResolvesNamesOfOneWordAndOfTwo) {
  EXPECT_EQ(resolved({"get", "key"}).value()->name, "get");
  EXPECT_EQ(resolved({"bucket", "create", "x"}).value()->name, "bucket create");
}

TEST(CommandTableTest, AnswersAMistypedCommandWithTheNearest) {
  EXPECT_THAT(resolved({"apend"}).error().message, HasSubstr("`kipu append`"));
  EXPECT_THAT(resolved({"bucket", "lst"}).error().message, HasSubstr("`kipu bucket list`"));
  EXPECT_THAT(resolved({"bukcet", "list"}).error().message, HasSubstr("`kipu bucket list`"));
  EXPECT_THAT(resolved({"appnd", "key", "value"}).error().message, HasSubstr("`kipu append`"));
  for (const auto& words : {std::vector<std::string>{"bucket"}, {"bucket", "--help"}}) {
    EXPECT_THAT(resolved(words).error().message,
                AllOf(HasSubstr("`kipu bucket create`"), HasSubstr("`kipu bucket list`"),
                      HasSubstr("`kipu help bucket`")));
  }
  EXPECT_THAT(resolved({"frobnicate"}).error().message, HasSubstr("`kipu help`"));
}

TEST(HelpTest, ShowsExamplesFirst) {
  const std::string text = help_text(*find_command(commands(), "get"), Style{});
  EXPECT_TRUE(text.starts_with("Examples\n  kipu get fruit\n"));
  EXPECT_THAT(text, HasSubstr("--cursor CURSOR"));
  EXPECT_THAT(text, HasSubstr("-o, --output FORMAT"));
}

TEST(HelpTest, ShowsTheCommandsOfAGroup) {
  const std::string text = group_help(commands(), "worker", Style{});
  EXPECT_THAT(text, AllOf(HasSubstr("worker list"), HasSubstr("worker replace")));
  EXPECT_THAT(text, Not(HasSubstr("bucket")));
  EXPECT_EQ(group_help(commands(), "get", Style{}), "");
}

TEST(HelpTest, NamesEveryCommandInTheOverview) {
  const std::string text = overview(commands(), Style{});
  for (const Command& command : commands()) {
    EXPECT_THAT(text, HasSubstr(std::string(command.name)));
  }
}

TEST(HelpTest, HasCompletionForThreeShells) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion_script(commands(), shell);
    EXPECT_THAT(script, HasSubstr("append")) << shell;
    EXPECT_THAT(script, HasSubstr("skip-bad")) << shell;
  }
  EXPECT_EQ(completion_script(commands(), "csh"), "");
}

}  // namespace
}  // namespace kipu::cli

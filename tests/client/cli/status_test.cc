// What `status` says of workers that are not there, and of a cluster that is not ready: the
// verdict, and how it is shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/results.h"
#include "client/cli/text.h"
#include "client/cli/told_processes.h"
#include "client/cli/verdict.h"

namespace kipu::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const StoreId kStore1{Uuid{1, 1}};
const StoreId kStore2{Uuid{2, 2}};

// The report of a supervisor whose worker-2 fails again and again.
constexpr std::string_view kReport =
    R"({"supervisor":12,"processes":[)"
    R"({"name":"broker","store":"","pid":13,"state":"running","exit":"","last_words":"","ends":0,)"
    R"("last_end":"","next_start":"","log":"/data/logs/broker.log","remedy":""},)"
    R"({"name":"worker-1","store":"00000000000000010000000000000001","pid":14,"state":"running",)"
    R"("exit":"","last_words":"","ends":0,"last_end":"","next_start":"",)"
    R"("log":"/data/logs/worker-1.log","remedy":""},)"
    R"({"name":"worker-2","store":"00000000000000020000000000000002","pid":0,"state":"waiting",)"
    R"("exit":"exit code 5","last_words":"/data/worker-2: the manifest is damaged.","ends":3,)"
    R"("last_end":"1970-01-01T00:59:50Z","next_start":"1970-01-01T01:00:30Z",)"
    R"("log":"/data/logs/worker-2.log","remedy":"kipu worker replace w2 --data /data"}]})"
    "\n";

WorkerStatus worker(std::uint32_t number, StoreId store, Liveness liveness) {
  WorkerStatus made;
  made.id = WorkerId{number};
  made.store = store;
  made.liveness = liveness;
  made.partitions = 8;
  made.silent = liveness == Liveness::suspect ? 11s : 0s;
  made.health.wall = WallTime(1h);
  return made;
}

ClusterStatus status_with(Liveness second) {
  ClusterStatus status;
  status.in_force = {1, 2, 3};
  status.phase = ClusterPhase::in_force;
  status.replicas = 2;
  status.partitions = 8;
  status.wall = WallTime(1h);
  status.workers = {worker(1, kStore1, Liveness::alive), worker(2, kStore2, second)};
  return status;
}

ClusterStatus at_birth() {
  ClusterStatus status;
  status.phase = ClusterPhase::birth;
  status.expected_workers = 3;
  status.waiting_for = "2 of 3 workers to be born: 1 has come";
  status.wall = WallTime(1h);
  status.workers = {worker(0, kStore1, Liveness::alive)};
  return status;
}

ClusterStatus in_recovery() {
  ClusterStatus status = status_with(Liveness::never_seen);
  status.in_force = {};
  status.phase = ClusterPhase::recovery;
  status.wanted = {1, 2, 3};
  status.waiting_for = "a majority of the 2 workers of map 1.3: w1 has come, w2 has not";
  return status;
}

ToldProcesses with_second(const std::function<void(ToldProcess&)>& change) {
  ToldProcesses processes = told_processes(kReport);
  change(processes.at(2));
  return processes;
}

std::string shown(const ClusterStatus& status, const ToldProcesses& processes, Format format) {
  const StatusReport report{status, processes, judge(status, processes)};
  Style style;
  style.format = format;
  std::string out;
  if (format == Format::json) {
    JsonWriter json(out);
    json.begin_object();
    render_json(report, json);
    json.end_object();
  } else {
    format == Format::raw ? render_raw(report, style, out) : render_text(report, style, out);
  }
  return out;
}

TEST(ProcessesTest, AreReadAsTheSupervisorWroteThem) {
  const ToldProcesses processes = told_processes(kReport);
  ASSERT_EQ(processes.size(), 3U);
  const ToldProcess& second = processes[2];
  EXPECT_EQ(second.name, "worker-2");
  EXPECT_EQ(second.store, kStore2);
  EXPECT_EQ(second.state, "waiting");
  EXPECT_EQ(second.exit, "exit code 5");
  EXPECT_EQ(second.ends, 3U);
  EXPECT_EQ(second.log, "/data/logs/worker-2.log");
  EXPECT_TRUE(second.is_down());
  EXPECT_EQ(processes[1].pid, 14);
  EXPECT_FALSE(processes[1].is_down());
  EXPECT_EQ(find_process(processes, kStore2), &second);
  EXPECT_EQ(find_process(processes, StoreId{}), nullptr);
  EXPECT_EQ(find_process(processes, (StoreId{Uuid{9, 9}})), nullptr);
}

TEST(ProcessesTest, SayNothingWhereTheyAreNoSuchText) {
  for (const std::string_view text :
       {"", "{", "[]", "7", "null", "\xff", "{\"processes\":7}", "{\"processes\":[7,[],\"x\"]}",
        "{\"processes\":[{}]}", "{\"processes\":[{\"name\":7}]}", "{\"other\":1}", "{}{}"}) {
    EXPECT_THAT(told_processes(text), IsEmpty()) << text;
  }
  EXPECT_THAT(told_processes(std::string(60'000, '[')), IsEmpty());
}

TEST(ProcessesTest, TakeWhatIsThereAndNothingElse) {
  const ToldProcesses processes = told_processes(
      R"({"processes":[{"name":"worker-1","store":"nonsense","pid":-4,"ends":"many","later":[1]}]})");
  ASSERT_EQ(processes.size(), 1U);
  ToldProcess bare;
  bare.name = "worker-1";
  EXPECT_EQ(processes[0], bare);
}

TEST(VerdictTest, SaysWhyAWorkerIsDownAsItsSupervisorDoes) {
  const std::string expected =
      "w2 is down: worker-2 ended with exit code 5, 3 times: /data/worker-2: the manifest is "
      "damaged; started again in 30.0 s; log /data/logs/worker-2.log; "
      "`kipu worker replace w2 --data /data`";
  for (const Liveness liveness : {Liveness::suspect, Liveness::never_seen}) {
    EXPECT_THAT(judge(status_with(liveness), told_processes(kReport)).reasons,
                ElementsAre(expected));
  }
}

TEST(VerdictTest, SaysThatAWorkerStaysDown) {
  const auto processes = with_second([](ToldProcess& process) {
    process.state = "stopped";
    process.exit = "signal 9 (Killed)";
    process.ends = 1;
    process.last_words = "";
    process.remedy = "";
  });
  EXPECT_THAT(judge(status_with(Liveness::suspect), processes).reasons,
              ElementsAre("w2 is down: worker-2 was ended by signal 9 (Killed); it is not started "
                          "again; log /data/logs/worker-2.log"));
}

TEST(VerdictTest, SaysThatAWorkerThatIsSilentStillRuns) {
  const auto processes = with_second([](ToldProcess& process) {
    process = ToldProcess{};
    process.name = "worker-2";
    process.store = kStore2;
    process.pid = 15;
    process.state = "running";
  });
  EXPECT_THAT(judge(status_with(Liveness::suspect), processes).reasons,
              ElementsAre("w2 is suspect: silent for 11.0 s; worker-2 runs as process 15"));
}

TEST(VerdictTest, SaysThatAWorkerIsBeingStarted) {
  const auto processes = with_second([](ToldProcess& process) { process.state = "starting"; });
  EXPECT_THAT(judge(status_with(Liveness::never_seen), processes).reasons,
              ElementsAre(StartsWith("w2 has not come yet; worker-2 is being started; before, it "
                                     "ended with exit code 5, 3 times: ")));
  const auto due =
      with_second([](ToldProcess& process) { process.next_start = "1970-01-01T00:00:00Z"; });
  EXPECT_THAT(judge(status_with(Liveness::never_seen), due).reasons,
              ElementsAre(HasSubstr("it is about to be started again")));
}

TEST(VerdictTest, NamesAProcessByItsFolderWhereItsStoreCannotBeRead) {
  const auto processes = with_second([](ToldProcess& process) { process.store = {}; });
  EXPECT_THAT(judge(status_with(Liveness::suspect), processes).reasons,
              ElementsAre(StartsWith("w2 is suspect: silent for 11.0 s"),
                          StartsWith("worker-2 is down: it ended with exit code 5")));
}

TEST(VerdictTest, NamesWhatAnOperatorCanDoWhereNobodySaysWhy) {
  const std::string hint =
      "; look at the log on its host, and if its disk is lost: `kipu worker replace w2`";
  EXPECT_THAT(judge(status_with(Liveness::suspect)).reasons,
              ElementsAre("w2 is suspect: silent for 11.0 s; its 8 partitions are left to their "
                          "other replicas, and it will lag" +
                          hint));
  EXPECT_THAT(judge(status_with(Liveness::never_seen)).reasons,
              ElementsAre("w2 has not been seen since the broker started" + hint));
  // A supervisor of other workers does not say why this one is away.
  EXPECT_THAT(judge(status_with(Liveness::suspect), with_second([](ToldProcess& process) {
                      process.store = {};
                      process.state = "running";
                    }))
                  .reasons,
              ElementsAre(HasSubstr(hint)));
}

TEST(VerdictTest, SaysWhatABirthWaitsForAndWhoHasCome) {
  EXPECT_THAT(judge(at_birth(), told_processes(kReport)).reasons,
              ElementsAre("the cluster is not ready yet: it waits for 2 of 3 workers to be born: 1 "
                          "has come: worker-1",
                          StartsWith("worker-2 is down: it ended with exit code 5")));
  EXPECT_THAT(judge(at_birth(), with_second([](ToldProcess& process) {
                      process.state = "running";
                      process.pid = 15;
                      process.ends = 0;
                    }))
                  .reasons,
              ElementsAre(HasSubstr("1 has come: worker-1"),
                          StartsWith("worker-2 has not come yet: it runs as process 15; log ")));
  EXPECT_THAT(judge(at_birth()).reasons,
              ElementsAre("the cluster is not ready yet: it waits for 2 of 3 workers to be born: 1 "
                          "has come: store 00000000; the logs of those that have not come, on "
                          "their hosts, say why"));
}

TEST(VerdictTest, SaysWhatARecoveryWaitsForAndWhyAWorkerHasNotCome) {
  EXPECT_THAT(judge(in_recovery(), told_processes(kReport)).reasons,
              ElementsAre("the cluster is not ready yet: it waits for a majority of the 2 workers "
                          "of map 1.3: w1 has come, w2 has not",
                          StartsWith("w2 is down: worker-2 ended with exit code 5, 3 times")));
  EXPECT_THAT(judge(in_recovery()).reasons,
              ElementsAre("the cluster is not ready yet: it waits for a majority of the 2 workers "
                          "of map 1.3: w1 has come, w2 has not; the logs of those that have not "
                          "come, on their hosts, say why"));
}

TEST(VerdictTest, ShowsNothingThatATerminalWouldObey) {
  const auto processes = with_second([](ToldProcess& process) {
    process.last_words = "\x1b[2J" + std::string(5000, 'x');
    process.log = "/data/\n";
  });
  const std::string reason = judge(status_with(Liveness::suspect), processes).reasons.at(0);
  EXPECT_THAT(reason, HasSubstr("\\x1B[2Jxxx"));
  EXPECT_THAT(reason, HasSubstr("log /data/\\x0A"));
  EXPECT_LT(reason.size(), 1000U);
}

TEST(StatusTest, FitsATerminalAndLeavesCommandsInOnePiece) {
  const std::string text =
      shown(status_with(Liveness::suspect), told_processes(kReport), Format::text);
  EXPECT_THAT(text, StartsWith("unhealthy\n"
                               "  - w2 is down: worker-2 ended with exit code 5, 3 times: "
                               "/data/worker-2: the\n"
                               "    manifest is damaged; started again in 30.0 s; log "
                               "/data/logs/worker-2.log;\n"
                               "    `kipu worker replace w2 --data /data`\n"
                               "cluster "));
  std::string_view left = text;
  while (!left.empty()) {
    const std::size_t end = left.find('\n');
    EXPECT_LE(columns(left.substr(0, end)), 80U) << left.substr(0, end);
    left.remove_prefix(end + 1);
  }
  // For programs, a reason is a line.
  EXPECT_THAT(shown(status_with(Liveness::suspect), told_processes(kReport), Format::raw),
              HasSubstr("worker-2.log; `kipu worker replace w2 --data /data`\n"));
}

TEST(StatusTest, NamesWorkersWithoutAnIdByTheirProcess) {
  const std::string text = shown(at_birth(), told_processes(kReport), Format::text);
  EXPECT_THAT(text, HasSubstr("\nworker-1  alive"));
  EXPECT_THAT(text, HasSubstr("no map\n"));
  EXPECT_THAT(shown(at_birth(), {}, Format::text), HasSubstr("\nstore 00000000  alive"));
}

TEST(StatusTest, HasWhatTheSupervisorSaysInJson) {
  const std::string json =
      shown(status_with(Liveness::suspect), told_processes(kReport), Format::json);
  EXPECT_THAT(json,
              HasSubstr(R"("phase":"in_force","waiting_for":"","wanted_map":{"generation":0,)"));
  EXPECT_THAT(
      json,
      HasSubstr(
          R"("process":{"name":"worker-2","store":"00000000000000020000000000000002","pid":0,)"
          R"("state":"waiting","exit":"exit code 5",)"
          R"("last_words":"/data/worker-2: the manifest is damaged.","ends":3,)"
          R"("last_end":"1970-01-01T00:59:50Z","next_start":"1970-01-01T01:00:30Z",)"
          R"("log":"/data/logs/worker-2.log","remedy":"kipu worker replace w2 --data /data"}})"));
  EXPECT_THAT(json, HasSubstr(R"("processes":[{"name":"broker",)"));
  const std::string birth = shown(at_birth(), {}, Format::json);
  EXPECT_THAT(birth, HasSubstr(R"("healthy":false)"));
  EXPECT_THAT(birth, HasSubstr(R"("phase":"birth")"));
  EXPECT_THAT(birth, HasSubstr(R"("workers":[{"id":"","store":"0000000000000001)"));
  EXPECT_THAT(birth, HasSubstr(R"("processes":[])"));
  EXPECT_THAT(birth, Not(HasSubstr(R"("process":)")));
}

TEST(TextTest, IsBrokenAtSpacesOutsideBackquotes) {
  EXPECT_EQ(in_lines("", "- ", 10), "- \n");
  EXPECT_EQ(in_lines("one two three", "- ", 10), "- one two\n  three\n");
  EXPECT_EQ(in_lines("a word-that-is-longer b", "", 8), "a\nword-that-is-longer\nb\n");
  EXPECT_EQ(in_lines("type `a b c d e` now", "", 8), "type\n`a b c d e`\nnow\n");
  EXPECT_EQ(in_lines("an open ` quote", "", 4), "an\nopen\n` quote\n");
  EXPECT_EQ(in_lines("żółw żółw", "", 9), "żółw żółw\n");
}

}  // namespace
}  // namespace kipu::cli

#include "tests/process/replication/rounds.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include <gtest/gtest.h>
#include <signal.h>

namespace kipu::test {
namespace {

// Between rounds: until clients suspect nobody any more, so that the next victim is one that they
// rely on.
constexpr Micros kCalm = 1'500'000;

ClusterOptions options_of(const Network* network, std::size_t workers) {
  ClusterOptions options;
  options.workers = workers;
  options.replicas = workers;
  options.broker_heartbeat = "250ms";  // as it comes
  options.worker_heartbeat = "250ms";
  if (network == nullptr) return options;
  options.broker_site = network->broker();
  for (std::size_t index = 0; index < workers; ++index) {
    options.worker_sites.push_back(network->worker(index));
  }
  return options;
}

bool is_well(const ClusterStatus& status) {
  return std::all_of(status.workers.begin(), status.workers.end(), [](const WorkerStatus& worker) {
    const auto& lags = worker.health.lags;
    const bool lags_long = std::any_of(lags.begin(), lags.end(), [](const ReplicaLag& lag) {
      return lag.age > std::chrono::seconds(1);
    });
    return worker.liveness == Liveness::alive && worker.health.not_whole == 0 && !lags_long;
  });
}

double in_milliseconds(Micros length) {
  return static_cast<double>(length) / 1000;
}

}  // namespace

Rounds::Rounds(const Network* network, std::uint64_t seed)
    : rng_(seed),
      network_(network),
      cluster_(options_of(network, kWorkers)),
      client_(cluster_.client()) {
  EXPECT_TRUE(before_long([&] { return client_.append("ready", "yes").has_value(); }));
  for (std::size_t slot = 0; slot < kWriters; ++slot) {
    writers_.emplace_back();
    start_writer(slot);
  }
  wait_until_well();
}

void Rounds::start_writer(std::size_t slot) {
  Writer& writer = writers_.at(slot);
  if (writer.journal) former_.push_back(std::move(writer.journal));
  const std::string name = "writer" + std::to_string(started_++);
  const auto file = directory_ / name;
  writer.process = std::make_unique<Process>(
      std::vector<std::string>{program("kipu_test_writer"), cluster_.frontend(), name,
                               std::to_string(kLanes), file.string()});
  writer.journal = std::make_unique<Journal>(name, file);
  writer.mark = 0;
}

void Rounds::read_journals() {
  for (Writer& writer : writers_) writer.journal->read();
}

// Rounds -------------------------------------------------------------------------------------

Micros Rounds::begin() {
  read_journals();
  for (Writer& writer : writers_) {
    // What came before the last acknowledgement of each lane does not matter.
    const std::size_t lines = writer.journal->lines().size();
    writer.mark = lines > 100 * kLanes ? lines - 100 * kLanes : 0;
  }
  return monotonic_micros();
}

void Rounds::kill_many(std::size_t times) {
  std::vector<void (Rounds::*)()> kills;
  for (std::size_t i = 0; i < times; ++i) {
    kills.push_back(i % 2 == 0   ? &Rounds::kill_worker
                    : i % 4 == 1 ? &Rounds::kill_broker
                                 : &Rounds::kill_writer);
  }
  for (std::size_t i = kills.size(); i > 1; --i) std::swap(kills[i - 1], kills[rng_.below(i)]);
  for (const auto kill : kills) (this->*kill)();
}

void Rounds::kill_worker() {
  const std::size_t victim = rng_.below(kWorkers);
  const Micros from = begin();
  cluster_.worker(victim).kill(SIGKILL);
  cluster_.worker(victim).wait();
  observe("kill -9 of a worker", from, 0);
  EXPECT_EQ(reports_.back().errors, 0U) << "a writer was told of a failure within its deadline";
  cluster_.start_worker(victim);
  wait_until_well();
}

void Rounds::kill_broker() {
  const Micros from = begin();
  cluster_.broker().kill(SIGKILL);
  cluster_.broker().wait();
  cluster_.start_broker();
  observe("kill -9 of the broker", from, 0);
  wait_until_well();
}

void Rounds::kill_writer() {
  const std::size_t victim = rng_.below(kWriters);
  const Micros from = begin();
  writers_[victim].process->kill(SIGKILL);
  writers_[victim].process->wait();
  writers_[victim].journal->read();
  start_writer(victim);
  observe("kill -9 of a writer", from, 0);
  wait_until_well();
}

void Rounds::stop_worker(Duration length) {
  const std::size_t victim = rng_.below(kWorkers);
  const Micros from = begin();
  cluster_.worker(victim).kill(SIGSTOP);
  observe("SIGSTOP of a worker", from, length / std::chrono::microseconds(1));
  cluster_.worker(victim).kill(SIGCONT);
  wait_until_well();
}

void Rounds::cut_worker(Cut which, Duration length) {
  const std::size_t victim = rng_.below(kWorkers);
  const Micros from = begin();
  network_->cut(victim, which);
  const char* kind = which == Cut::both_ways  ? "cut both ways"
                     : which == Cut::incoming ? "cut of what comes in"
                                              : "cut of what goes out";
  observe(kind, from, length / std::chrono::microseconds(1));
  network_->heal(victim);
  wait_until_well();
}

void Rounds::observe(const std::string& kind, Micros from, Micros at_least) {
  EXPECT_TRUE(wait_until_all_go_on(from)) << kind << ": some lane did not go on";
  const Gap gap = longest_gap(from);
  EXPECT_TRUE(before_long([&] {
    read_journals();
    const bool is_long = monotonic_micros() - from >= at_least;
    return is_long && acknowledged_since(gap.end) >= kWithinAWindow;
  })) << kind
      << ": too few appends were acknowledged";
  Report report{kind, longest_gap(from).length, monotonic_micros() - from, 0, 0};
  report.acknowledged = acknowledged_since(gap.end);
  for (const Writer& writer : writers_) report.errors += writer.journal->errors_since(from);
  std::printf("%s: longest gap %.0f ms, %zu acknowledged after it, window %.1f s, %zu errors\n",
              kind.c_str(), in_milliseconds(report.gap), report.acknowledged,
              in_milliseconds(report.window) / 1000, report.errors);
  std::fflush(stdout);
  reports_.push_back(report);
}

bool Rounds::wait_until_all_go_on(Micros from) {
  return before_long([&] {
    read_journals();
    return std::all_of(writers_.begin(), writers_.end(),
                       [&](const Writer& writer) { return goes_on(writer, from); });
  });
}

// The first answer after a fault may be to what was sent before it, the second not.
bool Rounds::goes_on(const Writer& writer, Micros from) const {
  std::vector<int> answers(kLanes);
  const auto& lines = writer.journal->lines();
  for (std::size_t i = writer.mark; i < lines.size(); ++i) {
    const bool counts = lines[i].at > from && lines[i].outcome == Journal::Outcome::acknowledged;
    if (counts) ++answers.at(lines[i].lane);
  }
  return std::all_of(answers.begin(), answers.end(), [](int count) { return count >= 3; });
}

Rounds::Gap Rounds::longest_gap(Micros from) const {
  Gap longest{0, from};
  for (const Writer& writer : writers_) {
    std::vector<Micros> last(kLanes, 0);
    const auto& lines = writer.journal->lines();
    for (std::size_t i = writer.mark; i < lines.size(); ++i) {
      if (lines[i].outcome != Journal::Outcome::acknowledged) continue;
      Micros& before = last.at(lines[i].lane);
      const bool counts = before != 0 && lines[i].at > from;
      if (counts && lines[i].at - before > longest.length) {
        longest = {lines[i].at - before, lines[i].at};
      }
      before = lines[i].at;
    }
  }
  return longest;
}

std::size_t Rounds::acknowledged_since(Micros at) const {
  std::size_t count = 0;
  for (const Writer& writer : writers_) count += writer.journal->acknowledged_since(at);
  return count;
}

void Rounds::wait_until_well() {
  EXPECT_TRUE(before_long([&] {
    const auto status = client_.status();
    return status && is_well(*status);
  })) << "the cluster did not recover\n"
      << cluster_.ended();
  const Micros from = monotonic_micros();
  EXPECT_TRUE(before_long([&] { return monotonic_micros() - from >= kCalm; }));
}

// The end ------------------------------------------------------------------------------------

std::size_t Rounds::finish() {
  stop_writers();
  expect_equal_replicas(client_);
  expect_what_was_told(client_);
  std::set<std::string> kinds;
  for (const Report& report : reports_) kinds.insert(report.kind);
  for (const std::string& kind : kinds) print(kind);
  kinds.clear();
  for (const Comparison& comparison : comparisons_) kinds.insert(comparison.kind);
  for (const std::string& kind : kinds) print_comparison(kind);
  std::printf("%zu appends acknowledged in all\n", total_acknowledged());
  return total_acknowledged();
}

void Rounds::stop_writers() {
  for (Writer& writer : writers_) writer.process->kill(SIGTERM);
  for (Writer& writer : writers_) {
    EXPECT_EQ(writer.process->wait(), (Ended{0, 0})) << writer.process->errors();
    writer.journal->read();
    former_.push_back(std::move(writer.journal));
  }
}

std::size_t Rounds::total_acknowledged() const {
  std::size_t count = 0;
  for (const auto& journal : former_) count += journal->acknowledged_since(0);
  return count;
}

void Rounds::print(const std::string& kind) const {
  std::vector<Micros> gaps;
  std::size_t least = SIZE_MAX;
  std::size_t errors = 0;
  for (const Report& report : reports_) {
    if (report.kind != kind) continue;
    gaps.push_back(report.gap);
    least = std::min(least, report.acknowledged);
    errors += report.errors;
  }
  std::sort(gaps.begin(), gaps.end());
  std::printf(
      "%zu × %s: gap median %.0f ms, longest %.0f ms; at least %zu acknowledged in each window; "
      "%zu errors\n",
      gaps.size(), kind.c_str(), in_milliseconds(gaps[gaps.size() / 2]),
      in_milliseconds(gaps.back()), least, errors);
}

}  // namespace kipu::test

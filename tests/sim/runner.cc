#include "tests/sim/runner.h"

#include <atomic>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

namespace kipu::sim {
namespace {

class Progress {
 public:
  // What is there of this version goes into `outcomes`, as far as it is asked for.
  static Result<Progress> open(const Seeds& seeds, const std::string& version, Outcomes& outcomes) {
    Progress progress;
    if (seeds.progress.empty()) return progress;
    std::string line;
    std::ifstream before(seeds.progress);
    const bool is_new = !std::getline(before, line);
    if (!is_new && line != version) {
      return fail(ErrorCode::invalid_argument,
                  seeds.progress + " is of " + line + ", not of " + version + ": remove it");
    }
    while (std::getline(before, line)) {
      auto parsed = parse_line(line);
      // The last line of a run that was killed may be half there.
      if (!parsed || parsed->first < seeds.first || parsed->first > seeds.last) continue;
      outcomes.insert(std::move(*parsed));
    }
    progress.file_.open(seeds.progress, std::ios::app);
    if (is_new) progress.file_ << version;
    progress.file_ << "\n" << std::flush;
    if (!progress.file_) return fail(ErrorCode::io_error, seeds.progress + " cannot be written");
    return progress;
  }

  void add(std::uint64_t seed, const Outcome& outcome) {
    if (file_.is_open()) file_ << to_line(seed, outcome) << "\n" << std::flush;
  }

 private:
  std::ofstream file_;
};

}  // namespace

std::string to_line(std::uint64_t seed, const Outcome& outcome) {
  std::ostringstream line;
  line << seed;
  for (const TotalName& total : kTotals) line << ' ' << outcome.totals.*total.number;
  for (std::size_t i = 0; i < kMarks; ++i) line << ' ' << outcome.marks.count(static_cast<Mark>(i));
  line << ' ' << outcome.cpu_microseconds << " .";
  if (outcome.violation)
    line << ' ' << outcome.violation->invariant << ' ' << outcome.violation->text;
  return line.str();
}

std::optional<std::pair<std::uint64_t, Outcome>> parse_line(const std::string& line) {
  std::istringstream text(line);
  std::uint64_t seed = 0;
  Outcome outcome;
  text >> seed;
  for (const TotalName& total : kTotals) text >> outcome.totals.*total.number;
  for (std::size_t i = 0; i < kMarks; ++i) {
    std::uint64_t count = 0;
    text >> count;
    outcome.marks.add(static_cast<Mark>(i), count);
  }
  std::string end;
  if (!(text >> outcome.cpu_microseconds >> end) || end != ".") return std::nullopt;
  Violation violation;
  if (text >> violation.invariant) {
    text.ignore(1);
    std::getline(text, violation.text);
    outcome.violation = std::move(violation);
  }
  return std::pair(seed, std::move(outcome));
}

Result<Outcomes> run_seeds(const Seeds& seeds, const std::string& version,
                           const std::function<Outcome(std::uint64_t)>& run) {
  Outcomes outcomes;
  auto progress = Progress::open(seeds, version, outcomes);
  if (!progress) return fail(std::move(progress.error()));
  std::vector<std::uint64_t> left;
  for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    if (!outcomes.contains(seed)) left.push_back(seed);
  }
  std::mutex mutex;  // guards outcomes and progress
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> ended = false;
  const auto work = [&] {
    for (std::size_t i = next++; i < left.size() && !ended; i = next++) {
      Outcome outcome = run(left[i]);
      if (outcome.violation && !seeds.keep_going) ended = true;
      const std::lock_guard lock(mutex);
      progress->add(left[i], outcome);
      outcomes.emplace(left[i], std::move(outcome));
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned job = 0; job < seeds.jobs; ++job) threads.emplace_back(work);
  }
  return outcomes;
}

}  // namespace kipu::sim

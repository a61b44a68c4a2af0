#include "client/cli/absence.h"

#include <chrono>

#include <fmt/format.h>

#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

// Of what a process said last: a report is a line or two, and its log has the rest.
constexpr std::size_t kMostLastWords = 400;

// For a terminal, without what would end the sentence it stands in.
std::string last_words_of(const ToldProcess& process) {
  std::string words = printable(process.last_words);
  while (!words.empty() && (words.back() == '.' || words.back() == ' ')) words.pop_back();
  if (words.size() <= kMostLastWords) return words;
  std::size_t cut = kMostLastWords;
  while (cut > 0 && (static_cast<unsigned char>(words[cut]) & 0xC0U) == 0x80) --cut;
  return words.substr(0, cut) + "…";
}

// "ended with exit code 5, 3 times: what it said".
std::string how_it_ended(const ToldProcess& process) {
  std::string text = "does not run";
  if (!process.exit.empty()) {
    text = fmt::format("{} {}", process.exit.starts_with("signal") ? "was ended by" : "ended with",
                       printable(process.exit));
  }
  if (process.ends > 1) text += fmt::format(", {} times", format_number(process.ends));
  const std::string words = last_words_of(process);
  return words.empty() ? text : fmt::format("{}: {}", text, words);
}

std::string when_it_starts(const ToldProcess& process, WallTime now) {
  if (process.state == "stopped") return "it is not started again";
  const auto next = parse_time(process.next_start, now);
  if (!next || *next <= now) return "it is about to be started again";
  return "started again in " + format_duration(*next - now);
}

// Where more is said, and what to do.
std::string log_and_remedy(const ToldProcess& process) {
  std::string text;
  if (!process.log.empty()) text += "; log " + printable(process.log);
  if (!process.remedy.empty()) text += fmt::format("; `{}`", printable(process.remedy));
  return text;
}

std::string how_it_is_down(const ToldProcess& process, WallTime now) {
  return fmt::format("{}; {}{}", how_it_ended(process), when_it_starts(process, now),
                     log_and_remedy(process));
}

// Of one that is not down.
std::string how_it_runs(const ToldProcess& process) {
  std::string text = process.state == "running" && process.pid != 0
                         ? fmt::format("runs as process {}", process.pid)
                         : std::string("is being started");
  if (process.ends > 0) text += "; before, it " + how_it_ended(process);
  return text + log_and_remedy(process);
}

std::string silence_of(const WorkerStatus& worker) {
  return worker.liveness == Liveness::suspect
             ? fmt::format("is suspect: silent for {}", format_duration(worker.silent))
             : std::string("has not come yet");
}

}  // namespace

std::string why_absent(const WorkerStatus& worker, const ToldProcess& process, WallTime now) {
  const std::string id = worker.id.to_string();
  const std::string name = printable(process.name);
  if (process.is_down()) {
    return fmt::format("{} is down: {} {}", id, name, how_it_is_down(process, now));
  }
  return fmt::format("{} {}; {} {}", id, silence_of(worker), name, how_it_runs(process));
}

std::string why_absent(const ToldProcess& process, WallTime now) {
  const std::string name = printable(process.name);
  if (process.is_down())
    return fmt::format("{} is down: it {}", name, how_it_is_down(process, now));
  return fmt::format("{} has not come yet: it {}", name, how_it_runs(process));
}

std::string where_to_look(const WorkerStatus& worker) {
  return fmt::format(
      "look at the log on its host, and if its disk is lost: `kipu worker replace {}`",
      worker.id.to_string());
}

}  // namespace kipu::cli

#include "client/cli/line_fates.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace kipu::cli {
namespace {

constexpr std::size_t kMostRuns = 20;  // in a line for people

std::string join(const std::vector<std::string>& words, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? last : ", ";
    out += words[i];
  }
  return out;
}

}  // namespace

// Nothing was done where the request was refused or never arrived; whoever must look may find it.
LineFates::Fate LineFates::fate_of(const Result<Stamp>& result) {
  if (result) return Fate::done;
  const Remedy what = remedy(result.error().code);
  return what == Remedy::ask_again || what == Remedy::alert ? Fate::unknown : Fate::not_done;
}

void LineFates::add(const Result<Stamp>& result, const std::optional<Stamp>& stamp) {
  const Fate fate = fate_of(result);
  const std::uint64_t line = runs_.empty() ? 1 : runs_.back().last + 1;
  if (!runs_.empty() && runs_.back().fate == fate) {
    runs_.back().last = line;
  } else {
    runs_.push_back({fate, line, line});
  }
  if (fate == Fate::unknown) unknown_.push_back({line, stamp});
}

std::vector<LineFates::Run> LineFates::runs_of(Fate fate) const {
  std::vector<Run> found;
  std::ranges::copy_if(runs_, std::back_inserter(found),
                       [&](const Run& run) { return run.fate == fate; });
  return found;
}

std::string LineFates::to_string() const {
  if (runs_.empty()) return "no line was sent";
  std::vector<std::string> clauses;
  const auto tell = [&](Fate fate, std::string_view of_one, std::string_view of_several) {
    const std::vector<Run> runs = runs_of(fate);
    if (runs.empty()) return;
    std::vector<std::string> ranges;
    for (const Run& run : runs) {
      if (ranges.size() == kMostRuns) break;
      ranges.push_back(run.first == run.last ? fmt::format("{}", run.first)
                                             : fmt::format("{}–{}", run.first, run.last));
    }
    if (runs.size() > kMostRuns) ranges.push_back("others, which -o json lists,");
    const bool one = runs.size() == 1 && runs[0].first == runs[0].last;
    clauses.push_back(fmt::format("{} {} {}", one ? "line" : "lines", join(ranges, " and "),
                                  one ? of_one : of_several));
  };
  tell(Fate::done, fmt::format("is {}", done_), fmt::format("are {}", done_));
  if (clauses.empty()) clauses.push_back(fmt::format("no line is known to be {}", done_));
  tell(Fate::unknown, "may or may not be", "may or may not be");
  tell(Fate::not_done, "is not", "are not");
  if (rest_) clauses.emplace_back("the rest was not sent");
  return join(clauses, ", ");
}

void LineFates::render(JsonWriter& json) const {
  const auto write_runs = [&](std::string_view name, Fate fate) {
    json.key(name).begin_array();
    for (const Run& run : runs_of(fate)) {
      json.begin_array().number(run.first).number(run.last).end_array();
    }
    json.end_array();
  };
  write_runs(done_, Fate::done);
  write_runs(fmt::format("not_{}", done_), Fate::not_done);
  json.key("unknown").begin_array();
  for (const Unknown& each : unknown_) {
    json.begin_object().member("line", each.line);
    if (each.stamp) json.member("stamp", each.stamp->to_string());
    json.end_object();
  }
  json.end_array();
  if (rest_) json.member("rest_from", runs_.empty() ? 1 : runs_.back().last + 1);
}

}  // namespace kipu::cli

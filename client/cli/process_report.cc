#include "client/cli/process_report.h"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "client/cli/json_writer.h"
#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

using State = ProcessState::State;
using nlohmann::json;

constexpr std::array<std::pair<State, std::string_view>, 4> kStates{{
    {State::running, "running"},
    {State::starting, "starting"},
    {State::waiting, "waiting"},
    {State::stopped, "stopped"},
}};

std::string_view name_of(State state) {
  for (const auto& [each, name] : kStates) {
    if (each == state) return name;
  }
  return "";
}

std::string time_or_nothing(const std::optional<WallTime>& time) {
  return time ? format_time(*time) : std::string();
}

std::string format_one(const ProcessState& process) {
  std::string text;
  JsonWriter out(text);
  out.begin_object().member("name", process.name);
  out.member("store", process.store.is_none() ? std::string() : process.store.id.to_string());
  out.member("pid", process.pid).member("state", name_of(process.state));
  out.member("exit", process.exit).member("last_words", process.last_words);
  out.member("ends", process.ends).member("last_end", time_or_nothing(process.last_end));
  out.member("next_start", time_or_nothing(process.next_start));
  out.member("log", printable(process.log)).member("remedy", printable(process.remedy));
  out.end_object();
  return text;
}

State state_of(std::string_view name) {
  for (const auto& [state, each] : kStates) {
    if (each == name) return state;
  }
  return State::stopped;
}

ProcessState read(const json& object) {
  ProcessState process;
  process.name = object.at("name").get<std::string>();
  const auto store = Uuid::parse(object.at("store").get<std::string>());
  process.store = StoreId{store.value_or(Uuid{})};
  process.pid = object.at("pid").get<pid_t>();
  process.state = state_of(object.at("state").get<std::string>());
  process.exit = object.at("exit").get<std::string>();
  process.last_words = object.at("last_words").get<std::string>();
  process.ends = object.at("ends").get<std::uint32_t>();
  process.log = object.at("log").get<std::string>();
  process.remedy = object.at("remedy").get<std::string>();
  return process;
}

}  // namespace

const ProcessState* ProcessReport::find(std::string_view name) const {
  for (const ProcessState& process : processes) {
    if (process.name == name) return &process;
  }
  return nullptr;
}

std::string format_processes(const ProcessReport& report) {
  std::vector<std::string> parts(report.processes.size());
  const std::string head =
      "{\"supervisor\":" + std::to_string(report.supervisor) + ",\"processes\":[";
  const std::string tail = "]}\n";
  std::size_t left = kMaxProcessReportBytes - head.size() - tail.size();
  for (const bool runs : {false, true}) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if ((report.processes[i].state == State::running) != runs) continue;
      std::string part = format_one(report.processes[i]);
      if (part.size() + 1 > left) continue;
      left -= part.size() + 1;
      parts[i] = std::move(part);
    }
  }
  std::string text = head;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (text.back() != '[') text += ',';
    text += part;
  }
  return text + tail;
}

std::optional<ProcessReport> parse_processes(std::string_view text) {
  try {
    const json object = json::parse(text);
    ProcessReport report;
    report.supervisor = object.at("supervisor").get<pid_t>();
    for (const json& process : object.at("processes")) report.processes.push_back(read(process));
    return report;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::string cut_words(std::string_view text, std::size_t most) {
  constexpr std::string_view kCut = "…";
  std::string out = printable(text);
  if (out.size() <= most) return out;
  std::size_t end = most - kCut.size();
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U) --end;
  out.resize(end);
  return out.append(kCut);
}

}  // namespace kipu::cli

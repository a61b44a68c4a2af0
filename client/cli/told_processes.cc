#include "client/cli/told_processes.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace kipu::cli {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

// 0 for what is no number, or a negative one.
std::uint64_t number_of(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned()) return 0;
  return found->get<std::uint64_t>();
}

ToldProcess read_process(const json& object) {
  ToldProcess process;
  process.name = text_of(object, "name");
  process.store = StoreId{Uuid::parse(text_of(object, "store")).value_or(Uuid{})};
  process.pid = static_cast<std::int64_t>(number_of(object, "pid"));
  process.state = text_of(object, "state");
  process.exit = text_of(object, "exit");
  process.last_words = text_of(object, "last_words");
  process.ends = number_of(object, "ends");
  process.last_end = text_of(object, "last_end");
  process.next_start = text_of(object, "next_start");
  process.log = text_of(object, "log");
  process.remedy = text_of(object, "remedy");
  return process;
}

}  // namespace

ToldProcesses told_processes(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return {};
  const auto listed = document.find("processes");
  if (listed == document.end() || !listed->is_array()) return {};
  ToldProcesses processes;
  for (const json& object : *listed) {
    if (!object.is_object()) continue;
    ToldProcess process = read_process(object);
    // Without a name there is nothing to call it by.
    if (!process.name.empty()) processes.push_back(std::move(process));
  }
  return processes;
}

const ToldProcess* find_process(const ToldProcesses& processes, const StoreId& store) {
  if (store.is_none()) return nullptr;
  const auto found = std::ranges::find(processes, store, &ToldProcess::store);
  return found == processes.end() ? nullptr : &*found;
}

void render_json(const ToldProcess& process, JsonWriter& json) {
  json.member("name", process.name);
  json.member("store", process.store.is_none() ? std::string() : process.store.id.to_string());
  json.member("pid", process.pid).member("state", process.state);
  json.member("exit", process.exit).member("last_words", process.last_words);
  json.member("ends", process.ends).member("last_end", process.last_end);
  json.member("next_start", process.next_start);
  json.member("log", process.log).member("remedy", process.remedy);
}

}  // namespace kipu::cli

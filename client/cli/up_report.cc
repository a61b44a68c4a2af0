#include "client/cli/up_report.h"

#include <fmt/format.h>

namespace kipu::cli {
namespace {

constexpr std::string_view kUsualEndpoint = "tcp://127.0.0.1:7400";

}  // namespace

void render_text(const UpReport& result, const Style& style, std::string& out) {
  if (style.quiet) return;
  out += fmt::format("{} at {}\n", painted(style, Paint::green, "Kipu serves"),
                     painted(style, Paint::bold, result.endpoint));
  for (const auto& [state, trouble] : result.processes) {
    out += trouble.empty() ? fmt::format("  {:<12} process {}\n", state.name, state.pid)
                           : fmt::format("  {:<12} {}: {}\n", state.name,
                                         painted(style, Paint::red, "does not serve"), trouble);
  }
  out += fmt::format("  {:<12} {}\n", "data, logs", result.data);
  out += fmt::format("\n{}\n", painted(style, Paint::bold, "Try"));
  if (result.endpoint != kUsualEndpoint) {
    out += fmt::format("  export KIPU_BROKER={}\n", result.endpoint);
  }
  out +=
      "  kipu append fruit apple pear\n"
      "  kipu get fruit --stamps\n"
      "  kipu shell\n"
      "  kipu status\n";
  out += result.detached ? fmt::format("  kipu down --data {}\n", result.data)
                         : "\nCtrl-C stops it.\n";
}

void render_raw(const UpReport& result, const Style& style, std::string& out) {
  render_text(result, style, out);
}

void render_json(const UpReport& result, JsonWriter& json) {
  json.member("endpoint", result.endpoint).member("data", result.data);
  json.member("detached", result.detached).key("processes").begin_object();
  for (const auto& [state, trouble] : result.processes) json.member(state.name, state.pid);
  json.end_object().key("not_serving").begin_array();
  for (const auto& [state, trouble] : result.processes) {
    if (trouble.empty()) continue;
    json.begin_object().member("name", state.name).member("exit", state.exit);
    json.member("last_words", state.last_words).member("log", state.log);
    json.member("remedy", state.remedy).end_object();
  }
  json.end_array();
}

void render_text(const DownReport& /*result*/, const Style& /*style*/, std::string& /*out*/) {}

void render_raw(const DownReport& /*result*/, const Style& /*style*/, std::string& /*out*/) {}

void render_json(const DownReport& result, JsonWriter& json) {
  json.member("data", result.data).member("was_running", result.was_running);
}

void render_text(const ReplaceReport& result, const Style& style, std::string& out) {
  if (style.quiet) return;
  out += fmt::format("{} begins a new store in {}{}\n",
                     result.worker.empty() ? result.name : result.worker, result.data,
                     result.pid != 0 ? fmt::format(", as process {}", result.pid)
                                     : ": the next `kipu up` starts it");
  if (!result.kept.empty()) out += fmt::format("what was there is kept in {}\n", result.kept);
  out += "it serves what it has fetched from the other replicas: see `kipu status`\n";
}

void render_raw(const ReplaceReport& result, const Style& style, std::string& out) {
  render_text(result, style, out);
}

void render_json(const ReplaceReport& result, JsonWriter& json) {
  json.member("name", result.name).member("worker", result.worker).member("data", result.data);
  json.member("store", result.store.is_none() ? std::string() : result.store.id.to_string());
  json.member("kept", result.kept).member("pid", result.pid);
}

void render_text(const AcceptLossReport& result, const Style& style, std::string& out) {
  if (style.quiet) return;
  out += fmt::format("{} takes what the other replicas have for all that there is{}\n",
                     result.worker.empty() ? result.name : result.worker,
                     result.pid != 0 ? fmt::format(", as process {}", result.pid)
                                     : ": the next `kipu up` starts it");
  out += "it serves once it has all of that: see `kipu status`\n";
}

void render_raw(const AcceptLossReport& result, const Style& style, std::string& out) {
  render_text(result, style, out);
}

void render_json(const AcceptLossReport& result, JsonWriter& json) {
  json.member("name", result.name).member("worker", result.worker).member("pid", result.pid);
}

void render(const UpReport& result, const Style& style, std::string& out) {
  if (style.format == Format::text || style.format == Format::raw) {
    render_text(result, style, out);
    return;
  }
  JsonWriter json(out);
  json.begin_object();
  render_json(result, json);
  json.end_object();
  out += '\n';
}

}  // namespace kipu::cli

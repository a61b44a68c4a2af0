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
  for (const auto& [name, pid] : result.processes) {
    out += fmt::format("  {:<12} process {}\n", name, pid);
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
  for (const auto& [name, pid] : result.processes) json.member(name, pid);
  json.end_object();
}

void render_text(const DownReport& /*result*/, const Style& /*style*/, std::string& /*out*/) {}

void render_raw(const DownReport& /*result*/, const Style& /*style*/, std::string& /*out*/) {}

void render_json(const DownReport& result, JsonWriter& json) {
  json.member("data", result.data).member("was_running", result.was_running);
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

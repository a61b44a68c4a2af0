// What `up` says once the cluster serves.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "client/cli/output.h"

namespace kipu::cli {

struct UpReport {
  struct Process {
    std::string name;
    pid_t pid = -1;
  };
  std::string data;
  std::string endpoint;
  bool detached = false;
  std::vector<Process> processes;
};

void render_text(const UpReport& result, const Style& style, std::string& out);
void render_raw(const UpReport& result, const Style& style, std::string& out);
void render_json(const UpReport& result, JsonWriter& json);

// What `down` did. For people a sentence on standard error says it, so as text it has nothing.
struct DownReport {
  std::string data;
  bool was_running = false;
};

void render_text(const DownReport& result, const Style& style, std::string& out);
void render_raw(const DownReport& result, const Style& style, std::string& out);
void render_json(const DownReport& result, JsonWriter& json);

// In the style's format.
void render(const UpReport& result, const Style& style, std::string& out);

}  // namespace kipu::cli

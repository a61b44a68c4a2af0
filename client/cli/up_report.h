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

// In the style's format.
void render(const UpReport& result, const Style& style, std::string& out);

}  // namespace kipu::cli

// What `up` says once the cluster serves.
#pragma once

#include <string>
#include <vector>

#include "client/cli/output.h"
#include "client/cli/process_report.h"

namespace kipu::cli {

struct UpReport {
  struct Process {
    ProcessState state;
    std::string trouble;  // why it does not serve; empty if it does
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

// What `worker replace` did.
struct ReplaceReport {
  std::string name;    // of the folder: worker-2
  std::string worker;  // w2, or nothing
  std::string data;    // where the new store lies
  StoreId store;
  std::string kept;  // under which name what was there is kept; empty if nothing was
  pid_t pid = 0;     // 0: no `kipu up` runs that could have started it
};

void render_text(const ReplaceReport& result, const Style& style, std::string& out);
void render_raw(const ReplaceReport& result, const Style& style, std::string& out);
void render_json(const ReplaceReport& result, JsonWriter& json);

// What `worker accept-loss` did.
struct AcceptLossReport {
  std::string name;    // of the folder: worker-2
  std::string worker;  // w2, or nothing
  pid_t pid = 0;       // 0: no `kipu up` runs that could have started it
};

void render_text(const AcceptLossReport& result, const Style& style, std::string& out);
void render_raw(const AcceptLossReport& result, const Style& style, std::string& out);
void render_json(const AcceptLossReport& result, JsonWriter& json);

// In the style's format.
void render(const UpReport& result, const Style& style, std::string& out);

}  // namespace kipu::cli

// Log lines as data: machines hand them back as effects, and a runtime writes them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace kipu {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct LogLine {
  LogLevel level = LogLevel::info;
  std::string text;
};

// Where a runtime writes its lines; may be empty. Called by the runtime's own threads, several at
// once.
using LogSink = std::function<void(const LogLine&)>;

}  // namespace kipu

// Log lines as data: machines hand them back as effects, and a runtime writes them.
#pragma once

#include <cstdint>
#include <string>

namespace kipu {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct LogLine {
  LogLevel level = LogLevel::info;
  std::string text;
};

}  // namespace kipu

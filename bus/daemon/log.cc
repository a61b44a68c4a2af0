#include "bus/daemon/log.h"

#include <mutex>
#include <utility>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/plain_file.h"

namespace kipu::daemon {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

// The sinks are without locks of their own: Log has one.
Result<spdlog::sink_ptr> open_sink(const std::string& file) {
  if (auto status = check_log_file(file); !status) return fail(with_aside(status.error(), file));
  try {
    if (file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_st>();
    return std::make_shared<spdlog::sinks::basic_file_sink_st>(file);
  } catch (const spdlog::spdlog_ex& error) {
    return fail(ErrorCode::io_error, "cannot open the log " + file + ": " + error.what());
  }
}

std::unique_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink, LogLevel least) {
  auto logger = std::make_unique<spdlog::logger>("kipu", std::move(sink));
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
  logger->set_level(to_spdlog(least));
  logger->flush_on(spdlog::level::trace);
  return logger;
}

}  // namespace

struct Log::State {
  std::string file;
  LogLevel least = LogLevel::info;
  std::mutex mutex;  // guards what follows
  std::unique_ptr<spdlog::logger> logger;
};

Result<std::unique_ptr<Log>> Log::open(std::string file, LogLevel least) {
  auto sink = open_sink(file);
  if (!sink) return fail(std::move(sink).error());
  auto state = std::make_unique<State>();
  state->file = std::move(file);
  state->least = least;
  state->logger = make_logger(std::move(*sink), least);
  return std::unique_ptr<Log>(new Log(std::move(state)));
}

Log::Log(std::unique_ptr<State> state) : state_(std::move(state)) {}
Log::~Log() = default;

void Log::write(const LogLine& line) {
  const std::scoped_lock lock(state_->mutex);
  state_->logger->log(to_spdlog(line.level), line.text);
}

void Log::reopen() {
  if (!to_file()) return;
  auto sink = open_sink(state_->file);
  if (!sink) {
    write({LogLevel::error, sink.error().message});
    return;
  }
  auto logger = make_logger(std::move(*sink), state_->least);
  const std::scoped_lock lock(state_->mutex);
  state_->logger = std::move(logger);
}

bool Log::to_file() const {
  return !state_->file.empty();
}

}  // namespace kipu::daemon

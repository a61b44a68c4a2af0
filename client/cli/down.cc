// down: stops a cluster that `up` runs.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fmt/format.h>
#include <unistd.h>

#include "base/shell_quoted.h"
#include "client/cli/handlers.h"
#include "client/cli/own_process.h"
#include "client/cli/session.h"
#include "client/cli/units.h"
#include "client/cli/up_report.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kReactsWithin{20};
constexpr seconds kStopsWithin{120};
constexpr seconds kTellEvery{5};
constexpr milliseconds kLook{200};
constexpr seconds kDiesWithin{10};

Exit stopped(Context& context, const DownReport& report) {
  const Format format = context.out.style().format;
  if (format == Format::json || format == Format::jsonl) {
    show(context.out, report);
  } else if (report.was_running) {
    note(context.out.style(), fmt::format("kipu: the cluster in {} has stopped", report.data));
  } else {
    note(context.out.style(), fmt::format("kipu: nothing runs over {}", report.data));
  }
  return Exit::done;
}

std::string kill_command(const ClusterFolder& folder) {
  return fmt::format("kipu down --data {} --kill", shell_quoted(folder.path().string()));
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += fmt::format("{}{}", out.empty() ? "" : ", ", name);
  return out;
}

// Why a supervisor does not even take the request, and what helps.
Error explain_stuck(const ClusterFolder& folder, pid_t pid) {
  const std::string what = fmt::format("process {} has not taken the request to stop for {}", pid,
                                       format_duration(kReactsWithin));
  switch (state_of_process(pid)) {
    case 'T':
    case 't':
      return {ErrorCode::deadline_exceeded,
              fmt::format("{}: it is stopped (state T). `kill -CONT {}` lets it go on, and end; "
                          "`{}` ends it and its daemons at once",
                          what, pid, kill_command(folder))};
    case 'D':
      return {
          ErrorCode::deadline_exceeded,
          fmt::format("{}: it waits for a disk (state D), and ends once that answers; `{}` ends "
                      "what can be ended",
                      what, kill_command(folder))};
    default:
      return {ErrorCode::deadline_exceeded,
              fmt::format("{} (state {}); `{}` ends it and its daemons", what,
                          state_of_process(pid), kill_command(folder))};
  }
}

// One that takes the request may be slow to follow: its workers close large stores.
Status wait_until_stopped(const ClusterFolder& folder, pid_t pid, const Style& style) {
  milliseconds waited{0};
  bool taken = false;
  while (!wait_for_end(pid, kLook)) {
    waited += kLook;
    taken = taken || !is_pending(pid, SIGTERM);
    if (!taken && waited >= kReactsWithin) return fail(explain_stuck(folder, pid));
    if (waited >= kStopsWithin) {
      return fail(
          ErrorCode::deadline_exceeded,
          fmt::format("process {} has not stopped within {}, and waits for {}; see {}. `{}` "
                      "ends it and its daemons",
                      pid, format_duration(kStopsWithin), joined(running_daemons(folder)),
                      folder.log("up").string(), kill_command(folder)));
    }
    if (waited % kTellEvery != milliseconds::zero()) continue;
    note(style, taken ? fmt::format("kipu: process {} is stopping the cluster, and waits for {}",
                                    pid, joined(running_daemons(folder)))
                      : fmt::format("kipu: process {} has not taken the request to stop yet "
                                    "(state {})",
                                    pid, state_of_process(pid)));
  }
  return {};
}

Status ask_to_stop(pid_t pid) {
  if (::kill(pid, SIGTERM) == 0 || errno == ESRCH) return {};
  return fail(ErrorCode::io_error,
              fmt::format("process {} cannot be asked to stop: {}", pid, std::strerror(errno)));
}

Status kill_and_wait(pid_t pid, std::string_view name) {
  if (::kill(pid, SIGKILL) != 0 && errno != ESRCH) {
    return fail(ErrorCode::io_error, fmt::format("{} (process {}) cannot be killed: {}", name, pid,
                                                 std::strerror(errno)));
  }
  if (wait_for_end(pid, kDiesWithin)) return {};
  return fail(ErrorCode::deadline_exceeded,
              fmt::format("{} (process {}) was killed and has not ended, in state {}: it ends when "
                          "its disk answers",
                          name, pid, state_of_process(pid)));
}

// The supervisor first, which would start the others again. These ask themselves to stop when it
// ends, and have a moment to close their stores.
Status kill_all(const ClusterFolder& folder, std::optional<pid_t> supervisor) {
  if (supervisor && !has_lock_open(folder, *supervisor)) {
    return fail(ErrorCode::unsupported,
                fmt::format("process {} does not hold {}, so it is not this cluster's: nothing was "
                            "killed",
                            *supervisor, (folder.path() / "lock").string()));
  }
  if (supervisor) {
    if (auto status = kill_and_wait(*supervisor, "`kipu up`"); !status) return status;
  }
  Status result;
  for (const std::string& name : running_daemons(folder)) {
    const auto pid = running_daemon(folder, name);
    if (!pid || wait_for_end(*pid, state_of_process(*pid) == 'T' ? milliseconds{0} : kDiesWithin)) {
      continue;
    }
    if (auto status = kill_and_wait(*pid, name); !status) result = status;
  }
  std::error_code ignored;
  fs::remove(folder.path() / "endpoint", ignored);
  fs::remove(folder.path() / "processes", ignored);
  return result;
}

}  // namespace

Result<Exit> run_down(Context& context) {
  if (auto status = check_not_embedded(context); !status) return fail(status.error());
  std::error_code error;
  const fs::path data =
      fs::absolute(std::string(context.arguments.get("data").value_or("kipu-data")), error);
  const ClusterFolder folder(data);
  if (::access((data / "lock").c_str(), R_OK) != 0 && errno == EACCES) {
    return fail(ErrorCode::io_error,
                fmt::format("{} cannot be looked at: it is another user's", data.string()));
  }
  if (auto status = folder.check_kinds(); !status && !context.arguments.has("kill")) {
    return fail(status.error());
  }
  const auto pid = folder.holder();
  // Without its record a cluster may run all the same.
  if (!pid && !fs::exists(data / "cluster", error)) {
    return fail(ErrorCode::not_a_store,
                fmt::format("{} holds no cluster: name its directory with --data", data.string()));
  }
  if (context.arguments.has("kill")) {
    const bool any = pid || !running_daemons(folder).empty();
    if (auto status = kill_all(folder, pid); !status) return fail(status.error());
    return stopped(context, {data.string(), any});
  }
  if (!pid) return stopped(context, {data.string(), false});
  if (auto status = ask_to_stop(*pid); !status) return fail(status.error());
  if (auto status = wait_until_stopped(folder, *pid, context.out.style()); !status) {
    return fail(status.error());
  }
  return stopped(context, {data.string(), true});
}

}  // namespace kipu::cli

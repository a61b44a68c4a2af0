// up: a cluster on this machine.
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/shell_quoted.h"
#include "client/cli/detach.h"
#include "client/cli/disk_room.h"
#include "client/cli/handlers.h"
#include "client/cli/own_process.h"
#include "client/cli/prepare.h"
#include "client/cli/session.h"
#include "client/cli/supervisor.h"
#include "client/cli/up_report.h"
#include "client/cli/up_request.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;

// Of this process and, which have the same limit, of each that it starts.
constexpr std::size_t kDescriptors = 64;
constexpr std::chrono::seconds kLeftoversWithin{20};
// What others may not do with what this program and its daemons make: read, write, list.
constexpr mode_t kPrivate = 0077;

// To say so before anything is started; the broker finds out for itself if it is taken meanwhile.
Status check_port(std::uint16_t port) {
  if (port == 0) return {};
  for (const std::uint16_t each : {port, static_cast<std::uint16_t>(port + 1)}) {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return fail(ErrorCode::internal, "no socket to try the ports with");
    const int on = 1;
    ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(each);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool taken =
        ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0;
    ::close(probe);
    if (taken) {
      return fail(
          ErrorCode::in_use,
          fmt::format("port {} is taken: name another with --port, or 0 for free ones", each));
    }
  }
  return {};
}

// Processes whose supervisor was killed end by themselves, but take a moment to close their stores.
void wait_for_leftovers(const ClusterFolder& folder, const Announcer& announcer) {
  for (const std::string& name : running_daemons(folder)) {
    const auto pid = running_daemon(folder, name);
    if (!pid || wait_for_end(*pid, kLeftoversWithin)) continue;
    announcer.say(
        fmt::format("{} of the last `kipu up` still runs, as process {} in state {}: "
                    "`kill -KILL {}` ends it",
                    name, *pid, state_of_process(*pid), *pid));
  }
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder.path() / "pids", error)) {
    const std::string name = file.path().filename().string();
    if (name == "broker" || number_of_worker(name) > 0) fs::remove(file.path(), error);
  }
  fs::remove(folder.path() / "processes", error);
}

UpReport report_of(const Supervisor& supervisor, const UpRequest& request) {
  UpReport report;
  report.data = request.data.string();
  report.endpoint = supervisor.endpoint();
  report.detached = request.detach;
  for (const Member& member : supervisor.members()) {
    report.processes.push_back({member.state(), member.trouble()});
  }
  return report;
}

struct Plan {
  const UpRequest& request;
  ClusterFolder& folder;
  const Prepared& prepared;
  const Programs& programs;
};

// Starts, tells `served`, watches, and cleans up. Nobody watches where `served` could tell nobody.
Result<Exit> supervise(const Plan& plan, const Announcer& announcer,
                       const std::function<bool(const UpReport&)>& served) {
  if (auto status = plan.folder.sign_lock(); !status) return fail(status.error());
  Supervisor supervisor(plan.folder, plan.prepared,
                        {plan.programs, plan.request.port, daemon_size(plan.request.reserve)},
                        announcer);
  if (auto status = supervisor.start(); !status) return fail(status.error());
  announcer.say(fmt::format("serving at {}", supervisor.endpoint()));
  const UpReport report = report_of(supervisor, plan.request);
  for (const UpReport::Process& process : report.processes) {
    if (process.trouble.empty()) continue;
    announcer.say(fmt::format("{} does not serve: {}", process.state.name, process.trouble));
  }
  const bool told = served(report);
  return told ? supervisor.watch() : Exit::done;
}

Result<Exit> supervise_here(const Plan& plan, Context& context) {
  const Announcer announcer(plan.folder.log("up"), true);
  return supervise(plan, announcer, [&](const UpReport& report) {
    show(context.out, report);
    return context.out.good();
  });
}

Result<Exit> supervise_detached(const Plan& plan, Context& context) {
  const fs::path log = plan.folder.log("up");
  return run_detached(log, context.out, [&](const Tell& tell) {
    const Announcer announcer(log, false);
    return supervise(plan, announcer, [&](const UpReport& report) {
      std::string text;
      render(report, context.out.style(), text);
      tell(text);
      return true;
    });
  });
}

}  // namespace

Result<Exit> run_up(Context& context) {
  if (auto status = check_not_embedded(context); !status) return fail(status.error());
  auto request = parse_up(context.arguments);
  if (!request) return fail(request.error());
  if (auto room = check_descriptors(kDescriptors, "a cluster"); !room) return fail(room.error());
  auto programs = find_programs();
  if (!programs) return fail(programs.error());
  std::error_code error;
  request->data = fs::absolute(request->data, error);
  ::umask(kPrivate | ::umask(kPrivate));
  ClusterFolder folder(request->data);
  if (auto status = check_directory(folder, *request, *programs); !status) {
    return fail(status.error());
  }
  if (auto status = folder.check_kinds(); !status) return fail(status.error());
  if (auto status = folder.lock(); !status) return fail(status.error());
  const Announcer announcer(folder.log("up"), !context.out.style().quiet);
  wait_for_leftovers(folder, announcer);
  if (auto status = check_port(request->port); !status) return fail(status.error());
  auto prepared = prepare(folder, *request, *programs);
  if (!prepared) return fail(prepared.error());
  for (const std::string& each : prepared->notes) announcer.say(each);
  for (const std::string& each : short_of_room(folder, *prepared, request->reserve)) {
    announcer.say(each);
  }
  const Plan plan{*request, folder, *prepared, *programs};
  return request->detach ? supervise_detached(plan, context) : supervise_here(plan, context);
}

}  // namespace kipu::cli

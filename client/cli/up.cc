// up, down: a cluster on this machine.
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "client/cli/handlers.h"
#include "client/cli/supervisor.h"
#include "client/cli/units.h"
#include "client/cli/up_report.h"
#include "client/cli/up_request.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kStopWithinMilliseconds = 90'000;
constexpr int kLeftoversMilliseconds = 20'000;

// Waits until the process has ended. False if it has not in time.
bool wait_for_end(pid_t pid, int milliseconds) {
  const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (descriptor < 0) return errno == ESRCH;
  pollfd source{descriptor, POLLIN, 0};
  const int ended = ::poll(&source, 1, milliseconds);
  ::close(descriptor);
  return ended > 0;
}

Result<Programs> find_programs() {
  auto broker = find_program("kipu-broker");
  if (!broker) return fail(broker.error());
  auto worker = find_program("kipu-worker");
  if (!worker) return fail(worker.error());
  return Programs{*broker, *worker};
}

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

Status run_init(std::vector<std::string> words, const fs::path& data) {
  std::error_code error;
  fs::remove_all(data, error);  // of a first start that was interrupted; it never served
  words.insert(words.end(), {"--data", data.string()});
  const auto made = run_to_end(words);
  if (!made) return fail(made.error());
  if (made->status == 0) return {};
  std::string output = made->output;
  while (output.ends_with('\n')) output.pop_back();
  return fail(ErrorCode::io_error, fmt::format("{} init: {} ({})", data.filename().string(), output,
                                               describe_exit(made->status)));
}

Status make_stores(const ClusterFolder& folder, const ClusterRecord& record,
                   const Programs& programs) {
  const std::vector<std::string> broker{programs.broker, "init",
                                        "--workers",     std::to_string(record.workers),
                                        "--replicas",    std::to_string(record.replicas),
                                        "--partitions",  std::to_string(record.partitions),
                                        "--cluster-id",  record.cluster.id.to_string()};
  if (auto status = run_init(broker, folder.path() / "broker"); !status) return status;
  for (std::uint32_t i = 1; i <= record.workers; ++i) {
    const fs::path data = folder.path() / fmt::format("worker-{}", i);
    if (auto status = run_init({programs.worker, "init"}, data); !status) return status;
  }
  return {};
}

// A store that is gone was someone's data: never made anew in silence.
Status check_stores(const ClusterFolder& folder, const ClusterRecord& record) {
  for (std::uint32_t i = 1; i <= record.workers; ++i) {
    const fs::path data = folder.path() / fmt::format("worker-{}", i);
    std::error_code error;
    if (fs::exists(data, error)) continue;
    return fail(ErrorCode::not_a_store,
                fmt::format("{} is missing, and with it a part of the data: put it back, or name "
                            "another directory with --data",
                            data.string()));
  }
  return {};
}

Result<ClusterRecord> prepare(const ClusterFolder& folder, const UpRequest& request,
                              const Programs& programs) {
  const auto found = folder.load();
  if (!found) return fail(found.error());
  Rng rng = Rng::from_system();
  auto record = settle_record(request, *found, ClusterId{Uuid::random(rng)});
  if (!record) return fail(record.error());
  if (record->ready) {
    if (auto status = check_stores(folder, *record); !status) return fail(status.error());
    return record;
  }
  if (auto status = folder.save(*record); !status) return fail(status.error());
  if (auto status = make_stores(folder, *record, programs); !status) return fail(status.error());
  record->ready = true;
  if (auto status = folder.save(*record); !status) return fail(status.error());
  return record;
}

// Whether the process that a file of pids/ names is still one of ours, and not another that was
// given the same number since.
bool is_daemon(pid_t pid) {
  std::ifstream stream(fmt::format("/proc/{}/comm", pid));
  std::string name;
  std::getline(stream, name);
  return name == "kipu-broker" || name == "kipu-worker";
}

// Processes whose supervisor was killed end by themselves, but take a moment to close their stores.
void wait_for_leftovers(const ClusterFolder& folder) {
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder.path() / "pids", error)) {
    pid_t pid = 0;
    std::ifstream(file.path()) >> pid;
    if (pid > 0 && is_daemon(pid)) wait_for_end(pid, kLeftoversMilliseconds);
    fs::remove(file.path(), error);
  }
}

UpReport report_of(const Supervisor& supervisor, const UpRequest& request) {
  UpReport report;
  report.data = request.data.string();
  report.endpoint = supervisor.endpoint();
  report.detached = request.detach;
  for (const Member& member : supervisor.members()) {
    report.processes.push_back({member.name, member.child.pid});
  }
  return report;
}

struct Plan {
  const UpRequest& request;
  ClusterFolder& folder;
  const ClusterRecord& record;
  const Programs& programs;
};

// Starts, tells `served`, watches, and cleans up.
Result<Exit> supervise(const Plan& plan, const Announcer& announcer,
                       const std::function<void(const UpReport&)>& served) {
  if (auto status = plan.folder.sign_lock(); !status) return fail(status.error());
  Supervisor supervisor(plan.folder, plan.record, plan.programs, plan.request.port, announcer);
  if (auto status = supervisor.start(); !status) return fail(status.error());
  const fs::path endpoint = plan.folder.path() / "endpoint";
  if (auto status = replace_file(endpoint, supervisor.endpoint() + "\n"); !status) {
    return fail(status.error());
  }
  announcer.say(fmt::format("serving at {}", supervisor.endpoint()));
  served(report_of(supervisor, plan.request));
  const Exit exit = supervisor.watch();
  std::error_code ignored;
  fs::remove(endpoint, ignored);
  return exit;
}

Result<Exit> supervise_here(const Plan& plan, Context& context) {
  const Announcer announcer(plan.folder.log("up"), true);
  return supervise(plan, announcer, [&](const UpReport& report) { show(context.out, report); });
}

// What the detached process tells the one that a user waits for: `+` and the report as it is to be
// shown, or `-`, the number of an error's code, a blank, and its message.
void tell(int pipe, std::string_view message) {
  while (!message.empty()) {
    const ssize_t taken = ::write(pipe, message.data(), message.size());
    if (taken < 0 && errno != EINTR) break;
    if (taken > 0) message.remove_prefix(static_cast<std::size_t>(taken));
  }
  ::close(pipe);
}

Result<Exit> hear(int pipe, const Plan& plan, Context& context) {
  std::string message;
  std::array<char, 4096> bytes{};
  while (true) {
    const ssize_t got = ::read(pipe, bytes.data(), bytes.size());
    if (got == 0 || (got < 0 && errno != EINTR)) break;
    if (got > 0) message.append(bytes.data(), static_cast<std::size_t>(got));
  }
  ::close(pipe);
  if (message.starts_with('+')) {
    context.out.write(message.substr(1));
    return Exit::done;
  }
  std::uint16_t number = 0;
  const char* const end = message.data() + message.size();
  const char* after = message.data();
  if (message.starts_with('-')) after = std::from_chars(after + 1, end, number).ptr;
  const auto code = error_code_from_number(number);
  if (!code || after == end) {
    return fail(ErrorCode::internal, fmt::format("the cluster ended before it served; see {}",
                                                 plan.folder.log("up").string()));
  }
  return fail(*code, std::string(after + 1, end));
}

// Leaves the terminal, and what it was given to read and write.
void leave_terminal(const fs::path& log) {
  ::setsid();
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (null >= 0) {
    ::dup2(null, STDIN_FILENO);
    ::dup2(file < 0 ? null : file, STDOUT_FILENO);
    ::dup2(file < 0 ? null : file, STDERR_FILENO);
    ::close(null);
  }
  if (file >= 0) ::close(file);
}

[[noreturn]] void run_detached(const Plan& plan, const Style& style, int pipe) {
  leave_terminal(plan.folder.log("up"));
  const Announcer announcer(plan.folder.log("up"), false);
  bool told = false;
  const auto exit = supervise(plan, announcer, [&](const UpReport& report) {
    std::string text = "+";
    render(report, style, text);
    tell(pipe, text);
    told = true;
  });
  if (!exit && !told) {
    tell(pipe, fmt::format("-{} {}", static_cast<int>(exit.error().code), exit.error().message));
  }
  ::_exit(static_cast<int>(exit ? *exit : exit_of(exit.error().code)));
}

// Two forks, so that nobody has to wait for the one that stays. No thread and no ZeroMQ context
// exists yet.
Result<Exit> supervise_detached(const Plan& plan, Context& context) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::io_error, fmt::format("pipe: {}", std::strerror(errno)));
  }
  const pid_t child = ::fork();
  if (child < 0) return fail(ErrorCode::io_error, fmt::format("fork: {}", std::strerror(errno)));
  if (child == 0) {
    ::close(ends[0]);
    if (::fork() != 0) ::_exit(0);
    run_detached(plan, context.out.style(), ends[1]);
  }
  ::close(ends[1]);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return hear(ends[0], plan, context);
}

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

}  // namespace

Result<Exit> run_up(Context& context) {
  auto request = parse_up(context.arguments);
  if (!request) return fail(request.error());
  const auto programs = find_programs();
  if (!programs) return fail(programs.error());
  std::error_code error;
  request->data = fs::absolute(request->data, error);
  ClusterFolder folder(request->data);
  if (auto status = folder.lock(); !status) return fail(status.error());
  wait_for_leftovers(folder);
  if (auto status = check_port(request->port); !status) return fail(status.error());
  const auto record = prepare(folder, *request, *programs);
  if (!record) return fail(record.error());
  const Plan plan{*request, folder, *record, *programs};
  return request->detach ? supervise_detached(plan, context) : supervise_here(plan, context);
}

Result<Exit> run_down(Context& context) {
  const fs::path data = std::string(context.arguments.get("data").value_or("kipu-data"));
  std::error_code error;
  if (!fs::exists(data / "cluster", error)) {
    return fail(ErrorCode::not_a_store,
                fmt::format("{} holds no cluster: name its directory with --data", data.string()));
  }
  const ClusterFolder folder(data);
  const auto pid = folder.holder();
  if (!pid) {
    return stopped(context, {data.string(), false});
  }
  if (::kill(*pid, SIGTERM) != 0 && errno != ESRCH) {
    return fail(ErrorCode::io_error,
                fmt::format("process {} cannot be asked to stop: {}", *pid, std::strerror(errno)));
  }
  if (!wait_for_end(*pid, kStopWithinMilliseconds)) {
    return fail(ErrorCode::deadline_exceeded, fmt::format("process {} has not stopped yet; see {}",
                                                          *pid, folder.log("up").string()));
  }
  return stopped(context, {data.string(), true});
}

}  // namespace kipu::cli

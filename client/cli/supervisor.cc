#include "client/cli/supervisor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;

constexpr Duration kReadyWithin = std::chrono::seconds(60);   // a large store takes time to open
constexpr Duration kServedWithin = std::chrono::seconds(60);  // hellos, and the first map
constexpr Duration kStopWithin = std::chrono::seconds(30);
// What the daemons exit with when an I/O error ended them: the same as this program's `unhealthy`.
constexpr int kIoErrorExit = static_cast<int>(Exit::unhealthy);

int open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool is_lost(const fs::path& folder) {
  std::error_code error;
  return !fs::exists(folder, error) || fs::is_empty(folder, error);
}

// The last line that a process wrote, for a message.
std::string last_line(const fs::path& log) {
  std::ifstream stream(log);
  std::string line;
  std::string last;
  while (std::getline(stream, line)) {
    if (!line.empty()) last = line;
  }
  return last;
}

std::string on_port(std::uint16_t port) {
  return fmt::format("tcp://127.0.0.1:{}", port);
}

void close_output(Child& child) {
  if (child.output >= 0) ::close(child.output);
  child.output = -1;
}

}  // namespace

void Announcer::say(std::string_view text) const {
  std::ofstream(log_, std::ios::app) << format_time(wall_now()) << ' ' << text << '\n';
  if (aloud_) fmt::print(stderr, "kipu up: {}\n", text);
}

std::optional<std::string> ready_field(std::string_view line, std::string_view name) {
  const std::string start = fmt::format(" {}=", name);
  const std::size_t at = line.find(start);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view value = line.substr(at + start.size());
  return std::string(value.substr(0, value.find(' ')));
}

Supervisor::Supervisor(const ClusterFolder& folder, const ClusterRecord& record,
                       const Programs& programs, std::uint16_t port, const Announcer& announcer)
    : folder_(folder),
      record_(record),
      programs_(programs),
      announcer_(announcer),
      frontend_(on_port(port)),
      backend_(on_port(port == 0 ? port : static_cast<std::uint16_t>(port + 1))),
      members_(record.workers + 1),
      signals_(open_signals()) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    members_[i].name = i == 0 ? "broker" : fmt::format("worker-{}", i);
  }
}

Supervisor::~Supervisor() {
  stop_all();
  ::close(signals_);
}

Status Supervisor::start() {
  for (Member& member : members_) {
    if (auto status = start_until_ready(member); !status) return status;
  }
  return wait_until_served();
}

Status Supervisor::start_until_ready(Member& member) {
  if (auto status = launch(member); !status) {
    stop_all();
    return status;
  }
  const Instant deadline = now() + kReadyWithin;
  while (!member.ready && member.running() && !stopping_ && now() < deadline) step(deadline);
  if (stopping_) return give_up("asked to stop");
  if (!member.running()) {
    return give_up(fmt::format("{} ended before it served: {}; its log is {}", member.name,
                               last_line(folder_.log(member.name)),
                               folder_.log(member.name).string()));
  }
  if (member.ready) return {};
  return give_up(fmt::format("{} did not serve within {}; its log is {}", member.name,
                             format_duration(kReadyWithin), folder_.log(member.name).string()));
}

tl::unexpected<Error> Supervisor::give_up(std::string what) {
  stop_all();
  announcer_.say(what);
  return fail(stopping_ ? ErrorCode::cancelled : ErrorCode::unavailable, std::move(what));
}

// A ping is answered once the cluster map is in force. It is a process, so that this one never has
// a ZeroMQ context, which would not survive the forks.
Status Supervisor::wait_until_served() {
  const Instant deadline = now() + kServedWithin;
  while (!answered_ && !stopping_ && now() < deadline) {
    if (asking_.pid < 0) {
      auto asking = spawn({own_path(), "ping", "--quiet", "--timeout", "2s", "--broker", frontend_},
                          STDERR_FILENO);
      if (!asking) return give_up(asking.error().message);
      asking_ = *asking;
    }
    step(deadline);
    restart_due();
  }
  if (answered_) return {};
  if (stopping_) return give_up("asked to stop");
  return give_up(fmt::format("the cluster did not answer within {}; see {}",
                             format_duration(kServedWithin), (folder_.path() / "logs").string()));
}

Exit Supervisor::watch() {
  while (!stopping_) {
    Instant until = Instant::never();
    for (const Member& member : members_) {
      if (member.restart_at) until = std::min(until, *member.restart_at);
    }
    step(until);
    if (!stopping_) restart_due();
  }
  announcer_.say("stopping");
  stop_all();
  announcer_.say(clean_ ? "stopped" : "stopped, not cleanly");
  return clean_ ? Exit::done : Exit::unhealthy;
}

Status Supervisor::launch(Member& member) {
  const bool is_broker = &member == &members_[0];
  if (is_broker) {
    if (auto status = restore_broker(); !status) return status;
  }
  const std::string log = folder_.log(member.name).string();
  member.words = {is_broker ? programs_.broker : programs_.worker, "--data",
                  data_of(member).string()};
  if (is_broker) {
    member.words.insert(member.words.end(), {"--frontend", frontend_, "--backend", backend_});
  } else {
    member.words.insert(member.words.end(), {"--broker", backend_});
  }
  member.words.insert(member.words.end(), {"--log", log, "--die-with-parent"});
  const int errors = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  auto child = spawn(member.words, errors < 0 ? STDERR_FILENO : errors);
  if (errors >= 0) ::close(errors);
  if (!child) return fail(child.error());
  member.child = *child;
  member.started = now();
  member.ready = false;
  member.output.clear();
  return replace_file(folder_.pid_file(member.name), fmt::format("{}\n", member.child.pid));
}

// The broker keeps nothing but who the cluster is, and that is known here too (DESIGN 3).
Status Supervisor::restore_broker() const {
  if (!is_lost(data_of(members_[0]))) return {};
  announcer_.say("the broker's directory is lost: making it anew; the workers know the rest");
  const auto made =
      run_to_end({programs_.broker, "init", "--data", data_of(members_[0]).string(), "--workers",
                  std::to_string(record_.workers), "--replicas", std::to_string(record_.replicas),
                  "--partitions", std::to_string(record_.partitions), "--cluster-id",
                  record_.cluster.id.to_string()});
  if (!made) return fail(made.error());
  if (made->status == 0) return {};
  return fail(ErrorCode::io_error, fmt::format("kipu-broker init: {}", made->output));
}

void Supervisor::restart_due() {
  for (Member& member : members_) {
    if (!member.restart_at || *member.restart_at > now()) continue;
    member.restart_at.reset();
    const auto status = launch(member);
    if (status) {
      announcer_.say(fmt::format("{} started again, as process {}", member.name, member.child.pid));
      continue;
    }
    announcer_.say(fmt::format("{} cannot be started: {}", member.name, status.error().message));
    member.restart_at = now() + std::chrono::seconds(5);
  }
}

void Supervisor::step(Instant until) {
  std::vector<pollfd> sources{{signals_, POLLIN, 0}};
  for (const Member& member : members_) {
    if (member.child.output >= 0) sources.push_back({member.child.output, POLLIN, 0});
  }
  std::int64_t wait = -1;
  if (until != Instant::never()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now()).count();
    wait = std::clamp<std::int64_t>(left, 0, 3'600'000);
  }
  if (::poll(sources.data(), static_cast<nfds_t>(sources.size()), static_cast<int>(wait)) <= 0) {
    return;
  }
  for (Member& member : members_) {
    if (member.child.output >= 0) read_output(member);
  }
  if (sources[0].revents != 0) on_signal();
}

void Supervisor::on_signal() {
  signalfd_siginfo caught{};
  while (::read(signals_, &caught, sizeof caught) == static_cast<ssize_t>(sizeof caught)) {
    if (caught.ssi_signo == SIGCHLD) continue;
    impatient_ = stopping_;
    stopping_ = true;
  }
  reap();
}

void Supervisor::reap() {
  int status = 0;
  if (asking_.pid > 0 && ::waitpid(asking_.pid, &status, WNOHANG) == asking_.pid) {
    close_asking(status);
  }
  for (Member& member : members_) {
    if (!member.running() || ::waitpid(member.child.pid, &status, WNOHANG) != member.child.pid) {
      continue;
    }
    if (member.child.output >= 0) read_output(member);
    close_output(member.child);
    on_end(member, status);
  }
}

void Supervisor::close_asking(int status) {
  answered_ = status == 0;
  close_output(asking_);
  asking_ = Child{};
}

void Supervisor::on_end(Member& member, int status) {
  const pid_t pid = std::exchange(member.child.pid, -1);
  std::error_code ignored;
  fs::remove(folder_.pid_file(member.name), ignored);
  if (stopping_) {
    if (status != 0) {
      clean_ = false;
      announcer_.say(
          fmt::format("{} (process {}) ended with {}", member.name, pid, describe_exit(status)));
    }
    return;
  }
  const std::string what =
      fmt::format("{} (process {}) ended with {}", member.name, pid, describe_exit(status));
  const bool io_error = WIFEXITED(status) && WEXITSTATUS(status) == kIoErrorExit;
  const auto delay = member.policy.on_exit(member.started, now(), io_error);
  if (!delay) {
    member.failed = true;
    announcer_.say(
        fmt::format("{}: an I/O error, the second within ten minutes. It stays down: "
                    "look at its disk, then stop this cluster and start it again ({})",
                    what, folder_.log(member.name).string()));
    return;
  }
  member.restart_at = now() + *delay;
  announcer_.say(*delay == Duration::zero()
                     ? fmt::format("{}; starting it again", what)
                     : fmt::format("{}; starting it again in {}", what, format_duration(*delay)));
}

void Supervisor::read_output(Member& member) {
  std::array<char, 4096> bytes{};
  while (true) {
    const ssize_t got = ::read(member.child.output, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) close_output(member.child);
    if (got <= 0) break;
    if (!member.ready) member.output.append(bytes.data(), static_cast<std::size_t>(got));
  }
  const std::size_t end = member.output.find('\n');
  if (member.ready || end == std::string::npos) return;
  member.ready = true;
  if (&member == &members_[0]) take_endpoints(std::string_view(member.output).substr(0, end));
  member.output.clear();
}

// Free ports are known once the broker has them, and are its own from then on.
void Supervisor::take_endpoints(std::string_view line) {
  if (const auto frontend = ready_field(line, "frontend")) frontend_ = *frontend;
  if (const auto backend = ready_field(line, "backend")) backend_ = *backend;
}

// Asks members [first, last) to end, and waits for them; in the end makes them.
void Supervisor::stop(std::size_t first, std::size_t last) {
  const auto any_running = [&] {
    return std::any_of(members_.begin() + static_cast<std::ptrdiff_t>(first),
                       members_.begin() + static_cast<std::ptrdiff_t>(last),
                       [](const Member& member) { return member.running(); });
  };
  const auto signal_all = [&](int signal) {
    for (std::size_t i = first; i < last; ++i) {
      members_[i].restart_at.reset();
      if (members_[i].running()) ::kill(members_[i].child.pid, signal);
    }
  };
  signal_all(SIGTERM);
  const Instant deadline = now() + kStopWithin;
  while (any_running() && !impatient_ && now() < deadline) step(deadline);
  if (!any_running()) return;
  clean_ = false;
  signal_all(SIGKILL);
  while (any_running()) step(Instant::never());
}

// The broker first: it takes no more requests, and answers those in flight; then the workers.
void Supervisor::stop_all() {
  const bool was_stopping = std::exchange(stopping_, true);
  if (asking_.pid > 0) ::kill(asking_.pid, SIGKILL);
  stop(0, 1);
  stop(1, members_.size());
  while (asking_.pid > 0) step(Instant::never());
  stopping_ = was_stopping;
}

Instant Supervisor::now() const {
  return Instant::since_start(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace kipu::cli

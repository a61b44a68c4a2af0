#include "client/cli/supervisor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/cli/units.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;

constexpr Duration kReadyWithin = std::chrono::seconds(60);   // a large store takes time to open
constexpr Duration kServedWithin = std::chrono::seconds(60);  // hellos, and the first map
// Once the cluster answers, those that still open their stores are waited for a little.
constexpr Duration kSettledWithin = std::chrono::seconds(10);
constexpr Duration kStopWithin = std::chrono::seconds(30);
// Who is started again only after so long will not serve soon.
constexpr Duration kSlowDelay = std::chrono::seconds(1);
constexpr Duration kLaunchAgainIn = std::chrono::seconds(5);
// What someone removes is looked at a little later: it may be all of it that they remove.
constexpr Duration kRestoreIn = std::chrono::milliseconds(500);
// What the daemons exit with when their disk or their files ended them: as this program's
// `unhealthy`.
constexpr int kBrokenExit = static_cast<int>(Exit::unhealthy);
constexpr std::size_t kMostErrors = 8192;
// Of a process that ends again and again in the same way, one end in so many is told.
constexpr std::uint32_t kEndsToldAll = 5;
constexpr std::uint32_t kEndsToldOneIn = 20;

int open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD}) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

std::string on_port(std::uint16_t port) {
  return fmt::format("tcp://127.0.0.1:{}", port);
}

}  // namespace

void Announcer::say(std::string_view text) const {
  append_to_log(log_, fmt::format("{} {}\n", format_time(wall_now()), text));
  if (aloud_) fmt::print(stderr, "kipu up: {}\n", text);
}

Supervisor::Supervisor(ClusterFolder& folder, const Prepared& prepared, SupervisorOptions options,
                       const Announcer& announcer)
    : folder_(folder),
      record_(prepared.record),
      map_(prepared.map),
      options_(std::move(options)),
      announcer_(announcer),
      stores_(prepared.stores),
      frontend_(on_port(options_.port)),
      backend_(on_port(options_.port == 0 ? options_.port
                                          : static_cast<std::uint16_t>(options_.port + 1))),
      members_(make_members(folder, prepared)),
      signals_(open_signals()),
      files_(folder) {
  files_.keep("cluster", format_record(record_));
  files_.keep("stores", format_stores(stores_));
}

Supervisor::~Supervisor() {
  stop_all();
  ::close(signals_);
  for (const char* name : {"endpoint", "processes"}) files_.drop(name);
}

Status Supervisor::start() {
  if (auto status = start_broker(); !status) return status;
  if (auto status = start_workers(); !status) return status;
  if (auto status = wait_until_served(); !status) return status;
  return files_.put("endpoint", frontend_ + "\n");
}

Status Supervisor::start_broker() {
  Member& broker = members_[0];
  launch_or_wait(broker);
  const Instant deadline = now() + kReadyWithin;
  while (!broker.ready && !broker.hopeless() && !stopping_ && now() < deadline) {
    wait_at_most(deadline);
  }
  if (stopping_) return give_up("asked to stop");
  if (broker.ready) return {};
  return give_up(fmt::format("the broker does not serve: {}", broker.trouble()));
}

// Before birth one after another, so that w1 is worker-1; later all at once, since a large store
// takes its time to open.
Status Supervisor::start_workers() {
  for (Member& member : members_) {
    if (is_broker(member) || !member.barred.empty()) continue;
    launch_or_wait(member);
    const Instant deadline = now() + kReadyWithin;
    while (map_.map.is_none() && !member.ready && !member.hopeless() && !stopping_ &&
           now() < deadline) {
      wait_at_most(deadline);
    }
    if (stopping_) return give_up("asked to stop");
  }
  return {};
}

// Of those that can still serve.
std::size_t Supervisor::able() const {
  return static_cast<std::size_t>(
      std::count_if(members_.begin() + 1, members_.end(),
                    [](const Member& member) { return !member.hopeless(); }));
}

std::size_t Supervisor::needed() const {
  const std::size_t workers = members_.size() - 1;
  return map_.map.is_none() ? workers : workers / 2 + 1;
}

bool Supervisor::is_settled() const {
  return std::all_of(members_.begin(), members_.end(),
                     [](const Member& member) { return member.ready || member.hopeless(); });
}

std::string Supervisor::troubles() const {
  std::string all;
  for (const Member& member : members_) {
    if (member.ready) continue;
    all += fmt::format("{}{}: {}", all.empty() ? "" : "; ", member.name, member.trouble());
  }
  return all;
}

// A ping is answered once the cluster map is in force.
Status Supervisor::wait_until_served() {
  const Instant deadline = now() + kServedWithin;
  std::optional<Instant> settled_by;
  while (!stopping_ && now() < settled_by.value_or(deadline)) {
    if (able() < needed()) {
      return give_up(fmt::format("{} of {} workers can serve, and {} are needed: {}", able(),
                                 members_.size() - 1, needed(), troubles()));
    }
    if (answered_ && is_settled()) return {};
    if (answered_ && !settled_by) settled_by = now() + kSettledWithin;
    if (!answered_) ask();
    wait_at_most(settled_by.value_or(deadline));
  }
  if (stopping_) return give_up("asked to stop");
  if (answered_) return {};
  const std::string what = troubles();
  return give_up(fmt::format("the cluster did not answer within {}{}{}; see {}",
                             format_duration(kServedWithin), what.empty() ? "" : ": ", what,
                             (folder_.path() / "logs").string()));
}

// By a process of its own, so that this one never has a ZeroMQ context, which would not survive the
// forks.
void Supervisor::ask() {
  if (asking_.pid > 0) return;
  const auto asking =
      spawn({own_path(), "ping", "--quiet", "--timeout", "2s", "--broker", frontend_});
  if (asking) asking_ = *asking;
}

tl::unexpected<Error> Supervisor::give_up(std::string what) {
  stop_all();
  announcer_.say(what);
  return fail(stopping_ ? ErrorCode::cancelled : ErrorCode::unavailable, std::move(what));
}

Exit Supervisor::watch() {
  while (!stopping_) wait_at_most(Instant::never());
  announcer_.say("stopping");
  stop_all();
  announcer_.say(clean_ ? "stopped" : "stopped, not cleanly");
  return clean_ ? Exit::done : Exit::unhealthy;
}

// Until something happened, or something is due.
void Supervisor::wait_at_most(Instant until) {
  for (const Member& member : members_) {
    if (member.restart_at) until = std::min(until, *member.restart_at);
  }
  if (restore_at_) until = std::min(until, *restore_at_);
  step(until);
  if (restore_at_ && *restore_at_ <= now()) restore_files();
  if (!stopping_) restart_due();
}

std::vector<std::string> Supervisor::words_of(const Member& member) const {
  std::vector<std::string> words{
      is_broker(member) ? options_.programs.broker : options_.programs.worker, "--data",
      data_of(member).string()};
  if (is_broker(member)) {
    words.insert(words.end(), {"--frontend", frontend_, "--backend", backend_});
    words.insert(words.end(), {"--processes", (folder_.path() / "processes").string()});
  } else {
    words.insert(words.end(), {"--broker", backend_, "--replace-with", member.replace});
    words.insert(words.end(), {"--accept-loss-with", accept_loss_command(folder_, member, map_)});
    if (!options_.reserve.empty()) words.insert(words.end(), {"--reserve", options_.reserve});
  }
  words.insert(words.end(), {"--log", member.log, "--die-with-parent"});
  return words;
}

Status Supervisor::launch(Member& member) {
  if (is_broker(member)) {
    if (auto status = restore_broker(); !status) return status;
  }
  auto child = spawn(words_of(member));
  if (!child) return fail(child.error());
  member.child = *child;
  member.started = now();
  member.ready = false;
  member.output.clear();
  member.errors.clear();
  // For scripts. What cannot be written there, as on a full disk, keeps nobody from serving.
  const auto written = files_.put("pids/" + member.name, fmt::format("{}\n", member.child.pid));
  if (!written) announcer_.say(written.error().message);
  return {};
}

// The broker keeps nothing but who the cluster is, and that is known here too (DESIGN 3). So a file
// that is not about this cluster, or that the broker could not read, is put beside, and made anew.
Status Supervisor::restore_broker() {
  const fs::path data = data_of(members_[0]);
  const bool unread = std::exchange(members_[0].broken, false);
  if (!unread && is_broker_of(data, record_.cluster)) return {};
  std::error_code ignored;
  const fs::path file = data / "cluster.toml";
  if (fs::exists(file, ignored)) {
    const auto kept = set_aside(file, "damaged");
    if (!kept) return fail(kept.error());
    announcer_.say(
        fmt::format("what the broker keeps is damaged, and put aside as {}", kept->string()));
  }
  announcer_.say("what the broker keeps is lost: making it anew; the workers know the rest");
  return make_broker(folder_, options_.programs, record_);
}

// A failure counts as an end: what is wrong is told as of a process that ended by itself.
void Supervisor::launch_or_wait(Member& member) {
  member.restart_at.reset();
  const auto status = launch(member);
  if (status) return;
  ++member.ends;
  member.exit = "it cannot be started";
  member.words = status.error().message;
  member.last_end = wall_now();
  start_in(member, kLaunchAgainIn);
  announcer_.say(fmt::format("{} cannot be started: {}", member.name, member.words));
}

void Supervisor::start_in(Member& member, Duration delay) {
  member.restart_at = now() + delay;
  member.next_start = wall_now() + std::chrono::ceil<WallTime::duration>(delay);
  member.slow = member.slow || delay >= kSlowDelay;
}

void Supervisor::restart_due() {
  for (Member& member : members_) {
    if (!member.restart_at || *member.restart_at > now()) continue;
    launch_or_wait(member);
    if (member.running() && member.ends <= kEndsToldAll) {
      announcer_.say(fmt::format("{} started again, as process {}", member.name, member.child.pid));
    }
  }
  publish();
}

// Someone mended something, and says so: whatever is down is started now.
void Supervisor::retry_all() {
  for (Member& member : members_) {
    if (member.running()) continue;
    member.policy = {};
    member.slow = false;
    member.barred.clear();
    start_in(member, Duration::zero());
  }
}

void Supervisor::step(Instant until) {
  std::vector<pollfd> sources{{signals_, POLLIN, 0}, {files_.watch(), POLLIN, 0}};
  for (const Member& member : members_) {
    for (const int pipe : {member.child.output, member.child.errors}) {
      if (pipe >= 0) sources.push_back({pipe, POLLIN, 0});
    }
  }
  std::int64_t wait = -1;
  if (until != Instant::never()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now()).count();
    wait = std::clamp<std::int64_t>(left, 0, 3'600'000);
  }
  if (::poll(sources.data(), static_cast<nfds_t>(sources.size()), static_cast<int>(wait)) <= 0) {
    return;
  }
  for (Member& member : members_) read_pipes(member);
  if (sources[0].revents != 0) on_signal();
  if (sources[1].revents != 0) {
    files_.heed();
    restore_at_ = now() + kRestoreIn;
  }
  publish();
}

void Supervisor::on_signal() {
  signalfd_siginfo caught{};
  while (::read(signals_, &caught, sizeof caught) == static_cast<ssize_t>(sizeof caught)) {
    if (caught.ssi_signo == SIGCHLD) continue;
    if (caught.ssi_signo == SIGUSR1) {
      retry_all();
      continue;
    }
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
    read_pipes(member);
    close_pipes(member.child);
    on_end(member, status);
  }
}

void Supervisor::close_asking(int status) {
  answered_ = status == 0;
  close_pipes(asking_);
  asking_ = Child{};
}

void Supervisor::on_end(Member& member, int status) {
  const pid_t pid = std::exchange(member.child.pid, -1);
  files_.drop("pids/" + member.name);
  member.ready = false;
  const std::string what =
      fmt::format("{} (process {}) ended with {}", member.name, pid, describe_exit(status));
  if (stopping_) {
    if (status != 0) {
      clean_ = false;
      announcer_.say(what);
    }
    return;
  }
  const std::string former = std::exchange(member.exit, describe_exit(status)) + member.words;
  member.words = last_words(member.errors);
  ++member.ends;
  member.last_end = wall_now();
  if (!member.barred.empty()) return;
  const bool broken = WIFEXITED(status) && WEXITSTATUS(status) == kBrokenExit;
  // Before birth there is nothing to be lost.
  member.broken = broken && (is_broker(member) || !map_.map.is_none());
  const Duration delay = member.policy.on_exit(member.started, now(), broken);
  start_in(member, delay);
  const bool again = former == member.exit + member.words;
  if (again && member.ends > kEndsToldAll && member.ends % kEndsToldOneIn != 0) return;
  announcer_.say(fmt::format("{}{}{}; starting it again{}", what, member.words.empty() ? "" : ": ",
                             member.words,
                             delay == Duration::zero() ? "" : " in " + format_duration(delay)));
}

// What it writes to standard error is kept in its log, too: its own log says nothing of a crash,
// and on a full disk nothing at all.
void Supervisor::read_pipes(Member& member) {
  const std::string errors = take_all(member.child.errors);
  if (!errors.empty()) {
    append_to_log(member.log, errors);
    member.errors += errors;
    if (member.errors.size() > kMostErrors) {
      member.errors.erase(0, member.errors.size() - kMostErrors);
    }
  }
  const std::string output = take_all(member.child.output);
  if (!member.ready) member.output += output;
  const std::size_t end = member.output.find('\n');
  if (member.ready || end == std::string::npos) return;
  on_ready(member, std::string_view(member.output).substr(0, end));
  if (member.ready) {
    member.slow = false;
    member.link.words.clear();
  }
  member.output.clear();
}

// Free ports are known once the broker has them, and are its own from then on.
void Supervisor::on_ready(Member& member, std::string_view line) {
  if (!is_broker(member)) {
    const auto id = Uuid::parse(ready_field(line, "store").value_or(""));
    member.ready = id && takes_store(member, StoreId{*id});
    return;
  }
  member.ready = true;
  if (const auto frontend = ready_field(line, "frontend")) frontend_ = *frontend;
  if (const auto backend = ready_field(line, "backend")) backend_ = *backend;
}

// Whether a worker serves with the store that it has opened. One that the cluster does not know
// will be refused by the broker, with more words; which one was there before stays known.
bool Supervisor::takes_store(Member& member, StoreId store) {
  for (const Member& other : members_) {
    if (&other == &member || !other.ready || other.store != store) continue;
    member.barred = fmt::format("{} holds a copy of the store of {}, which must not run twice",
                                data_of(member).string(), other.name);
    announcer_.say(fmt::format("{} is stopped: {}", member.name, member.barred));
    ::kill(member.child.pid, SIGTERM);
    return false;
  }
  if (member.store == store) return true;
  if (!map_.map.is_none() && map_.worker_of(store).empty()) return false;
  member.store = store;
  member.replace = replace_command(folder_, member, map_.worker_of(store));
  stores_[member.name] = store;
  files_.keep("stores", format_stores(stores_));
  if (auto status = folder_.save_stores(stores_); !status) announcer_.say(status.error().message);
  return true;
}

// For `status`, and for whoever asks what runs here.
void Supervisor::publish() {
  ProcessReport report;
  report.supervisor = ::getpid();
  for (const Member& member : members_) report.processes.push_back(member.state());
  // What could not be written, as on a full disk, is tried again with the next report.
  (void)files_.put("processes", format_processes(report));
}

void Supervisor::restore_files() {
  restore_at_.reset();
  const std::string names = files_.restore();
  if (!folder_.is_in_place() && !stopping_) {
    announcer_.say(fmt::format("{} was removed or moved away", folder_.path().string()));
    stopping_ = true;
    clean_ = false;
    return;
  }
  if (names.empty()) return;
  announcer_.say(fmt::format("someone removed what this cluster is known by: wrote again {} in {}",
                             names, folder_.path().string()));
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

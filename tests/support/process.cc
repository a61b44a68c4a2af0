#include "tests/support/process.h"

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <system_error>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/child.h"

namespace kipu::test {
namespace {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { reset(); }
  void reset() {
    if (number_ >= 0) close(number_);
    number_ = -1;
  }
  int get() const { return number_; }

 private:
  int number_ = -1;
};

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) fail_with_errno("pipe2");
    read_end = Descriptor(ends[0]);
    write_end = Descriptor(ends[1]);
  }
  Descriptor read_end;
  Descriptor write_end;
};

// Collects what comes out of a pipe, on a thread of its own.
class Collector {
 public:
  explicit Collector(Descriptor source)
      : source_(std::move(source)), thread_([this] { collect(); }) {}
  ~Collector() {
    stop_.write_end.reset();  // its own children may hold the pipe open
    thread_.join();
  }
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  std::optional<std::string> next_line_with(std::string_view text);
  void wait_for_end() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [this] { return ended_; });
  }
  std::string all() const {
    const std::scoped_lock lock(mutex_);
    return bytes_;
  }

 private:
  void collect();
  std::optional<std::string> take_line_with(std::string_view text);

  const Descriptor source_;
  Pipe stop_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::string bytes_;
  std::size_t looked_at_ = 0;  // lines before this were returned or passed over
  bool ended_ = false;
  std::thread thread_;
};

void Collector::collect() {
  std::array<char, 65'536> block{};
  for (;;) {
    std::array<pollfd, 2> sources{{{source_.get(), POLLIN, 0}, {stop_.read_end.get(), POLLIN, 0}}};
    if (poll(sources.data(), sources.size(), -1) < 0) continue;
    const bool stopped = sources[0].revents == 0;
    const ssize_t got = stopped ? 0 : read(source_.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    const std::scoped_lock lock(mutex_);
    if (got > 0) bytes_.append(block.data(), static_cast<std::size_t>(got));
    if (got <= 0) ended_ = true;
    changed_.notify_all();
    if (got <= 0) return;
  }
}

// REQUIRES: mutex_ is held.
std::optional<std::string> Collector::take_line_with(std::string_view text) {
  for (;;) {
    const std::size_t end = bytes_.find('\n', looked_at_);
    if (end == std::string::npos) return std::nullopt;
    std::string line = bytes_.substr(looked_at_, end - looked_at_);
    looked_at_ = end + 1;
    if (line.find(text) != std::string::npos) return line;
  }
}

std::optional<std::string> Collector::next_line_with(std::string_view text) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (auto line = take_line_with(text)) return line;
    if (ended_) return std::nullopt;
    if (changed_.wait_until(lock, deadline) == std::cv_status::timeout) return std::nullopt;
  }
}

struct Launch {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  const char* directory = nullptr;  // null: stay
  int input = -1;
  int output = -1;
  int errors = -1;
};

// Between fork and exec: only what is allowed there.
[[noreturn]] void become(const Launch& launch) {
  prepare_child();
  dup2(launch.input, STDIN_FILENO);
  dup2(launch.output, STDOUT_FILENO);
  dup2(launch.errors, STDERR_FILENO);
  if (launch.directory == nullptr || chdir(launch.directory) == 0) {
    execvpe(launch.arguments.front(), launch.arguments.data(), launch.environment.data());
  }
  _exit(127);
}

// Until then the child is a copy of this process, and its memory would be counted as its own.
void wait_for_exec(int alive) {
  char nothing = 0;
  while (read(alive, &nothing, 1) < 0 && errno == EINTR) continue;
}

}  // namespace

struct Process::State {
  State(std::vector<std::string> command, const Options& options);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void write_all(std::string_view bytes);
  bool reap(bool block);

  pid_t pid = -1;
  std::optional<Ended> ended;
  Descriptor input;
  std::unique_ptr<Collector> output;
  std::unique_ptr<Collector> errors;
  std::thread feeder;
};

Process::State::State(std::vector<std::string> command, const Options& options) {
  Pipe in;
  Pipe out;
  Pipe err;
  auto environment = environment_with(options.environment);
  Pipe alive;  // both ends close when the child becomes the program, or ends
  const std::string directory = options.directory.string();
  const Launch launch{pointers_to(command),
                      pointers_to(environment),
                      directory.empty() ? nullptr : directory.c_str(),
                      in.read_end.get(),
                      options.output < 0 ? out.write_end.get() : options.output,
                      err.write_end.get()};
  signal(SIGPIPE, SIG_IGN);  // a child may end before it has read its input
  pid = fork();
  if (pid < 0) fail_with_errno("fork");
  if (pid == 0) become(launch);
  alive.write_end.reset();
  wait_for_exec(alive.read_end.get());
  out.write_end.reset();
  err.write_end.reset();
  input = std::move(in.write_end);
  output = std::make_unique<Collector>(std::move(out.read_end));
  errors = std::make_unique<Collector>(std::move(err.read_end));
  if (options.keep_input_open) {
    write_all(options.input);
  } else {
    feeder = std::thread([this, bytes = options.input] {
      write_all(bytes);
      input.reset();
    });
  }
}

Process::State::~State() {
  if (!ended) {
    ::kill(pid, SIGKILL);
    reap(true);
  }
  if (feeder.joinable()) feeder.join();
}

void Process::State::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(input.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // it has closed its stdin
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// True if it has ended.
bool Process::State::reap(bool block) {
  if (ended) return true;
  int status = 0;
  pid_t got = -1;
  do {
    got = waitpid(pid, &status, block ? 0 : WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got == pid) ended = to_ended(status);
  return ended.has_value();
}

Process::Process(std::vector<std::string> command) : Process(std::move(command), Options{}) {}
Process::Process(std::vector<std::string> command, Options options)
    : state_(std::make_unique<State>(std::move(command), options)) {}
Process::~Process() = default;
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;

pid_t Process::pid() const {
  return state_->pid;
}

std::optional<std::string> Process::wait_for_line(std::string_view text) {
  return state_->output->next_line_with(text);
}
std::optional<std::string> Process::wait_for_error_line(std::string_view text) {
  return state_->errors->next_line_with(text);
}

std::string Process::output() const {
  return state_->output->all();
}
std::string Process::errors() const {
  return state_->errors->all();
}

void Process::write(std::string_view bytes) {
  state_->write_all(bytes);
}
void Process::close_input() {
  state_->input.reset();
}

void Process::kill(int signal) {
  if (running()) ::kill(state_->pid, signal);
}

bool Process::running() {
  return !state_->reap(false);
}

Ended Process::wait() {
  if (!eventually([this] { return !running(); })) {
    ::kill(state_->pid, SIGKILL);
    state_->reap(true);
  }
  state_->output->wait_for_end();
  state_->errors->wait_for_end();
  return *state_->ended;
}

Finished run(std::vector<std::string> command, Process::Options options) {
  Process process(std::move(command), std::move(options));
  Finished finished;
  finished.ended = process.wait();
  finished.output = process.output();
  finished.errors = process.errors();
  return finished;
}

Finished run(std::vector<std::string> command, Process::Options options, SlowReader reader) {
  Pipe ends;
  if (reader == SlowReader::of_socket) {
    std::array<int, 2> sockets{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
      fail_with_errno("socketpair");
    }
    ends.read_end = Descriptor(sockets[0]);
    ends.write_end = Descriptor(sockets[1]);
  }
  fcntl(ends.write_end.get(), F_SETPIPE_SZ, 4096);  // of a pipe, the least
  if (fcntl(ends.write_end.get(), F_SETFL, O_NONBLOCK) != 0) fail_with_errno("fcntl");
  options.output = ends.write_end.get();
  Process process(std::move(command), std::move(options));
  const auto is_full = [&ends] {
    pollfd room{ends.write_end.get(), POLLOUT, 0};
    return poll(&room, 1, 0) == 0;
  };
  eventually([&] { return is_full() || !process.running(); });
  ends.write_end.reset();
  Collector collector(std::move(ends.read_end));
  Finished finished;
  finished.ended = process.wait();
  collector.wait_for_end();
  finished.output = collector.all();
  finished.errors = process.errors();
  return finished;
}

namespace {

constexpr std::string_view kDirectoryPrefix = "kipu-tests-";
constexpr std::chrono::minutes kAbandonedAfter{1};

// Locks a directory until the descriptor, which children do not get, is closed. -1: another has it.
int locked(const std::filesystem::path& directory) {
  const int handle = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (handle < 0 || flock(handle, LOCK_EX | LOCK_NB) == 0) return handle;
  close(handle);
  return -1;
}

}  // namespace

void remove_abandoned_directories() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const auto now = fs::file_time_type::clock::now();
  for (const fs::directory_entry& entry :
       fs::directory_iterator(fs::temp_directory_path(), ignored)) {
    if (!entry.path().filename().string().starts_with(kDirectoryPrefix)) continue;
    const auto changed = entry.last_write_time(ignored);
    if (ignored || now - changed < kAbandonedAfter) continue;
    const int lock = locked(entry.path());
    if (lock < 0) continue;
    fs::remove_all(entry.path(), ignored);
    close(lock);
  }
}

TempDirectory::TempDirectory() {
  static std::once_flag looked;
  std::call_once(looked, remove_abandoned_directories);
  const std::string name = std::string(kDirectoryPrefix) + "XXXXXX";
  std::string pattern = (std::filesystem::temp_directory_path() / name).string();
  if (mkdtemp(pattern.data()) == nullptr) fail_with_errno("mkdtemp");
  around_ = pattern;
  lock_ = locked(around_);
  if (lock_ < 0) fail_with_errno("lock");
  path_ = around_ / "d";
  std::filesystem::create_directory(path_);
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(around_, ignored);
  close(lock_);
}

std::string field_of(std::string_view line, std::string_view name) {
  const std::string start = " " + std::string(name) + "=";
  const std::size_t at = line.find(start);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = line.substr(at + start.size());
  return std::string(rest.substr(0, rest.find(' ')));
}

std::string program(std::string_view name) {
  return std::string(KIPU_BUILD_DIRECTORY) + "/bin/" + std::string(name);
}

int free_port() {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(socket.get(), generic, size) != 0) fail_with_errno("bind");
  if (getsockname(socket.get(), generic, &size) != 0) fail_with_errno("getsockname");
  return ntohs(address.sin_port);
}

void send_over_tcp(std::uint16_t port, std::string_view bytes) {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    fail_with_errno("connect");
  }
  while (!bytes.empty()) {
    const ssize_t sent = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // it has seen enough
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void pause_between_checks(std::chrono::milliseconds length) {
  std::this_thread::sleep_for(length);
}

}  // namespace kipu::test

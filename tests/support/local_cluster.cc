#include "tests/support/local_cluster.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include <signal.h>

namespace kipu::test {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> empty_home(const std::filesystem::path& home) {
  return {{"HOME", home.string()},
          {"XDG_CONFIG_HOME", (home / "config").string()},
          {"XDG_STATE_HOME", home.string()},
          {"KIPU_BROKER", ""},
          {"NO_COLOR", "1"}};
}

LocalCluster::LocalCluster(std::size_t workers) : workers_(workers) {
  Process::Options options;
  options.environment = empty_home(directory_.path());
  up_ = std::make_unique<Process>(
      std::vector<std::string>{program("kipu"), "up", "--port", "0", "--workers",
                               std::to_string(workers), "--data", data().string()},
      options);
  if (!up_->wait_for_error_line("serving at")) throw std::runtime_error(up_->errors());
  frontend_ = text_of(data() / "endpoint");
  frontend_.pop_back();
  const std::string log = text_of(data() / "logs" / "broker.log");
  backend_ = field_of(log, "backend");
  backend_ = backend_.substr(0, backend_.find('\n'));
  first_processes_ = processes();
}

LocalCluster::~LocalCluster() {
  up_->kill(SIGTERM);
  up_->wait();
}

std::vector<pid_t> LocalCluster::processes() const {
  std::vector<pid_t> all{broker()};
  for (std::size_t number = 1; number <= workers_; ++number) all.push_back(worker(number));
  return all;
}

bool LocalCluster::has_restarted() const {
  return processes() != first_processes_;
}

Process::Options LocalCluster::options(std::string input) const {
  Process::Options options;
  options.environment = empty_home(directory_.path());
  for (auto& [name, value] : options.environment) {
    if (name == "KIPU_BROKER") value = frontend_;
  }
  options.input = std::move(input);
  options.directory = directory_.path();
  return options;
}

Finished LocalCluster::kipu(std::vector<std::string> words, std::string input) const {
  words.insert(words.begin(), program("kipu"));
  return run(std::move(words), options(std::move(input)));
}

pid_t LocalCluster::pid_of(const std::string& name) const {
  pid_t pid = -1;
  std::ifstream(data() / "pids" / name) >> pid;
  return pid;
}

}  // namespace kipu::test

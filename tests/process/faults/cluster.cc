#include "tests/process/faults/cluster.h"

#include <array>
#include <fstream>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/random.h"
#include "tests/support/fsync_shim.h"

namespace kipu::test {
namespace {

constexpr std::uint16_t kLeastPort = 10'000;

// Outgoing connections get ports from here on, and must not meet those that a broker comes back to.
std::uint16_t first_ephemeral_port() {
  std::uint16_t first = 32'768;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first;
  return first;
}

bool is_free(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool bound = bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(socket);
  return bound;
}

std::string steady_endpoint(Rng& rng, const std::string& address) {
  const std::uint16_t end = first_ephemeral_port();
  for (;;) {
    const auto port = static_cast<std::uint16_t>(kLeastPort + rng.below(end - kLeastPort));
    if (is_free(port)) return "tcp://" + address + ":" + std::to_string(port);
  }
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path fresh = path.string() + ".new";
  std::ofstream(fresh) << text;
  std::filesystem::rename(fresh, path);
}

Finished run_or_throw(std::vector<std::string> command) {
  Finished finished = run(std::move(command));
  if (finished.ended != Ended{0, 0}) throw std::runtime_error(finished.errors);
  return finished;
}

std::unique_ptr<Process> start(std::vector<std::string> command, Process::Options options) {
  auto process = std::make_unique<Process>(std::move(command), std::move(options));
  if (!process->wait_for_line(" ready ")) throw std::runtime_error(process->errors());
  return process;
}

}  // namespace

void Disk::break_down(const std::string& mode, std::uint64_t k) const {
  std::filesystem::remove(report());
  write_file(control_, mode + " " + std::to_string(k));
}

void Disk::heal() const {
  write_file(control_, "");
}

bool Disk::has_struck() const {
  return std::filesystem::exists(report());
}

Cluster::Cluster(ClusterOptions options) : options_(std::move(options)) {
  const Finished made = run_or_throw(
      {program("kipu-broker"), "init", "--data", broker_directory().string(), "--workers",
       std::to_string(options_.workers), "--replicas", std::to_string(options_.replicas)});
  id_ = made.output.substr(std::string("cluster ").size(), 32);
  Rng rng = Rng::from_system();
  frontend_ = steady_endpoint(rng, options_.broker_site.address);
  do {
    backend_ = steady_endpoint(rng, options_.broker_site.address);
  } while (backend_ == frontend_);
  start_broker();
  const std::filesystem::path stores =
      options_.stores.empty() ? directory_.path() : options_.stores;
  for (std::size_t index = 0; index < options_.workers; ++index) {
    const std::string name = "worker" + std::to_string(index);
    workers_.push_back({Disk(directory_ / (name + ".disk")), stores / name});
    run_or_throw({program("kipu-worker"), "init", "--data", workers_.back().store.string()});
    start_worker(index);
  }
}

void Cluster::start_broker() {
  broker_.reset();
  broker_ = start({program("kipu-broker"), "--data", broker_directory().string(), "--frontend",
                   frontend_, "--backend", backend_, "--heartbeat", options_.broker_heartbeat,
                   "--log", log_of("broker").string()},
                  {});
}

void Cluster::start_worker(std::size_t index) {
  Worker& worker = workers_.at(index);
  worker.process.reset();
  const Site site = site_of(index);
  std::vector<std::string> command = site.enter;
  command.insert(command.end(), {program("kipu-worker"), "--data", worker.store.string(),
                                 "--broker", backend_, "--heartbeat", options_.worker_heartbeat,
                                 "--log", log_of("worker" + std::to_string(index)).string()});
  if (options_.replicas > 1) {
    const std::string any_port = "tcp://" + site.address + ":*";
    command.insert(command.end(), {"--stream", any_port, "--peer", any_port});
  }
  command.insert(command.end(), options_.worker_arguments.begin(), options_.worker_arguments.end());
  Process::Options options;
  options.environment = fsync_shim_environment();
  options.environment.emplace_back("KIPU_SHIM_CONTROL", worker.disk.control().string());
  options.environment.emplace_back("KIPU_SHIM_REPORT", worker.disk.report().string());
  worker.process = start(std::move(command), std::move(options));
}

Site Cluster::site_of(std::size_t worker) const {
  return worker < options_.worker_sites.size() ? options_.worker_sites[worker]
                                               : options_.broker_site;
}

std::string Cluster::ended() {
  std::string text;
  const auto add = [&](const std::string& name, Process& process) {
    if (!process.running()) text += name + " has ended: " + process.errors() + "\n";
  };
  add("broker", *broker_);
  for (std::size_t index = 0; index < workers_.size(); ++index) {
    add("worker" + std::to_string(index), *workers_[index].process);
  }
  return text;
}

void Cluster::supervise() {
  if (!broker_->running()) start_broker();
  for (std::size_t index = 0; index < workers_.size(); ++index) {
    if (workers_[index].process->running()) continue;
    workers_[index].disk.heal();
    start_worker(index);
  }
}

void Cluster::lose_brokers_disk() {
  std::filesystem::remove_all(broker_directory());
  run_or_throw({program("kipu-broker"), "init", "--data", broker_directory().string(), "--workers",
                std::to_string(options_.workers), "--replicas", std::to_string(options_.replicas),
                "--cluster-id", id_});
}

Client Cluster::client(ClientOptions options) const {
  if (options.brokers == ClientOptions{}.brokers) options.brokers = {frontend_};
  options.timeout = kPatience;
  return must(Client::connect(options));
}

}  // namespace kipu::test

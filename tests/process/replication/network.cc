#include "tests/process/replication/network.h"

#include <filesystem>
#include <stdexcept>

#include <sched.h>
#include <unistd.h>

namespace kipu::test {
namespace {

void must_run(std::vector<std::string> command) {
  std::string text;
  for (const std::string& word : command) text += word + " ";
  const Finished finished = run(std::move(command));
  if (finished.ended != Ended{0, 0}) throw std::runtime_error(text + ": " + finished.errors);
}

bool is_there(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"}) {
    if (std::filesystem::exists(folder + name)) return true;
  }
  return false;
}

std::string namespace_of(const Process& process) {
  return "/proc/" + std::to_string(process.pid()) + "/ns/net";
}

// Once it differs from ours, the holder has left our namespace.
bool has_left(const Process& holder) {
  std::error_code error;
  const auto theirs = std::filesystem::read_symlink(namespace_of(holder), error);
  return !error && theirs != std::filesystem::read_symlink("/proc/self/ns/net", error);
}

}  // namespace

bool Network::is_possible() {
  return geteuid() == 0 && is_there("nft") && is_there("ip") && is_there("nsenter");
}

Network::Network(std::size_t workers) {
  if (unshare(CLONE_NEWNET) != 0) throw std::runtime_error("no network namespace of our own");
  must_run({"ip", "link", "set", "lo", "up"});
  must_run({"ip", "link", "add", "kipu0", "type", "bridge"});
  must_run({"ip", "addr", "add", broker().address + "/24", "dev", "kipu0"});
  must_run({"ip", "link", "set", "kipu0", "up"});
  for (std::size_t index = 0; index < workers; ++index) add_worker(index);
}

void Network::add_worker(std::size_t index) {
  holders_.push_back(
      std::make_unique<Process>(std::vector<std::string>{"unshare", "--net", "sleep", "infinity"}));
  const Process& holder = *holders_.back();
  if (!eventually([&] { return has_left(holder); })) throw std::runtime_error("no namespace");
  const std::string link = "kipu" + std::to_string(index + 1);
  must_run({"ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns",
            std::to_string(holder.pid())});
  must_run({"ip", "link", "set", link, "master", "kipu0", "up"});
  must_run(within(index, {"ip", "link", "set", "lo", "up"}));
  must_run(within(index, {"ip", "addr", "add", worker(index).address + "/24", "dev", "eth0"}));
  must_run(within(index, {"ip", "link", "set", "eth0", "up"}));
}

Site Network::worker(std::size_t index) const {
  return {"10.77.0." + std::to_string(index + 1), within(index, {})};
}

std::vector<std::string> Network::within(std::size_t worker,
                                         std::vector<std::string> command) const {
  std::vector<std::string> whole{"nsenter", "--net=" + namespace_of(*holders_.at(worker))};
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

void Network::cut(std::size_t worker, Cut which) const {
  std::string rules = "add table inet cut;";
  const auto drop = [&rules](const std::string& hook) {
    rules += " add chain inet cut " + hook + " { type filter hook " + hook +
             " priority 0; policy drop; };";
  };
  if (which != Cut::outgoing) drop("input");
  if (which != Cut::incoming) drop("output");
  must_run(within(worker, {"nft", rules}));
}

void Network::heal(std::size_t worker) const {
  must_run(within(worker, {"nft", "delete table inet cut"}));
}

}  // namespace kipu::test

// The loop of `up`: starts a broker and its workers, watches them, and stops them in order.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/child.h"
#include "client/cli/cluster_folder.h"
#include "client/cli/exit_code.h"
#include "client/cli/restart_policy.h"

namespace kipu::cli {

struct Programs {
  std::string broker;
  std::string worker;
};

// A line for whoever watches: into up.log, and to standard error where that is not the log itself.
class Announcer {
 public:
  Announcer(std::filesystem::path log, bool aloud) : log_(std::move(log)), aloud_(aloud) {}
  void say(std::string_view text) const;

 private:
  std::filesystem::path log_;
  bool aloud_;
};

// What `kipu-broker ready` and `kipu-worker ready` lines say: `name=value` words.
[[nodiscard]] std::optional<std::string> ready_field(std::string_view line, std::string_view name);

// One process of the cluster.
struct Member {
  std::string name;  // `broker`, `worker-1`, …
  std::vector<std::string> words;
  Child child;
  std::string output;   // of the process, up to its ready line
  bool ready = false;   // since its last start
  bool failed = false;  // stays down
  Instant started;
  std::optional<Instant> restart_at;
  RestartPolicy policy;

  bool running() const { return child.pid > 0; }
};

// Thread rule: one thread, which has started no other, and no ZeroMQ context.
class Supervisor {
 public:
  Supervisor(const ClusterFolder& folder, const ClusterRecord& record, const Programs& programs,
             std::uint16_t port, const Announcer& announcer);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor();

  // Starts everything and returns once the cluster answers. Any process that ends meanwhile, and a
  // request to stop, is an error; then everything was stopped again.
  [[nodiscard]] Status start();
  // Watches until asked to stop, then stops. `done` if every process ended well.
  [[nodiscard]] Exit watch();

  const std::string& endpoint() const { return frontend_; }
  const std::vector<Member>& members() const { return members_; }

 private:
  [[nodiscard]] Status start_until_ready(Member& member);
  [[nodiscard]] Status wait_until_served();
  [[nodiscard]] Status launch(Member& member);
  [[nodiscard]] Status restore_broker() const;
  void restart_due();
  // Waits for something to happen, until then at most, and handles it.
  void step(Instant until);
  void on_signal();
  void reap();
  void close_asking(int status);
  void on_end(Member& member, int status);
  void read_output(Member& member);
  void take_endpoints(std::string_view line);
  void stop(std::size_t first, std::size_t last);
  void stop_all();
  [[nodiscard]] tl::unexpected<Error> give_up(std::string what);
  Instant now() const;
  std::filesystem::path data_of(const Member& member) const { return folder_.path() / member.name; }

  const ClusterFolder& folder_;
  const ClusterRecord record_;
  const Programs programs_;
  const Announcer& announcer_;
  std::string frontend_;
  std::string backend_;
  std::vector<Member> members_;  // the broker first
  int signals_ = -1;
  bool stopping_ = false;
  bool impatient_ = false;  // asked to stop a second time
  bool clean_ = true;       // every process that was asked to stop ended well
  Child asking_;            // a `kipu ping` that waits for an answer
  bool answered_ = false;
};

}  // namespace kipu::cli

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
#include "client/cli/kept_files.h"
#include "client/cli/member.h"
#include "client/cli/prepare.h"

namespace kipu::cli {

// A line for whoever watches: into up.log, and to standard error where that is not the log itself.
class Announcer {
 public:
  Announcer(std::filesystem::path log, bool aloud) : log_(std::move(log)), aloud_(aloud) {}
  void say(std::string_view text) const;

 private:
  std::filesystem::path log_;
  bool aloud_;
};

struct SupervisorOptions {
  Programs programs;
  std::uint16_t port = 0;
  std::string reserve;  // what workers are told to leave free; empty: what they do anyway
};

// Thread rule: one thread, which has started no other, and no ZeroMQ context.
class Supervisor {
 public:
  // REQUIRES: the lock of `folder`.
  Supervisor(ClusterFolder& folder, const Prepared& prepared, SupervisorOptions options,
             const Announcer& announcer);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor();

  // Starts everything and returns once the cluster answers and every worker either serves or has
  // shown that it will not soon. `unavailable`, with the reason of each, if too few can serve:
  // before the cluster is born that is one, later a minority. `cancelled` if asked to stop. After
  // an error everything was stopped again.
  [[nodiscard]] Status start();
  // Watches until asked to stop, then stops. `done` if every process ended well.
  [[nodiscard]] Exit watch();

  const std::string& endpoint() const { return frontend_; }
  const std::vector<Member>& members() const { return members_; }

 private:
  [[nodiscard]] Status start_broker();
  [[nodiscard]] Status start_workers();
  [[nodiscard]] Status wait_until_served();
  [[nodiscard]] Status launch(Member& member);
  std::vector<std::string> words_of(const Member& member) const;
  [[nodiscard]] Status restore_broker();
  void launch_or_wait(Member& member);
  void start_in(Member& member, Duration delay);
  void restart_due();
  void retry_all();
  void wait_at_most(Instant until);
  // Waits for something to happen, until then at most, and handles it.
  void step(Instant until);
  void on_signal();
  void reap();
  void ask();
  void close_asking(int status);
  void on_end(Member& member, int status);
  void read_pipes(Member& member);
  void on_ready(Member& member, std::string_view line);
  bool takes_store(Member& member, StoreId store);
  bool is_settled() const;
  std::size_t able() const;
  std::size_t needed() const;
  std::string troubles() const;
  void stop(std::size_t first, std::size_t last);
  void stop_all();
  void publish();
  void restore_files();
  [[nodiscard]] tl::unexpected<Error> give_up(std::string what);
  bool is_broker(const Member& member) const { return &member == members_.data(); }
  Instant now() const;
  std::filesystem::path data_of(const Member& member) const { return folder_.path() / member.name; }

  ClusterFolder& folder_;
  const ClusterRecord record_;
  const ShownStore map_;
  const SupervisorOptions options_;
  const Announcer& announcer_;
  StoreNames stores_;
  std::string frontend_;
  std::string backend_;
  std::vector<Member> members_;  // the broker first
  int signals_ = -1;
  bool stopping_ = false;
  bool impatient_ = false;  // asked to stop a second time
  bool clean_ = true;       // every process that was asked to stop ended well
  Child asking_;            // a `kipu ping` that waits for an answer
  bool answered_ = false;
  KeptFiles files_;
  std::optional<Instant> restore_at_;
};

}  // namespace kipu::cli

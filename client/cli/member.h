// One process of a cluster that `up` runs, and what is known of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "client/cli/child.h"
#include "client/cli/cluster_folder.h"
#include "client/cli/prepare.h"
#include "client/cli/process_report.h"
#include "client/cli/restart_policy.h"

namespace kipu::cli {

struct Member {
  std::string name;  // `broker`, `worker-1`, …
  std::string log;
  std::string replace;  // the command that begins a new store in the place of its own; of workers
  StoreId store;        // that it has or had, if known
  std::string barred;   // why it is not started at all; else empty
  LinkedPlace link;     // what is to be said of a link in the place of its folder

  Child child;
  // Since its last start:
  std::string output;  // up to its ready line
  std::string errors;  // the end of what it wrote to standard error
  bool ready = false;
  Instant started;
  std::optional<Instant> restart_at;
  std::optional<WallTime> next_start;  // the same
  RestartPolicy policy;
  bool slow = false;  // it ended so often that it is started again slowly, and has not served since

  // Of its last end; `words` in full.
  std::string exit;
  std::string words;
  bool broken = false;  // by its disk or its files
  std::uint32_t ends = 0;
  std::optional<WallTime> last_end;

  bool running() const { return child.pid > 0; }
  // Neither now nor soon.
  bool hopeless() const { return !ready && (slow || !barred.empty()); }

  ProcessState state() const;
  // What is wrong, for people: how it ended, what it said, where to look, what to do. Of one that
  // serves: empty.
  std::string trouble() const;
  // The command that mends it, where its own words name it, or nothing.
  std::string remedy() const;

 private:
  std::string with_link(const std::string& what) const;
};

// The last line of what a process wrote to standard error, without the name of the program.
[[nodiscard]] std::string last_words(std::string_view errors);

// The broker, and each of the workers.
[[nodiscard]] std::vector<Member> make_members(const ClusterFolder& folder,
                                               const Prepared& prepared);

// The command that begins a new store in the place of the one of a worker, which is called by its
// folder, or as the map calls it, if that is known. A link that it would refuse goes first.
[[nodiscard]] std::string replace_command(const ClusterFolder& folder, const Member& member,
                                          const std::string& worker);

// The command that accepts that what no replica has is lost.
[[nodiscard]] std::string accept_loss_command(const ClusterFolder& folder, const Member& member,
                                              const ShownStore& map);

}  // namespace kipu::cli

// The store that a command works on.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "client/cli/alarm.h"
#include "client/cli/program.h"
#include "kipu/client.h"

namespace kipu::cli {

enum class Purpose { read, write };

// A broker, or the store in a directory, as the settings say. Only a command that writes makes a
// store where there is none.
[[nodiscard]] Result<Client> open_client(const Context& context, Purpose purpose);

// `invalid_argument` where --embedded was typed with a command that is about a cluster's processes:
// it would act on another directory than the one that was named.
[[nodiscard]] Status check_not_embedded(const Context& context);

// How the cluster does, also while it is not ready: then every other command is refused, with what
// it waits for.
[[nodiscard]] Result<ClusterStatus> ask_status(const Context& context);

// `text`, in which each command in backquotes that asks a cluster, and does not say which, asks the
// one that this command line named, if it named any: so that it does as it is printed what is said.
[[nodiscard]] std::string over_same_cluster(const Context& context, std::string_view text);

// What a read takes from the settings. What it has shown reaches standard output before it waits
// for more.
template <class Options>
[[nodiscard]] Options read_options(const Context& context) {
  Options options;
  context.settings.apply(options);
  options.before_wait = [&out = context.out] { out.flush(); };
  return options;
}

// A prefix that no key has may have been meant as a bucket's name: a note says so.
void note_bucket_meant(const Context& context, Client& client, std::string_view prefix);

// For what writes by hand: `unsupported` for one of Kipu's own buckets, which importing and
// restoring alone fill.
[[nodiscard]] Status check_not_reserved(const Context& context);

// Asks the signal that a user interrupts with (Ctrl-C) to be noted instead of ending the process;
// a second one ends it.
void note_interrupts();
[[nodiscard]] bool interrupted();

// Has that signal noted, and rings `alarm` at it, as long as this lives. One at a time.
class InterruptRings {
 public:
  explicit InterruptRings(Alarm& alarm);
  ~InterruptRings();
  InterruptRings(const InterruptRings&) = delete;
  InterruptRings& operator=(const InterruptRings&) = delete;
};

// How long what appends many entries waits for each, unless --timeout says otherwise: it outlasts
// the restart of a worker, which a user who waits for one append would not.
inline constexpr Duration kBulkTimeout = std::chrono::minutes(1);

}  // namespace kipu::cli

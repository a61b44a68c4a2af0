#include "tests/sim/shrink.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace kipu::sim {
namespace {

class Shrinker {
 public:
  Shrinker(const Options& options, std::size_t most_runs, const Simulate& run)
      : most_runs_(most_runs), run_(run), best_{options, run(options), 1} {
    KIPU_CHECK(best_.report.violation.has_value());
  }

  Shrunk shrink() {
    leave_out_oddities();
    leave_out_kinds();
    leave_out_each(&Omissions::strikes, best_.report.strikes);
    leave_out_each(&Omissions::calls, best_.options.calls);
    leave_out_kinds();
    return std::move(best_);
  }

 private:
  bool spent() const { return best_.runs >= most_runs_; }

  // Keeps what `change` leaves if that still fails in the same way.
  template <class Change>
  bool attempt(Change change) {
    if (spent()) return false;
    Options options = best_.options;
    change(options);
    Report report = run_(options);
    ++best_.runs;
    if (!report.violation) return false;
    if (report.violation->invariant != best_.report.violation->invariant) return false;
    best_.options = std::move(options);
    best_.report = std::move(report);
    return true;
  }

  void leave_out_oddities() {
    for (auto number :
         {&NetworkOptions::lost, &NetworkOptions::duplicated, &NetworkOptions::slow,
          &NetworkOptions::refused, &NetworkOptions::strayed, &NetworkOptions::altered}) {
      if (best_.options.network.*number == 0) continue;
      attempt([number](Options& options) { options.network.*number = 0; });
    }
    attempt([](Options& options) { options.streams = {}; });
    attempt([](Options& options) { options.most_drift = 0; });
    attempt([](Options& options) { options.clients = 1; });
    attempt([](Options& options) { options.calls_at_once = 1; });
    attempt([](Options& options) { options.keys = 1; });
  }

  void leave_out_kinds() {
    for (std::size_t kind = 0; kind < kFaults; ++kind) {
      if (!best_.options.faults.on[kind] || best_.options.without.kinds[kind]) continue;
      attempt([kind](Options& options) { options.without.kinds[kind] = true; });
    }
  }

  // Ever smaller runs of neighbours, down to one.
  void leave_out_each(std::set<std::uint32_t> Omissions::* which, std::uint32_t count) {
    for (std::uint32_t size = count; size > 0 && !spent(); size /= 2) {
      for (std::uint32_t first = 0; first < count && !spent(); first += size) {
        leave_out(which, first, std::min(first + size, count));
      }
    }
  }

  void leave_out(std::set<std::uint32_t> Omissions::* which, std::uint32_t first,
                 std::uint32_t last) {
    std::set<std::uint32_t> left_out = best_.options.without.*which;
    for (std::uint32_t number = first; number < last; ++number) left_out.insert(number);
    if (left_out.size() == (best_.options.without.*which).size()) return;
    attempt([&](Options& options) { options.without.*which = std::move(left_out); });
  }

  const std::size_t most_runs_;
  const Simulate& run_;
  Shrunk best_;
};

}  // namespace

Shrunk shrink(const Options& options, std::size_t most_runs, const Simulate& run) {
  return Shrinker(options, most_runs, run).shrink();
}

std::string describe(const Shrunk& shrunk) {
  const Options& options = shrunk.options;
  const NetworkOptions& network = options.network;
  std::string faults;
  for (std::size_t kind = 0; kind < kFaults; ++kind) {
    if (!options.faults.on[kind] || options.without.kinds[kind]) continue;
    faults += faults.empty() ? "" : ", ";
    faults += fault_name(static_cast<Fault>(kind));
  }
  return fmt::format(
      "seed {}, after {} runs: {} workers, {} replicas, {} clients with {} calls at once, {} calls "
      "of {} left, {} faults ({})\nof 10,000 messages {} are lost, {} come twice, {} are slow, {} "
      "are refused, {} go astray; streams drop {}, lose {} subscriptions, and hold {}\n"
      "page of {} entries and {} bytes, log of {} records, window of {} bytes\n",
      options.seed, shrunk.runs, options.workers, options.replicas, options.clients,
      options.calls_at_once, options.calls - options.without.calls.size(), options.calls,
      shrunk.report.totals.faults, faults, network.lost, network.duplicated, network.slow,
      network.refused, network.strayed, options.streams.dropped, options.streams.lost_subscriptions,
      options.streams.high_water, options.page_entries, options.page_bytes, options.log.records,
      options.worker.stream_window_bytes);
}

}  // namespace kipu::sim

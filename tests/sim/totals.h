// How much happened in a run.
#pragma once

#include <array>
#include <cstdint>

namespace kipu::sim {

struct Totals {
  std::uint64_t acknowledged = 0;  // writes, by workers that hold them
  std::uint64_t answered = 0;      // other calls that succeeded
  std::uint64_t refused = 0;       // calls that failed with another error than an unknown outcome
  std::uint64_t unknown = 0;       // calls whose outcome is unknown, those of crashed clients too
  std::uint64_t retries = 0;       // entries that were sent once more
  std::uint64_t crashes = 0;
  std::uint64_t faults = 0;     // crashes too; messages lost, late or duplicated are not counted
  std::uint64_t gaps = 0;       // bundles that did not fit the cursor of whom they were for
  std::uint64_t fetches = 0;    // that were answered
  std::uint64_t failovers = 0;  // commits by another replica than the first
  std::uint64_t repairs = 0;    // replicas that were sent what a read had shown them to lack
  std::uint64_t lost_disks = 0;
  std::uint64_t messages = 0;
  std::uint64_t altered = 0;  // of them
};

struct TotalName {
  const char* name;
  std::uint64_t Totals::* number;
};
inline constexpr std::array kTotals{
    TotalName{"writes acknowledged", &Totals::acknowledged},
    TotalName{"other calls done", &Totals::answered},
    TotalName{"calls refused", &Totals::refused},
    TotalName{"outcomes unknown", &Totals::unknown},
    TotalName{"entries sent again", &Totals::retries},
    TotalName{"faults", &Totals::faults},
    TotalName{"crashes", &Totals::crashes},
    TotalName{"disks lost", &Totals::lost_disks},
    TotalName{"gaps", &Totals::gaps},
    TotalName{"fetches", &Totals::fetches},
    TotalName{"failovers", &Totals::failovers},
    TotalName{"repairs", &Totals::repairs},
    TotalName{"messages", &Totals::messages},
    TotalName{"altered", &Totals::altered},
};

}  // namespace kipu::sim

// What became of the lines that were appended: enough to go on by hand where it went wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stamp.h"
#include "client/cli/json_writer.h"

namespace kipu::cli {

class LineFates {
 public:
  // `done` is what the lines are whose append succeeded: "stored", or, where no answer was waited
  // for, "sent".
  explicit LineFates(std::string_view done = "stored") : done_(done) {}

  // What came of the next line. `stamp` is its entry's, where it has one.
  void add(const Result<Stamp>& result, const std::optional<Stamp>& stamp);
  // There are lines after these, which were not sent, and perhaps not read.
  void leave_rest() { rest_ = true; }

  // `lines 1–4811 and 4813 are stored, line 4812 may or may not be, the rest was not sent`.
  std::string to_string() const;
  // Members: runs as [first, last]; of a line whose fate is unknown also the stamp under which the
  // same append, asked again, stores it once.
  void render(JsonWriter& json) const;

 private:
  enum class Fate { done, not_done, unknown };
  struct Run {
    Fate fate = Fate::done;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  struct Unknown {
    std::uint64_t line = 0;
    std::optional<Stamp> stamp;
  };

  static Fate fate_of(const Result<Stamp>& result);
  std::vector<Run> runs_of(Fate fate) const;

  std::string_view done_;
  std::vector<Run> runs_;  // one after the other, from line 1
  std::vector<Unknown> unknown_;
  bool rest_ = false;
};

}  // namespace kipu::cli

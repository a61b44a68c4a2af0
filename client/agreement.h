// One value for a name, whoever proposes at the same moment: agreement over a set that only grows.
//
// Each participant adds marks to the set of the name, and reads it; nothing else. That set is a key
// of a worm bucket, written and read at `quorum`: what was added before a read begins is in it, and
// what a read returned every later one returns (I4). That suffices for rounds of adopt-commit
// (Gafni, "Round-by-round fault detectors", 1998; here over one set instead of registers):
//
//   1. Add `proposes` your value. Read. If the round's proposals are all of your value, add `sure`
//      of it, else `unsure`.
//   2. Read. If all that the round says in this way is sure of one value, it is decided. If some is
//      sure of a value, go on to the next round with that; else with the least that was proposed.
//
//  1. Of two who read after they have proposed, the later sees both: so in one round at most one
//     value has a `sure`.
//  2. Who adds an `unsure` after another has decided finds that one's `sure`, and takes its value.
//  3. Nothing depends on a clock, and whoever dies in between keeps nobody else from deciding.
//
// Participants that take turns for ever need not come to an end; the driver waits for a random
// moment before each further round, as Ethernet does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/values.h"

namespace kipu::client {

enum class MarkKind : std::uint8_t { proposes, sure, unsure, decided };

// What a participant says: of a round, about a value.
struct Mark {
  MarkKind kind = MarkKind::proposes;
  std::uint32_t round = 0;
  std::string value;
  friend bool operator==(const Mark&, const Mark&) = default;
};

// A mark as the values of one entry: its kind, its round, its value.
[[nodiscard]] Values values_of(const Mark& mark);
// Nothing if the values are no mark: whoever wrote them is no participant.
[[nodiscard]] std::optional<Mark> mark_of(const std::vector<std::string>& values);

// One participant, without I/O: read the set and hand it to on_read(), and add what that returns,
// until there is a decision. Thread rule: one thread.
class Agreement {
 public:
  // `proposal` is what this participant wants.
  explicit Agreement(std::string proposal) : value_(std::move(proposal)) {}

  // What the set holds, read after the mark that was returned last was added. Returns the mark to
  // add next, and none once there is a decision.
  [[nodiscard]] std::optional<Mark> on_read(const std::vector<Mark>& marks);

  // What was decided; nothing yet.
  const std::optional<std::string>& decision() const { return decision_; }
  // In which round this participant is: past the first, others propose at the same time.
  std::uint32_t round() const { return round_; }

 private:
  enum class Step : std::uint8_t { begins, has_proposed, has_judged, knows };

  Mark judge(const std::vector<Mark>& marks) const;
  Mark conclude(const std::vector<Mark>& marks);

  Step step_ = Step::begins;
  std::uint32_t round_ = 0;
  std::string value_;
  std::optional<std::string> decision_;
};

}  // namespace kipu::client

// What happened in a run, as a hash that two runs of one seed share, and as lines for a reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace kipu::sim {

// What of it is printed: nothing; what a reader needs to follow a run (faults, starts and ends,
// calls and what they return, log lines); all.
enum class Print : std::uint8_t { nothing, story, all };

class Trace {
 public:
  explicit Trace(Print print) : print_(print) {}

  // `who` and `what` name the event; the numbers and bytes are what it was about.
  void note(Duration when, std::string_view who, std::string_view what, std::uint64_t number = 0,
            std::string_view bytes = {});
  // Likewise, of what is part of the story.
  void tell(Duration when, std::string_view who, std::string_view what, std::uint64_t number = 0);

  std::uint64_t hash() const { return hash_; }

 private:
  static void print(Duration when, std::string_view who, std::string_view what,
                    std::uint64_t number, std::size_t bytes);

  void add(Duration when, std::string_view who, std::string_view what, std::uint64_t number,
           std::string_view bytes);

  const Print print_;
  std::uint64_t hash_ = 0;
};

}  // namespace kipu::sim

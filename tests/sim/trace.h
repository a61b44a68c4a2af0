// What happened in a run, as a hash that two runs of one seed share, and as lines for a reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace kipu::sim {

class Trace {
 public:
  explicit Trace(bool print) : print_(print) {}

  // `who` and `what` name the event; the numbers and bytes are what it was about.
  void note(Duration when, std::string_view who, std::string_view what, std::uint64_t number = 0,
            std::string_view bytes = {});
  // A line of a process's log, or of the nemesis.
  void say(Duration when, std::string_view who, const std::string& text);

  std::uint64_t hash() const { return hash_; }

 private:
  static void print(Duration when, std::string_view who, std::string_view what,
                    std::uint64_t number, std::size_t bytes);

  const bool print_;
  std::uint64_t hash_ = 0;
};

}  // namespace kipu::sim

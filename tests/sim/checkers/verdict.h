// Whether a run kept the invariants of DESIGN (docs/architecture.md), and which one it broke first.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace kipu::sim {

struct Violation {
  std::string invariant;  // "I1", …
  std::string text;
};

class Verdict {
 public:
  void fail(std::string invariant, std::string text) {
    if (!first_) first_ = Violation{std::move(invariant), std::move(text)};
  }
  bool failed() const { return first_.has_value(); }
  const std::optional<Violation>& first() const { return first_; }

 private:
  std::optional<Violation> first_;
};

}  // namespace kipu::sim

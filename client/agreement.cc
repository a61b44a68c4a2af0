#include "client/agreement.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/check.h"

namespace kipu::client {
namespace {

struct Word {
  MarkKind kind;
  std::string_view word;
};
constexpr std::array kWords{Word{MarkKind::proposes, "proposes"}, Word{MarkKind::sure, "sure"},
                            Word{MarkKind::unsure, "unsure"}, Word{MarkKind::decided, "decided"}};

std::string_view word_of(MarkKind kind) {
  for (const Word& each : kWords) {
    if (each.kind == kind) return each.word;
  }
  return {};
}

}  // namespace

Values values_of(const Mark& mark) {
  Values values;
  values.push_back(word_of(mark.kind));
  values.push_back(std::to_string(mark.round));
  values.push_back(mark.value);
  return values;
}

std::optional<Mark> mark_of(const std::vector<std::string>& values) {
  if (values.size() != 3) return std::nullopt;
  const auto* found = std::ranges::find(kWords, std::string_view(values[0]), &Word::word);
  if (found == kWords.end()) return std::nullopt;
  Mark mark{found->kind, 0, values[2]};
  const char* const end = values[1].data() + values[1].size();
  const auto [after, error] = std::from_chars(values[1].data(), end, mark.round);
  if (error != std::errc{} || after != end) return std::nullopt;
  return mark;
}

std::optional<Mark> Agreement::on_read(const std::vector<Mark>& marks) {
  KIPU_CHECK(!decision_);
  const auto decided = std::ranges::find(marks, MarkKind::decided, &Mark::kind);
  if (decided != marks.end()) {
    decision_ = decided->value;
    step_ = Step::knows;
    return std::nullopt;
  }
  switch (step_) {
    case Step::begins:
      step_ = Step::has_proposed;
      return Mark{MarkKind::proposes, round_, value_};
    case Step::has_proposed:
      step_ = Step::has_judged;
      return judge(marks);
    case Step::has_judged:
      return conclude(marks);
    case Step::knows:
      break;
  }
  return std::nullopt;
}

Mark Agreement::judge(const std::vector<Mark>& marks) const {
  const bool agreed = std::ranges::all_of(marks, [this](const Mark& mark) {
    return mark.kind != MarkKind::proposes || mark.round != round_ || mark.value == value_;
  });
  return {agreed ? MarkKind::sure : MarkKind::unsure, round_, value_};
}

// Says `decided`, so that whoever comes later need not go through the rounds, or goes on.
Mark Agreement::conclude(const std::vector<Mark>& marks) {
  bool all_sure = true;
  std::optional<std::string> sure;
  std::string least = value_;
  for (const Mark& mark : marks) {
    if (mark.round != round_) continue;
    if (mark.kind == MarkKind::proposes) least = std::min(least, mark.value);
    all_sure = all_sure && mark.kind != MarkKind::unsure;
    if (mark.kind == MarkKind::sure) sure = mark.value;
  }
  if (all_sure && sure) return {MarkKind::decided, round_, *sure};
  value_ = sure.value_or(least);
  ++round_;
  step_ = Step::has_proposed;
  return {MarkKind::proposes, round_, value_};
}

}  // namespace kipu::client

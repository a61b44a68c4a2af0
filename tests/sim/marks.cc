#include "tests/sim/marks.h"

namespace kipu::sim {
namespace {

struct Name {
  Mark mark;
  const char* name;
  bool needs_replicas;
};

constexpr std::array<Name, kMarks> kNames{{
    {Mark::stream_dropped, "stream dropped", true},
    {Mark::resubscribed, "resubscribed", true},
    {Mark::gap, "gap", true},
    {Mark::fetch, "fetch", true},
    {Mark::fetched, "fetched", true},
    {Mark::fetched_part, "fetched in part", true},
    {Mark::trimmed, "trimmed", true},
    {Mark::read_repair, "read repair", true},
    {Mark::digests_differ, "digests differ", true},
    {Mark::hedge, "hedge", true},
    {Mark::not_whole, "not whole", true},
    {Mark::reconciled, "reconciled", true},
    {Mark::loss_learnt, "loss learnt", true},
    {Mark::lease_lost, "lease lost", true},
    {Mark::unknown_count, "unknown with count", true},
    {Mark::too_few_live, "too few live", true},
    {Mark::failover, "failover", true},
    {Mark::held_back, "held back", true},
    {Mark::disk_emptied, "disk emptied", true},
    {Mark::disk_rolled_back, "disk rolled back", true},
    {Mark::unreadable, "unreadable", true},
    {Mark::overloaded, "overloaded", false},
    {Mark::read_only, "read only", false},
    {Mark::clock_skew, "clock skew", false},
    {Mark::kept_at_crash, "kept at a crash", false},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kMarks; ++i) {
    if (kNames[i].mark != static_cast<Mark>(i)) return false;
  }
  return true;
}
static_assert(in_order());

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

const char* mark_name(Mark mark) {
  return kNames[static_cast<std::size_t>(mark)].name;
}

bool needs_replicas(Mark mark) {
  return kNames[static_cast<std::size_t>(mark)].needs_replicas;
}

void Marks::add(const Marks& other) {
  for (std::size_t i = 0; i < kMarks; ++i) counts_[i] += other.counts_[i];
}

void Marks::read(const Error& error) {
  read(error.message);
  if (error.code == ErrorCode::overloaded) hit(Mark::overloaded);
  if (error.code == ErrorCode::read_only) hit(Mark::read_only);
  if (error.code == ErrorCode::clock_skew) hit(Mark::clock_skew);
}

void Marks::read(std::string_view text) {
  if (has(text, "lease")) hit(Mark::lease_lost);
  if (has(text, "held by")) hit(Mark::unknown_count);
  if (has(text, "replicas of this partition")) hit(Mark::too_few_live);
}

}  // namespace kipu::sim

#include "worker/quorum_page.h"

#include <algorithm>
#include <utility>

namespace kipu::worker {
namespace {

// The merged entries that some replica lacks, each once.
std::vector<Entry> lacked_by_any(const MergedPage& merged) {
  std::vector<std::size_t> next(merged.lacking.size());
  std::vector<Entry> lacked;
  for (const Entry& entry : merged.page.entries) {
    bool is_lacked = false;
    for (std::size_t index = 0; index < next.size(); ++index) {
      const std::vector<Entry>& lacking = merged.lacking[index];
      if (next[index] == lacking.size() || lacking[next[index]].digest != entry.digest) continue;
      ++next[index];
      is_lacked = true;
    }
    if (is_lacked) lacked.push_back(entry);
  }
  return lacked;
}

}  // namespace

QuorumPage::QuorumPage(std::uint32_t number, ReadQuery query, Quorum quorum, Duration hedge)
    : round_(number, std::move(query), std::move(quorum), QuorumRound::Wants::results, hedge),
      hedge_(hedge) {}

void QuorumPage::on_own(Instant now, ReadResult result, ReadSteps& steps) {
  if (repairing_) return;
  round_.on_own(now, std::move(result), steps);
  repair_if_settled(now, steps);
}

void QuorumPage::on_own_unreadable(Instant now, Error why, ReadSteps& steps) {
  if (repairing_) return;
  round_.on_own_unreadable(now, std::move(why), steps);
  repair_if_settled(now, steps);
}

void QuorumPage::on_reply(Instant now, StoreId from, Result<schema::PeerReadReply> reply,
                          ReadSteps& steps) {
  if (repairing_) return;
  round_.on_reply(now, from, std::move(reply), steps);
  repair_if_settled(now, steps);
}

void QuorumPage::on_filled(Instant now, StoreId from, bool stored, ReadSteps& steps) {
  const auto filling = std::find_if(fillings_.begin(), fillings_.end(), [&](const Filling& one) {
    return one.store == from && !one.ended;
  });
  if (filling == fillings_.end()) return;
  filling->ended = true;
  if (stored) {
    ++holders_;
  } else {
    fill_another(now, steps);
  }
}

void QuorumPage::on_own_filled() {
  if (!own_filling_) return;
  own_filling_ = false;
  ++holders_;
}

void QuorumPage::on_tick(Instant now, ReadSteps& steps) {
  if (!repairing_) return round_.on_tick(now, steps);
  std::size_t late = 0;
  for (Filling& filling : fillings_) {
    if (filling.ended || filling.slow || now < filling.began + hedge_) continue;
    filling.slow = true;
    ++late;
  }
  for (; late > 0 && !spare_.empty(); --late) fill_another(now, steps);
}

Instant QuorumPage::next_tick() const {
  if (!repairing_) return round_.next_tick();
  Instant next = Instant::never();
  for (const Filling& filling : fillings_) {
    if (!filling.ended && !filling.slow) next = std::min(next, filling.began + hedge_);
  }
  return next;
}

std::vector<WorkerId> QuorumPage::silent() const {
  if (!repairing_) return round_.silent();
  std::vector<WorkerId> workers;
  for (const Replica& other : round_.quorum().others) {
    const bool waits = std::any_of(fillings_.begin(), fillings_.end(), [&](const Filling& one) {
      return one.store == other.store && !one.ended;
    });
    if (waits) workers.push_back(other.worker);
  }
  return workers;
}

void QuorumPage::repair_if_settled(Instant now, ReadSteps& steps) {
  if (repairing_ || !round_.settled()) return;
  repairing_ = true;
  if (!round_.agreed()) return fill_lacking(now, round_.take_answers(), steps);
  merged_.page = std::get<Page>(round_.take_own());
  holders_ = round_.quorum().needed + 1;
}

void QuorumPage::fill_lacking(Instant now, std::vector<QuorumRound::Answer> answers,
                              ReadSteps& steps) {
  std::vector<Page> pages{std::get<Page>(round_.take_own())};
  for (QuorumRound::Answer& answer : answers) {
    if (answer.result) {
      pages.push_back(std::get<Page>(std::move(*answer.result)));
    } else {
      pages.push_back(pages.front());
    }
  }
  merged_ = merge_pages(round_.query(), pages);
  for (const Replica& other : round_.quorum().others) {
    const bool took_part = std::any_of(answers.begin(), answers.end(), [&](const auto& answer) {
      return answer.from == other.store;
    });
    if (!took_part && other.store != round_.stand_in()) spare_.push_back(other.store);
  }
  for (const std::vector<Entry>& lacking : merged_.lacking) holders_ += lacking.empty() ? 1U : 0U;
  repairs_ = lacked_by_any(merged_);
  if (!merged_.lacking[0].empty() && round_.stand_in()) {
    fill(now, *round_.stand_in(), std::move(merged_.lacking[0]), steps);
  } else if (!merged_.lacking[0].empty()) {
    own_filling_ = true;
    steps.own_fills.push_back({round_.number(), std::move(merged_.lacking[0])});
  }
  for (std::size_t index = 0; index < answers.size(); ++index) {
    std::vector<Entry>& lacking = merged_.lacking[index + 1];
    if (!lacking.empty()) fill(now, answers[index].from, std::move(lacking), steps);
  }
}

void QuorumPage::fill(Instant now, StoreId store, std::vector<Entry> entries, ReadSteps& steps) {
  fillings_.push_back({store, now});
  steps.fills.push_back({round_.number(), store, std::move(entries)});
}

// One that took no part may hold the page as well as any: it gets all that not all have.
void QuorumPage::fill_another(Instant now, ReadSteps& steps) {
  if (!spare_.empty()) {
    const StoreId store = spare_.front();
    spare_.erase(spare_.begin());
    return fill(now, store, repairs_, steps);
  }
  const auto waiting = std::count_if(fillings_.begin(), fillings_.end(),
                                     [](const Filling& one) { return !one.ended; });
  hopeless_ = holders_ + (own_filling_ ? 1U : 0U) + static_cast<std::size_t>(waiting) <
              round_.quorum().majority;
}

}  // namespace kipu::worker

#include "worker/read_quorum.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/limits.h"
#include "cluster/map.h"
#include "worker/checks.h"
#include "worker/page_merge.h"

namespace kipu::worker {
namespace {

// Keys on which replicas differ cost a question each: past so many, the page ends.
constexpr std::size_t kMostSettledKeys = 256;
// Keys of partitions with other replicas are asked for at once: each page is that much smaller.
constexpr std::uint32_t kLeastKeysAsked = 64;

class PageRead final : public ReadQuorum {
 public:
  PageRead(ReadQuery query, QuorumGroup group, const QuorumRules& rules)
      : ReadQuorum(rules), query_(std::move(query)), group_(std::move(group)) {}

 private:
  void start(Instant now, ReadSteps& steps) override {
    start_page(now, query_, group_.quorum, steps);
  }
  void advance(Instant, ReadSteps&) override {
    if (page_->done()) answer(page_->take());
  }

  const ReadQuery query_;
  const QuorumGroup group_;
};

class CountRead final : public ReadQuorum {
 public:
  CountRead(CountQuery query, QuorumGroup group, const QuorumRules& rules)
      : ReadQuorum(rules), query_(std::move(query)), group_(std::move(group)) {}

 private:
  void start(Instant now, ReadSteps& steps) override {
    start_round(now, query_, group_.quorum, QuorumRound::Wants::digests, steps);
  }

  void advance(Instant now, ReadSteps& steps) override {
    if (page_) {
      if (page_->done()) add(now, page_->take(), steps);
    } else if (rounds_[0].settled()) {
      if (rounds_[0].agreed()) return answer(rounds_[0].take_own());
      rounds_.clear();
      ask_page(now, steps);
    }
  }

  void add(Instant now, const Page& page, ReadSteps& steps) {
    count_.entries += page.entries.size();
    for (const Entry& entry : page.entries) count_.values += entry.values.size();
    for (const Entry& entry : page.entries) bytes_ += entry.message_bytes();
    if (!page.entries.empty()) query_.after = page.entries.back().id();
    if (page.complete) return answer(count_);
    const bool goes_on = count_.entries < query_.max_entries && bytes_ < limits::kMaxCountBytes;
    if (goes_on) return ask_page(now, steps);
    answer(*take_part());
  }

  std::optional<ReadResult> take_part() override {
    if (count_.entries == 0) return std::nullopt;
    count_.next_after = query_.after;
    return count_;
  }

  void ask_page(Instant now, ReadSteps& steps) {
    PageQuery page;
    page.partition = query_.partition;
    page.bucket = query_.bucket;
    page.key = query_.key;
    page.since = query_.since;
    page.until = query_.until;
    page.after = query_.after;
    page.max_entries = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(limits::kMaxPageEntries, query_.max_entries - count_.entries));
    page.level = query_.level;
    start_page(now, std::move(page), group_.quorum, steps);
  }

  CountQuery query_;
  const QuorumGroup group_;
  Count count_;
  std::size_t bytes_ = 0;  // of what was counted
};

class KeysRead final : public ReadQuorum {
 public:
  KeysRead(KeysQuery query, std::vector<QuorumGroup> groups, const QuorumRules& rules)
      : ReadQuorum(rules), query_(std::move(query)), groups_(std::move(groups)) {}

 private:
  void start(Instant now, ReadSteps& steps) override {
    const auto share = static_cast<std::uint32_t>(std::max<std::size_t>(groups_.size(), 1));
    for (const QuorumGroup& group : groups_) {
      KeysQuery part = query_;
      part.partitions = group.partitions;
      // Whether a key is removed only its newest entry says, and replicas may differ in that.
      part.with_newest = std::exchange(part.skip_removed, false);
      const std::uint32_t least = std::min(query_.max_keys, kLeastKeysAsked);
      part.max_keys = std::max(query_.max_keys / share, least);
      part.max_bytes = query_.max_bytes / share;
      start_round(now, std::move(part), group.quorum, QuorumRound::Wants::results, steps);
    }
  }

  void advance(Instant now, ReadSteps& steps) override {
    if (page_) {
      if (!page_->done()) return;
      list_if_there(page_->take());
      page_.reset();
      return settle(now, steps);
    }
    const auto settled = [](const QuorumRound& round) { return round.settled(); };
    if (!std::all_of(rounds_.begin(), rounds_.end(), settled)) return;
    std::vector<MergedKeys> parts;
    parts.reserve(rounds_.size());
    for (QuorumRound& round : rounds_) parts.push_back(merge(round));
    rounds_.clear();
    merged_ = join_keys(query_, parts);
    settle(now, steps);
  }

  static MergedKeys merge(QuorumRound& round) {
    const bool agreed = round.agreed();
    std::vector<KeysPage> pages{std::get<KeysPage>(round.take_own())};
    if (!agreed) {
      for (QuorumRound::Answer& answer : round.take_answers()) {
        if (answer.result) {
          pages.push_back(std::get<KeysPage>(std::move(*answer.result)));
        } else {
          pages.push_back(pages.front());
        }
      }
    }
    return merge_keys(pages);
  }

  // Lists what all agree on, up to the next key that has to be asked for.
  void settle(Instant now, ReadSteps& steps) {
    for (; next_ < merged_.keys.size(); ++next_) {
      const MergedKeys::Key& key = merged_.keys[next_];
      if (key.everywhere) {
        if (!key.removed) result_.keys.push_back(key.key);
        continue;
      }
      const QuorumGroup* group = group_of(key.key);
      if (group == nullptr) continue;  // no key of the partitions that were asked for
      if (settled_ == kMostSettledKeys) return answer(*take_part());
      ++settled_;
      return start_page(now, newest_of(key.key), group->quorum, steps);
    }
    result_.next_after = merged_.next_after;
    answer(std::move(result_));
  }

  // Up to the key that is being asked for.
  std::optional<ReadResult> take_part() override {
    if (next_ == 0) return std::nullopt;
    result_.next_after = merged_.keys[next_ - 1].key;
    return std::move(result_);
  }

  void list_if_there(const Page& newest) {
    const bool removed = query_.skip_removed && !newest.entries.empty() &&
                         newest.entries[0].kind == EntryKind::remove;
    if (!newest.entries.empty() && !removed) result_.keys.push_back(merged_.keys[next_].key);
    ++next_;
  }

  const QuorumGroup* group_of(const std::string& key) const {
    const PartitionId partition = cluster::partition_of(query_.bucket, key, rules_.partitions);
    const auto found = std::find_if(groups_.begin(), groups_.end(), [&](const QuorumGroup& group) {
      return std::binary_search(group.partitions.begin(), group.partitions.end(), partition);
    });
    return found == groups_.end() ? nullptr : &*found;
  }

  PageQuery newest_of(const std::string& key) const {
    PageQuery page;
    page.partition = cluster::partition_of(query_.bucket, key, rules_.partitions);
    page.bucket = query_.bucket;
    page.key = key;
    page.reverse = true;
    page.max_entries = 1;
    page.level = query_.level;
    return page;
  }

  const KeysQuery query_;
  const std::vector<QuorumGroup> groups_;
  MergedKeys merged_;
  std::size_t next_ = 0;     // of the merged keys
  std::size_t settled_ = 0;  // how many had to be asked for
  KeysPage result_;
};

}  // namespace

void ReadQuorum::begin(Instant now, ReadSteps& steps) {
  start(now, steps);
  proceed(now, steps);
}

void ReadQuorum::on_own_read(Instant now, std::uint32_t round, Result<ReadResult> result,
                             ReadSteps& steps) {
  if (answered()) return;
  if (!result && !is_damage(result.error().code)) return answer(fail(std::move(result.error())));
  const auto take = [&](auto& one) {
    if (result) return one.on_own(now, std::move(*result), steps);
    one.on_own_unreadable(now, std::move(result.error()), steps);
  };
  if (page_ && page_->number() == round) {
    take(*page_);
  } else {
    const auto found = std::find_if(rounds_.begin(), rounds_.end(),
                                    [&](const QuorumRound& one) { return one.number() == round; });
    if (found != rounds_.end()) take(*found);
  }
  proceed(now, steps);
}

void ReadQuorum::on_reply(Instant now, std::uint32_t round, StoreId from,
                          Result<schema::PeerReadReply> reply, ReadSteps& steps) {
  if (answered()) return;
  if (page_ && page_->number() == round) {
    page_->on_reply(now, from, std::move(reply), steps);
  } else {
    for (QuorumRound& one : rounds_) {
      if (one.number() != round) continue;
      one.on_reply(now, from, std::move(reply), steps);
      break;
    }
  }
  proceed(now, steps);
}

void ReadQuorum::on_filled(Instant now, std::uint32_t round, StoreId from, bool stored,
                           ReadSteps& steps) {
  if (answered() || !page_ || page_->number() != round) return;
  page_->on_filled(now, from, stored, steps);
  proceed(now, steps);
}

void ReadQuorum::on_own_filled(Instant now, std::uint32_t round, ReadSteps& steps) {
  if (answered() || !page_ || page_->number() != round) return;
  page_->on_own_filled();
  proceed(now, steps);
}

void ReadQuorum::on_tick(Instant now, ReadSteps& steps) {
  if (answered()) return;
  if (now >= rules_.give_up) {
    if (auto part = take_part()) return answer(std::move(*part));
    return answer(fail(unavailable()));
  }
  if (page_) page_->on_tick(now, steps);
  for (QuorumRound& round : rounds_) round.on_tick(now, steps);
  proceed(now, steps);
}

Instant ReadQuorum::next_tick() const {
  if (answered()) return Instant::never();
  Instant next = rules_.give_up;
  if (page_) next = std::min(next, page_->next_tick());
  for (const QuorumRound& round : rounds_) next = std::min(next, round.next_tick());
  return next;
}

void ReadQuorum::start_round(Instant now, ReadQuery query, const Quorum& quorum,
                             QuorumRound::Wants wants, ReadSteps& steps) {
  rounds_.emplace_back(++last_round_, std::move(query), quorum, wants, rules_.hedge);
  rounds_.back().begin(now, steps);
}

void ReadQuorum::start_page(Instant now, ReadQuery query, const Quorum& quorum, ReadSteps& steps) {
  page_.emplace(++last_round_, std::move(query), quorum, rules_.hedge);
  page_->begin(now, steps);
}

void ReadQuorum::proceed(Instant now, ReadSteps& steps) {
  if (answered()) return;
  if (hopeless()) return answer(fail(why_hopeless()));
  advance(now, steps);
}

bool ReadQuorum::hopeless() const {
  if (page_ && page_->hopeless()) return true;
  return std::any_of(rounds_.begin(), rounds_.end(),
                     [](const QuorumRound& round) { return round.hopeless(); });
}

// Where all that are left cannot read it either, that is for a human to know; else others may come.
Error ReadQuorum::why_hopeless() const {
  std::optional<Error> unreadable = page_ ? page_->unreadable() : std::nullopt;
  for (const QuorumRound& round : rounds_) {
    if (!unreadable && round.hopeless()) unreadable = round.unreadable();
  }
  return unreadable ? std::move(*unreadable) : unavailable();
}

Error ReadQuorum::unavailable() const {
  std::vector<WorkerId> silent = page_ ? page_->silent() : std::vector<WorkerId>{};
  for (const QuorumRound& round : rounds_) {
    if (round.settled()) continue;
    const std::vector<WorkerId> more = round.silent();
    silent.insert(silent.end(), more.begin(), more.end());
  }
  std::sort(silent.begin(), silent.end());
  silent.erase(std::unique(silent.begin(), silent.end()), silent.end());
  std::string names;
  for (const WorkerId worker : silent) {
    names += (names.empty() ? "" : ", ") + worker.to_string();
  }
  return {ErrorCode::unavailable,
          fmt::format("too few replicas answered; missing: {}", names.empty() ? "none" : names)};
}

std::unique_ptr<ReadQuorum> make_read_quorum(ReadQuery query, std::vector<QuorumGroup> groups,
                                             const QuorumRules& rules) {
  if (auto* keys = std::get_if<KeysQuery>(&query)) {
    return std::make_unique<KeysRead>(std::move(*keys), std::move(groups), rules);
  }
  KIPU_CHECK_OP(groups.size(), ==, 1U);
  if (auto* count = std::get_if<CountQuery>(&query)) {
    return std::make_unique<CountRead>(std::move(*count), std::move(groups[0]), rules);
  }
  return std::make_unique<PageRead>(std::move(query), std::move(groups[0]), rules);
}

}  // namespace kipu::worker

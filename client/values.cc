#include "client/values.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kipu::client {
namespace {

constexpr std::uint64_t kMost = UINT64_MAX;

std::optional<EntryId> predecessor(EntryId id) {
  if (id.digest.bits-- != 0) return id;
  if (id.stamp.writer-- != 0) return id;
  if (id.stamp.time.bits() == 0) return std::nullopt;
  id.stamp.time = StampTime(id.stamp.time.bits() - 1);
  return id;
}

std::optional<EntryId> successor(EntryId id) {
  if (++id.digest.bits != 0) return id;
  if (++id.stamp.writer != 0) return id;
  if (id.stamp.time == StampTime::last()) return std::nullopt;
  id.stamp.time = StampTime(id.stamp.time.bits() + 1);
  return id;
}

Status check(std::string_view key, const ReadOptions& options) {
  if (key.empty()) return fail(ErrorCode::empty_key, "a key has at least one byte");
  if (options.first && options.last) {
    return fail(ErrorCode::invalid_argument, "a read has a first or a last, not both");
  }
  if (options.page_entries == 0 || options.page_entries > limits::kMaxPageEntries) {
    return fail(ErrorCode::invalid_argument, "page_entries is out of range");
  }
  return check_read_level(options);
}

}  // namespace

std::optional<EntryId> id_before(const EntryId& id, bool reverse) {
  return reverse ? successor(id) : predecessor(id);
}

std::uint64_t items_of(const Entry& entry) {
  return entry.kind == EntryKind::remove ? 1 : entry.values.size();
}

ValueSource::ValueSource(std::shared_ptr<Loop> loop, std::string key, ReadOptions options)
    : loop_(std::move(loop)), key_(std::move(key)), options_(std::move(options)) {}

std::optional<Result<Item>> ValueSource::next() {
  if (ended_) return std::nullopt;
  if (!begun_) {
    begun_ = true;
    if (auto begun = begin(); !begun) error_ = std::move(begun).error();
  }
  while (!error_ && left_ > 0) {
    if (value_ == values_.size()) {
      if (!next_entry()) break;
    } else if (skip_ > 0) {
      --skip_;
      ++value_;
    } else {
      --left_;
      return take_item();
    }
  }
  ended_ = true;
  if (error_) return fail(*std::exchange(error_, std::nullopt));
  return std::nullopt;
}

Status ValueSource::begin() {
  if (auto valid = check(key_, options_); !valid) return valid;
  const auto bucket = find_bucket(*loop_, options_);
  if (!bucket) return fail(bucket.error());
  left_ = options_.first.value_or(options_.last.value_or(kMost));
  if (left_ == 0) return {};
  if (bucket->mode == BucketMode::wmrm && !options_.history) return begin_newest();
  if (options_.last) return begin_tail();
  PageCall first = call();
  first.query.after = options_.after;
  pages_ = std::make_unique<Pages<PageCall>>(*loop_, options_, std::move(first));
  return {};
}

// The value of a key in a wmrm bucket is its newest entry, wherever the reading starts.
Status ValueSource::begin_newest() {
  PageCall newest = call();
  newest.query.reverse = true;
  newest.query.max_entries = 1;
  auto page = ask<Page>(*loop_, std::move(newest), options_);
  if (!page) return fail(std::move(page).error());
  if (page->entries.empty() || page->entries.front().kind == EntryKind::remove) return {};
  if (!past_cursor(page->entries.front())) return {};
  entries_ = std::move(page->entries);
  return {};
}

Status ValueSource::begin_tail() {
  auto tail = find_tail(*options_.last);
  if (!tail) return fail(std::move(tail).error());
  skip_ = tail->skip;
  if (tail->held) {
    entries_ = std::move(tail->entries);
    return {};
  }
  PageCall first = call();
  first.query.after = tail->after;
  pages_ = std::make_unique<Pages<PageCall>>(*loop_, options_, std::move(first));
  return {};
}

// Reads against the order of reading and counts, until it has seen `items` or has met the cursor.
// Only the first page is kept, so that memory does not grow with `items`.
Result<ValueSource::Tail> ValueSource::find_tail(std::uint64_t items) {
  PageCall probe = call();
  probe.query.reverse = !options_.reverse;
  Pages<PageCall> pages(*loop_, options_, std::move(probe));
  Tail tail;
  tail.after = options_.after;
  std::uint64_t seen = 0;
  for (bool found = false; !found;) {
    auto page = pages.next();
    if (!page) break;
    if (!*page) return fail(std::move(*page).error());
    tail.held = seen == 0;
    if (!tail.held) tail.entries.clear();
    found = probe_page(std::move((*page)->entries), items, seen, tail);
    if (!found) pages.ask_ahead();
  }
  std::reverse(tail.entries.begin(), tail.entries.end());
  return tail;
}

// Adds a page to what was `seen`; true once the tail begins within it.
bool ValueSource::probe_page(std::vector<Entry> entries, std::uint64_t items, std::uint64_t& seen,
                             Tail& tail) const {
  for (Entry& entry : entries) {
    if (!past_cursor(entry)) return true;
    seen += items_of(entry);
    const EntryId id = entry.id();
    if (tail.held) tail.entries.push_back(std::move(entry));
    if (seen < items) continue;
    tail.skip = seen - items;
    tail.after = id_before(id, options_.reverse);
    return true;
  }
  return false;
}

PageCall ValueSource::call() const {
  PageQuery query;
  query.bucket = options_.bucket;
  query.key = key_;
  query.reverse = options_.reverse;
  query.since = options_.since;
  query.until = options_.until;
  query.max_entries =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(options_.page_entries, left_));
  query.level = options_.from_worker ? Level::one : options_.level;
  return {std::move(query), options_.from_worker};
}

// Whether an entry comes after the caller's cursor, in the order of reading.
bool ValueSource::past_cursor(const Entry& entry) const {
  if (!options_.after) return true;
  return options_.reverse ? entry.id() < *options_.after : entry.id() > *options_.after;
}

bool ValueSource::next_entry() {
  while (entry_ == entries_.size()) {
    if (!next_page()) return false;
  }
  const Entry& entry = entries_[entry_++];
  values_.assign(entry.values.begin(), entry.values.end());
  if (values_.empty() && entry.kind == EntryKind::remove) values_.emplace_back();
  if (options_.reverse) std::reverse(values_.begin(), values_.end());
  value_ = 0;
  return true;
}

bool ValueSource::next_page() {
  auto page = pages_ ? pages_->next() : std::nullopt;
  if (!page) return false;
  if (!*page) {
    error_ = std::move(*page).error();
    return false;
  }
  entries_ = std::move((*page)->entries);
  entry_ = 0;
  return true;
}

Item ValueSource::take_item() {
  const Entry& entry = entries_[entry_ - 1];
  // The caller came back after the first item: it has been seen to, and more is wanted.
  if (entry_ > 1 || value_ > 0) ask_ahead();
  const std::size_t index = options_.reverse ? values_.size() - 1 - value_ : value_;
  Item item;
  item.id = entry.id();
  item.kind = entry.kind;
  item.index = static_cast<std::uint32_t>(index);
  item.value = values_[value_++];
  return item;
}

void ValueSource::ask_ahead() {
  // Every entry left in this page shows at least one item.
  if (pages_ && left_ > entries_.size() - entry_) pages_->ask_ahead();
}

}  // namespace kipu::client

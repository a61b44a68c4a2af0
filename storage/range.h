// What every Store has in common when it reads: which ids a query asks for, and when a page is
// full. Shared, so that all stores cut their pages at the same entry.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/entry.h"
#include "base/query.h"

namespace kipu::storage {

// A range of ids of one key.
struct IdRange {
  EntryId least;
  bool includes_least = true;
  std::optional<EntryId> end;  // exclusive; none: to the last id

  // True if no id can lie in it.
  bool is_empty() const { return end && *end <= least; }
  friend bool operator==(const IdRange&, const IdRange&) = default;
};

// The ids between `since` and `until` that still follow `after`, in the direction of reading.
[[nodiscard]] IdRange range_of(const PageQuery& query);
[[nodiscard]] IdRange range_of(const CountQuery& query);

// How much more fits on a page. The first item always fits, whatever its size and the limits, so
// that every page gets on.
class PageBudget {
 public:
  PageBudget(std::uint32_t max_items, std::uint32_t max_bytes)
      : items_left_(std::max<std::size_t>(max_items, 1)), bytes_left_(max_bytes) {}

  // Takes `bytes` for one more item, or returns false if it does not fit.
  bool take(std::size_t bytes) {
    if (!is_first_ && (items_left_ == 0 || bytes > bytes_left_)) return false;
    is_first_ = false;
    --items_left_;
    bytes_left_ -= std::min(bytes, bytes_left_);
    return true;
  }

 private:
  std::size_t items_left_;
  std::size_t bytes_left_;
  bool is_first_ = true;
};

[[nodiscard]] inline KeysPage::Newest newer_of(const std::optional<KeysPage::Newest>& one,
                                               const KeysPage::Newest& other) {
  return one && other.id < one->id ? *one : other;
}

// Builds the answer to a KeysQuery from keys in byte order.
class KeysPageBuilder {
 public:
  explicit KeysPageBuilder(const KeysQuery& query) : budget_(query.max_keys, query.max_bytes) {}

  // Whether the page could end here: there is a key to go on after.
  bool may_end() const { return !last_.empty(); }
  // More keys follow, which are for another page. REQUIRES: may_end().
  void end() { page_.next_after = last_; }
  // Lists `key`, or passes it over. Returns false, and takes nothing, if the page ends before it.
  // `newest`: of the key, where the query asks for it.
  bool add(std::string_view key, bool is_listed,
           const std::optional<KeysPage::Newest>& newest = std::nullopt);
  KeysPage take() && { return std::move(page_); }

 private:
  PageBudget budget_;
  std::uint32_t passed_over_ = 0;
  std::string last_;
  KeysPage page_;
};

}  // namespace kipu::storage

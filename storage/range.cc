#include "storage/range.h"

#include "base/limits.h"

namespace kipu::storage {
namespace {

IdRange between(std::optional<StampTime> since, std::optional<StampTime> until) {
  IdRange range;
  if (since) range.least.stamp.time = *since;
  if (until) range.end = EntryId{Stamp{*until, 0}, Digest{}};
  return range;
}

void go_on_after(IdRange& range, const EntryId& after) {
  if (after < range.least) return;
  range.least = after;
  range.includes_least = false;
}

void go_on_before(IdRange& range, const EntryId& before) {
  if (!range.end || before < *range.end) range.end = before;
}

}  // namespace

IdRange range_of(const PageQuery& query) {
  IdRange range = between(query.since, query.until);
  if (!query.after) return range;
  if (query.reverse) {
    go_on_before(range, *query.after);
  } else {
    go_on_after(range, *query.after);
  }
  return range;
}

IdRange range_of(const CountQuery& query) {
  IdRange range = between(query.since, query.until);
  if (query.after) go_on_after(range, *query.after);
  return range;
}

bool KeysPageBuilder::add(std::string_view key, bool is_listed,
                          const std::optional<KeysPage::Newest>& newest) {
  const std::size_t bytes = key.size() + (newest ? sizeof(KeysPage::Newest) : 0);
  if (passed_over_ == limits::kMaxKeysPassedOver || (is_listed && !budget_.take(bytes))) {
    end();
    return false;
  }
  last_ = key;
  if (is_listed) {
    page_.keys.emplace_back(key);
    if (newest) page_.newest.push_back(*newest);
  } else {
    ++passed_over_;
  }
  return true;
}

}  // namespace kipu::storage

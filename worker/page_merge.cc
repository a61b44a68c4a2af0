#include "worker/page_merge.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/entry.h"

namespace kipu::worker {
namespace {

// Which of two entries comes first on a page of `query`.
class PageOrder {
 public:
  explicit PageOrder(const ReadQuery& query) {
    const auto* page = std::get_if<PageQuery>(&query);
    reverse_ = page != nullptr && page->reverse;
  }

  bool operator()(const Entry& a, const Entry& b) const {
    return reverse_ ? is_less(b, a) : is_less(a, b);
  }

 private:
  static bool is_less(const Entry& a, const Entry& b) {
    const int keys = a.key.compare(b.key);
    return keys != 0 ? keys < 0 : a.id() < b.id();
  }

  bool reverse_ = false;
};

struct PageLimits {
  std::size_t entries;
  std::size_t bytes;
};

PageLimits limits_of(const ReadQuery& query) {
  if (const auto* page = std::get_if<PageQuery>(&query))
    return {page->max_entries, page->max_bytes};
  const auto& scan = std::get<ScanQuery>(query);
  return {scan.max_entries, scan.max_bytes};
}

bool is_within(const PageQuery& query, const Entry& entry) {
  if (entry.bucket != query.bucket || entry.key != query.key) return false;
  if (query.since && entry.stamp.time < *query.since) return false;
  if (query.until && entry.stamp.time >= *query.until) return false;
  if (!query.after) return true;
  return query.reverse ? entry.id() < *query.after : entry.id() > *query.after;
}

bool is_within(const ScanQuery& query, const Entry& entry) {
  if (entry.bucket != query.bucket || !entry.key.starts_with(query.prefix)) return false;
  if (!query.after) return true;
  return std::tie(entry.key, entry.stamp, entry.digest) >
         std::tie(query.after->key, query.after->id.stamp, query.after->id.digest);
}

bool is_within(const ReadQuery& query, const Entry& entry) {
  if (const auto* page = std::get_if<PageQuery>(&query)) return is_within(*page, entry);
  return is_within(std::get<ScanQuery>(query), entry);
}

std::size_t bytes_of(const Page& page) {
  std::size_t bytes = 0;
  for (const Entry& entry : page.entries) bytes += entry.message_bytes();
  return bytes;
}

bool is_within_limits(const ReadQuery& query, const Page& page) {
  const PageLimits limits = limits_of(query);
  if (page.entries.size() <= 1) return true;  // one entry may exceed them
  return page.entries.size() <= limits.entries && bytes_of(page) <= limits.bytes;
}

// The last entry up to which every page has spoken; null if each is complete.
const Entry* find_cut(const PageOrder& before, std::span<const Page> pages) {
  const Entry* cut = nullptr;
  for (const Page& page : pages) {
    if (page.complete) continue;
    if (cut == nullptr || before(page.entries.back(), *cut)) cut = &page.entries.back();
  }
  return cut;
}

// The entries of all pages, each once, in order and up to `cut`. They point into `pages`.
std::vector<const Entry*> unite(const PageOrder& before, std::span<const Page> pages,
                                const Entry* cut) {
  std::vector<const Entry*> all;
  for (const Page& page : pages) {
    for (const Entry& entry : page.entries) {
      if (cut != nullptr && before(*cut, entry)) break;
      all.push_back(&entry);
    }
  }
  std::sort(all.begin(), all.end(), [&](const Entry* a, const Entry* b) { return before(*a, *b); });
  const auto same = [&](const Entry* a, const Entry* b) {
    return !before(*a, *b) && !before(*b, *a);
  };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  return all;
}

// How many of the entries a page takes; the first always fits.
std::size_t fitting(const PageLimits& limits, const std::vector<const Entry*>& entries) {
  std::size_t bytes = 0;
  for (std::size_t count = 0; count < entries.size(); ++count) {
    bytes += entries[count]->message_bytes();
    if (count > 0 && (count >= limits.entries || bytes > limits.bytes)) return count;
  }
  return entries.size();
}

// Those of `merged` that `page` lacks; both are in order.
std::vector<Entry> lacking_of(const PageOrder& before, const std::vector<const Entry*>& merged,
                              const Page& page) {
  std::vector<Entry> lacking;
  auto at = page.entries.begin();
  for (const Entry* entry : merged) {
    while (at != page.entries.end() && before(*at, *entry)) ++at;
    if (at == page.entries.end() || before(*entry, *at)) lacking.push_back(*entry);
  }
  return lacking;
}

// What the pages say of one key.
struct Listed {
  std::size_t pages = 0;
  bool agreed = true;
  KeysPage::Newest newest;

  void add(const KeysPage::Newest& one) {
    if (pages++ == 0) newest = one;
    agreed = agreed && newest == one;
  }
};

}  // namespace

Status check_page(const ReadQuery& query, const Page& page) {
  if (!page.complete && page.entries.empty()) {
    return fail(ErrorCode::malformed, "an incomplete page has an entry");
  }
  if (!is_within_limits(query, page)) {
    return fail(ErrorCode::malformed, "a page is larger than was asked for");
  }
  const PageOrder before(query);
  for (std::size_t index = 0; index < page.entries.size(); ++index) {
    const Entry& entry = page.entries[index];
    if (Status valid = validate(entry); !valid) return valid;
    if (!is_within(query, entry)) {
      return fail(ErrorCode::malformed, "a page has an entry that was not asked for");
    }
    if (index > 0 && !before(page.entries[index - 1], entry)) {
      return fail(ErrorCode::malformed, "the entries of a page are out of order");
    }
  }
  return {};
}

Status check_keys(const KeysQuery& query, const KeysPage& page) {
  if (page.keys.size() > std::max<std::size_t>(1, query.max_keys)) {
    return fail(ErrorCode::malformed, "a page of keys is larger than was asked for");
  }
  const std::string* previous = query.after ? &*query.after : nullptr;
  for (const std::string& key : page.keys) {
    if (key.empty() || !key.starts_with(query.prefix)) {
      return fail(ErrorCode::malformed, "a page has a key that was not asked for");
    }
    if (previous != nullptr && key <= *previous) {
      return fail(ErrorCode::malformed, "the keys of a page are out of order");
    }
    previous = &key;
  }
  if (page.newest.size() != (query.with_newest ? page.keys.size() : 0)) {
    return fail(ErrorCode::malformed, "a page does not say what is newest of each of its keys");
  }
  if (!page.next_after) return {};
  const bool gets_on = page.keys.empty() ? previous == nullptr || *page.next_after > *previous
                                         : *page.next_after >= *previous;
  if (!gets_on) return fail(ErrorCode::malformed, "a page of keys leads back");
  return {};
}

MergedPage merge_pages(const ReadQuery& query, std::span<const Page> pages) {
  const PageOrder before(query);
  const Entry* cut = find_cut(before, pages);
  std::vector<const Entry*> entries = unite(before, pages, cut);
  const std::size_t fits = fitting(limits_of(query), entries);
  MergedPage merged;
  merged.page.complete = cut == nullptr && fits == entries.size();
  entries.resize(fits);
  for (const Page& page : pages) merged.lacking.push_back(lacking_of(before, entries, page));
  merged.page.entries.reserve(fits);
  for (const Entry* entry : entries) merged.page.entries.push_back(*entry);
  return merged;
}

MergedKeys merge_keys(std::span<const KeysPage> pages) {
  MergedKeys merged;
  std::map<std::string, Listed> listed;
  for (const KeysPage& page : pages) {
    for (std::size_t i = 0; i < page.keys.size(); ++i) {
      listed[page.keys[i]].add(page.newest.empty() ? KeysPage::Newest{} : page.newest[i]);
    }
    if (!page.next_after) continue;
    if (!merged.next_after || *page.next_after < *merged.next_after) {
      merged.next_after = page.next_after;
    }
  }
  for (const auto& [key, one] : listed) {
    if (merged.next_after && key > *merged.next_after) break;
    merged.keys.push_back({key, one.agreed && one.pages == pages.size(), one.newest.removes});
  }
  return merged;
}

MergedKeys join_keys(const KeysQuery& query, std::span<const MergedKeys> parts) {
  MergedKeys joined;
  std::map<std::string, const MergedKeys::Key*> listed;
  for (const MergedKeys& part : parts) {
    for (const MergedKeys::Key& key : part.keys) listed.emplace(key.key, &key);
    if (!part.next_after) continue;
    if (!joined.next_after || *part.next_after < *joined.next_after) {
      joined.next_after = part.next_after;
    }
  }
  std::size_t bytes = 0;
  for (const auto& [key, merged] : listed) {
    if (joined.next_after && key > *joined.next_after) break;
    bytes += key.size();
    const bool fits = joined.keys.size() < query.max_keys && bytes <= query.max_bytes;
    if (!joined.keys.empty() && !fits) {
      joined.next_after = joined.keys.back().key;
      break;
    }
    joined.keys.push_back(*merged);
  }
  return joined;
}

}  // namespace kipu::worker

// Merging the results of several replicas for one query, by union. Pure functions.
//
//  1. Before the cut nothing is missing that any of the results has.
//  2. The cut is at the earliest end of any incomplete result: past it some replica has not spoken.
//  3. A merged result that is incomplete names where to go on, and gets on.
//
// Thread rule: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/query.h"
#include "base/result.h"

namespace kipu::worker {

// `malformed`, or what validate() says of an entry, unless `page` can be an answer to `query`:
// entries of its range and in its order, within its limits, and one at least if it is incomplete.
// What a peer sent is checked so before it is merged with anything.
[[nodiscard]] Status check_page(const ReadQuery& query, const Page& page);
[[nodiscard]] Status check_keys(const KeysQuery& query, const KeysPage& page);

struct MergedPage {
  Page page;
  // For each of the pages that were merged, which of the merged entries it lacks.
  std::vector<std::vector<Entry>> lacking;
};

// The union of `pages`, within the limits of `query`, which is a PageQuery or a ScanQuery.
// REQUIRES: check_page() of each; the pages are of one query.
[[nodiscard]] MergedPage merge_pages(const ReadQuery& query, std::span<const Page> pages);

struct MergedKeys {
  struct Key {
    std::string key;
    bool everywhere = false;  // each of the pages lists it, with the same newest entry
    bool removed = false;     // by that newest entry, if so
    friend bool operator==(const Key&, const Key&) = default;
  };
  std::vector<Key> keys;
  std::optional<std::string> next_after;
};

// The union of `pages`, in byte order, up to the cut. REQUIRES: check_keys() of each.
[[nodiscard]] MergedKeys merge_keys(std::span<const KeysPage> pages);

// Puts together what was merged for disjoint sets of partitions, within the limits of `query`.
[[nodiscard]] MergedKeys join_keys(const KeysQuery& query, std::span<const MergedKeys> parts);

}  // namespace kipu::worker

#include "client/machine_verify.h"

#include <algorithm>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "base/entry.h"
#include "cluster/map.h"

namespace kipu::client {
namespace {

auto corrupt(const std::string& what) {
  return fail(ErrorCode::corrupt, "a worker answered with " + what);
}

Status check_paging(const Page& page, std::uint32_t max_entries) {
  if (page.entries.size() > std::max(max_entries, std::uint32_t{1})) {
    return fail(ErrorCode::malformed,
                fmt::format("a worker answered with {} entries where at most {} were asked for",
                            page.entries.size(), max_entries));
  }
  if (page.entries.empty() && !page.complete) {
    return fail(ErrorCode::malformed, "a worker answered with an empty page that is not the last");
  }
  return {};
}

Status check_entry(const Entry& entry, const std::string& bucket) {
  if (const Status valid = validate(entry); !valid) {
    return corrupt(fmt::format("an entry that is not what was written ({}: {}), stamp {}",
                               error_name(valid.error().code), valid.error().message,
                               entry.stamp.to_string()));
  }
  if (entry.bucket != bucket) return corrupt("an entry of another bucket than " + bucket);
  return {};
}

bool is_within(const PageQuery& query, StampTime time) {
  return (!query.since || time >= *query.since) && (!query.until || time < *query.until);
}

bool follows(const EntryId& before, const EntryId& id, bool reverse) {
  return reverse ? id < before : id > before;
}

}  // namespace

Status verify(const PageQuery& query, const Page& page) {
  if (Status paging = check_paging(page, query.max_entries); !paging) return paging;
  const EntryId start = query.after.value_or(EntryId{});
  const EntryId* before = query.after ? &start : nullptr;
  EntryId last;
  for (const Entry& entry : page.entries) {
    if (Status valid = check_entry(entry, query.bucket); !valid) return valid;
    if (entry.key != query.key) return corrupt("an entry of another key");
    if (!is_within(query, entry.stamp.time)) return corrupt("an entry of another time");
    if (before != nullptr && !follows(*before, entry.id(), query.reverse)) {
      return corrupt("entries out of order");
    }
    last = entry.id();
    before = &last;
  }
  return {};
}

Status verify(const ScanQuery& query, const Page& page, std::uint32_t partitions) {
  if (Status paging = check_paging(page, query.max_entries); !paging) return paging;
  ScanQuery::Position before = query.after.value_or(ScanQuery::Position{});
  for (const Entry& entry : page.entries) {
    if (Status valid = check_entry(entry, query.bucket); !valid) return valid;
    if (cluster::partition_of(entry.bucket, entry.key, partitions) != query.partition) {
      return corrupt("an entry of another partition");
    }
    if (!entry.key.starts_with(query.prefix)) return corrupt("a key without the prefix");
    const EntryId id = entry.id();
    if (std::tie(entry.key, id) <= std::tie(before.key, before.id)) {
      return corrupt("entries out of order");
    }
    before = {entry.key, id};
  }
  return {};
}

Status verify(const CountQuery& query, const Count& count) {
  const bool goes_back = count.next_after && query.after && *count.next_after <= *query.after;
  if (goes_back) {
    return fail(ErrorCode::malformed, "a worker's count goes on where it had begun");
  }
  return {};
}

Status verify(const KeysQuery& query, const KeysPage& page) {
  if (page.keys.size() > std::max(query.max_keys, std::uint32_t{1})) {
    return fail(ErrorCode::malformed,
                fmt::format("a worker answered with {} keys where at most {} were asked for",
                            page.keys.size(), query.max_keys));
  }
  const std::string* before = query.after ? &*query.after : nullptr;
  for (const std::string& key : page.keys) {
    if (!key.starts_with(query.prefix)) return corrupt("a key without the prefix");
    if (key.empty() || (before != nullptr && key <= *before)) return corrupt("keys out of order");
    before = &key;
  }
  const bool stays = page.next_after && query.after && *page.next_after <= *query.after;
  const bool goes_back = page.next_after && before != nullptr && *page.next_after < *before;
  if (stays || goes_back) {
    return fail(ErrorCode::malformed, "a worker's page of keys goes on where it had begun");
  }
  return {};
}

}  // namespace kipu::client

// Entries and queries for tests: plain ones, and random ones (rapidcheck) that meet each other
// often.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <rapidcheck.h>

#include "base/query.h"
#include "storage/store.h"
#include "tests/storage/model.h"

namespace kipu::storage {

// A number as a key, such that the order of keys is that of numbers.
inline std::string number(std::uint64_t i) {
  return fmt::format("{:08}", i);
}

inline Stamp stamp_at(std::uint64_t time) {
  return Stamp{StampTime(time), 1};
}

// In bucket "b".
inline PlacedEntry entry_at(std::string key, std::uint64_t time,
                            std::initializer_list<std::string_view> values,
                            std::uint32_t partition = 0, EntryKind kind = EntryKind::append) {
  return {PartitionId{partition}, make_entry("b", std::move(key), stamp_at(time), kind, values)};
}

inline PageQuery page_of(std::string key) {
  PageQuery query;
  query.bucket = "b";
  query.key = std::move(key);
  return query;
}

inline CountQuery count_of(std::string key) {
  CountQuery query;
  query.bucket = "b";
  query.key = std::move(key);
  return query;
}

inline ScanQuery scan_all() {
  ScanQuery query;
  query.bucket = "b";
  return query;
}

inline KeysQuery keys_of(std::initializer_list<std::uint32_t> partitions) {
  KeysQuery query;
  query.bucket = "b";
  for (const std::uint32_t partition : partitions) query.partitions.push_back({partition});
  return query;
}

// Random things; only within rc::check().

// From 0 to `bound` less one.
inline std::size_t pick(std::size_t bound) {
  return *rc::gen::inRange<std::size_t>(0, bound);
}

inline PartitionId any_partition() {
  return {*rc::gen::element<std::uint32_t>(0, 1, 255, 256, 65'535)};
}

// Short, and of few bytes: many are prefixes of others, and differ at a NUL or a 0xFF.
inline std::string any_key(std::size_t least = 1) {
  std::string key(least + pick(4), '\0');
  for (char& byte : key) byte = *rc::gen::element('\0', '\x01', 'a', '\xfe', '\xff');
  return key;
}

inline StampTime any_time() {
  return StampTime(*rc::gen::element<std::uint64_t>(0, 1, 2, 3, 4, 255, 256, ~std::uint64_t{0}));
}

inline Values any_values() {
  Values values;
  for (std::size_t left = 1 + pick(3); left > 0; --left) {
    values.push_back(std::string(pick(40), static_cast<char>(pick(256))));
  }
  return values;
}

inline std::vector<PlacedEntry> any_entries(const std::string& bucket) {
  std::vector<PlacedEntry> entries;
  for (std::size_t left = pick(60); left > 0; --left) {
    const Stamp stamp{any_time(), pick(3)};
    Entry entry = make_entry(bucket, any_key(), stamp, EntryKind::append, any_values());
    if (pick(3) == 0) entry = make_entry(bucket, entry.key, stamp, EntryKind::remove, {});
    entries.push_back({any_partition(), std::move(entry)});
  }
  return entries;
}

inline std::uint32_t any_limit() {
  return *rc::gen::element<std::uint32_t>(0, 1, 2, 3, 5, 100, 1000, 1'000'000);
}

inline bool sometimes() {
  return pick(3) == 0;
}

// An entry of the model, or one like those if it has none.
inline PlacedEntry any_of(const std::string& bucket, const Model& model) {
  if (!model.entries().empty()) return model.entries()[pick(model.entries().size())];
  return {any_partition(), make_entry(bucket, any_key(), Stamp{}, EntryKind::remove, {})};
}

// An id, mostly one that the model has.
inline EntryId any_id(const std::string& bucket, const Model& model) {
  EntryId id = any_of(bucket, model).entry.id();
  if (sometimes()) id.digest.bits += pick(3) - 1;
  return id;
}

// Fills in what page and count queries have in common.
template <class Query>
Query any_query_of_key(const std::string& bucket, const Model& model) {
  const PlacedEntry entry = any_of(bucket, model);
  Query query;
  query.partition = entry.partition;
  query.bucket = bucket;
  query.key = entry.entry.key;
  query.max_entries = any_limit();
  if (sometimes()) query.since = any_time();
  if (sometimes()) query.until = any_time();
  if (sometimes()) query.after = any_id(bucket, model);
  return query;
}

inline PageQuery any_page_query(const std::string& bucket, const Model& model) {
  auto query = any_query_of_key<PageQuery>(bucket, model);
  query.reverse = pick(2) == 0;
  query.max_bytes = any_limit();
  return query;
}

inline CountQuery any_count_query(const std::string& bucket, const Model& model) {
  return any_query_of_key<CountQuery>(bucket, model);
}

inline KeysQuery any_keys_query(const std::string& bucket, const Model& model) {
  KeysQuery query;
  for (const std::uint32_t partition : {0U, 1U, 255U, 256U, 65'535U}) {
    if (pick(4) != 0) query.partitions.push_back({partition});
  }
  query.bucket = bucket;
  if (sometimes()) query.prefix = any_key(0);
  if (sometimes()) query.after = sometimes() ? any_key(0) : any_of(bucket, model).entry.key;
  query.skip_removed = pick(2) == 0;
  query.with_newest = pick(2) == 0;
  query.max_keys = any_limit();
  query.max_bytes = any_limit();
  return query;
}

inline ScanQuery any_scan_query(const std::string& bucket, const Model& model) {
  const PlacedEntry entry = any_of(bucket, model);
  ScanQuery query;
  query.partition = entry.partition;
  query.bucket = bucket;
  if (sometimes()) query.prefix = any_key(0);
  if (sometimes()) query.after = ScanQuery::Position{entry.entry.key, any_id(bucket, model)};
  query.max_entries = any_limit();
  query.max_bytes = any_limit();
  return query;
}

}  // namespace kipu::storage

#include "client/listing.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "cluster/map.h"

namespace kipu::client {
namespace {

// What all lanes of a listing may hold in pages, about.
constexpr std::size_t kListingBytes = 4 * limits::kMaxPageBytes;
constexpr std::size_t kLeastPageBytes = std::size_t{16} * 1024;
constexpr std::uint32_t kPartitionsAhead = 32;

Status check(const KeysOptions& options) {
  if (options.page_keys == 0 || options.page_keys > limits::kMaxPageEntries) {
    return fail(ErrorCode::invalid_argument, "page_keys is out of range");
  }
  return check_read_level(options);
}

// Partitions by what they have in common: the first replica, and who the others are.
using Groups = std::map<schema::Replicas, std::vector<PartitionId>>;
Groups groups_of(const schema::ClusterMap& map) {
  Groups groups;
  for (std::uint32_t number = 0; number < map.placement.size(); ++number) {
    schema::Replicas replicas = map.placement[number];
    std::sort(replicas.begin() + 1, replicas.end());
    groups[std::move(replicas)].push_back(PartitionId{number});
  }
  return groups;
}

}  // namespace

KeySource::KeySource(std::shared_ptr<Loop> loop, KeysOptions options)
    : loop_(std::move(loop)), options_(std::move(options)) {}

std::optional<Result<std::string>> KeySource::next() {
  if (ended_) return std::nullopt;
  if (!begun_) {
    begun_ = true;
    if (auto begun = begin(); !begun) return end_with(std::move(begun).error());
  }
  const auto later = [this](std::size_t a, std::size_t b) {
    return lanes_[a].key() > lanes_[b].key();
  };
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const std::size_t least = heap_.back();
    heap_.pop_back();
    Lane& lane = lanes_[least];
    std::string key = std::move(lane.keys[lane.at++]);
    if (lane.at > 1) ask_ahead(lane);  // its page was more than a first look
    if (auto pushed = push(least); !pushed) return end_with(std::move(pushed).error());
    if (last_ == key) continue;  // listed by two workers
    last_ = key;
    return key;
  }
  ended_ = true;
  return std::nullopt;
}

std::optional<Result<std::string>> KeySource::end_with(Error error) {
  ended_ = true;
  lanes_.clear();
  heap_.clear();
  return fail(std::move(error));
}

Status KeySource::begin() {
  if (auto valid = check(options_); !valid) return valid;
  const auto map = fetch_map(*loop_, options_);
  if (!map) return fail(map.error());
  const auto bucket = find_bucket(*loop_, options_);
  if (!bucket) return fail(bucket.error());
  make_lanes(**map, *bucket);
  for (Lane& lane : lanes_) ask_ahead(lane);
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
    if (auto pushed = push(lane); !pushed) return pushed;
  }
  return {};
}

void KeySource::make_lanes(const schema::ClusterMap& map, const Bucket& bucket) {
  Groups groups = groups_of(map);
  for (auto& [replicas, partitions] : groups) {
    Lane lane;
    lane.worker = replicas.front();
    lane.partitions = std::move(partitions);
    lane.query.bucket = options_.bucket;
    lane.query.prefix = options_.prefix;
    lane.query.after = options_.after;
    lane.query.skip_removed = bucket.mode == BucketMode::wmrm;
    lane.query.max_keys = options_.page_keys;
    lane.query.max_bytes = static_cast<std::uint32_t>(
        std::clamp(kListingBytes / groups.size(), kLeastPageBytes, limits::kMaxPageBytes));
    lane.query.level = options_.level;
    lanes_.push_back(std::move(lane));
  }
}

void KeySource::ask_ahead(Lane& lane) {
  if (lane.complete || lane.ticket) return;
  lane.ticket = std::make_unique<Ticket>(*loop_, KeysCall{lane.worker, lane.query, lane.partitions},
                                         options_);
}

// Replaces the page that was walked by the next one.
Status KeySource::load(Lane& lane) {
  ask_ahead(lane);
  auto page = unwrap<KeysPage>(lane.ticket->wait());
  lane.ticket.reset();
  if (!page) {
    Error error = std::move(page).error();
    error.message = fmt::format("listing the keys of the partitions of {}: {}",
                                lane.worker.to_string(), error.message);
    return fail(std::move(error));
  }
  lane.keys = std::move(page->keys);
  lane.at = 0;
  lane.complete = !page->next_after;
  lane.query.after = std::move(page->next_after);
  return {};
}

// Puts a lane back into the heap, if it has a key.
Status KeySource::push(std::size_t index) {
  Lane& lane = lanes_[index];
  while (lane.at == lane.keys.size()) {
    if (lane.complete) return {};
    if (auto loaded = load(lane); !loaded) return loaded;
  }
  heap_.push_back(index);
  std::push_heap(heap_.begin(), heap_.end(), [this](std::size_t a, std::size_t b) {
    return lanes_[a].key() > lanes_[b].key();
  });
  return {};
}

EntrySource::EntrySource(std::shared_ptr<Loop> loop, KeysOptions options)
    : loop_(std::move(loop)), options_(std::move(options)) {}

std::optional<Result<Entry>> EntrySource::next() {
  if (ended_) return std::nullopt;
  if (!begun_) {
    begun_ = true;
    if (auto begun = begin(); !begun) return end_with(std::move(begun).error());
  }
  while (at_ == entries_.size()) {
    if (lanes_.empty()) {
      ended_ = true;
      return std::nullopt;
    }
    Lane& lane = lanes_.front();
    auto page = lane.pages.next();
    if (!page) {
      lanes_.pop_front();
      ask_ahead();
      continue;
    }
    if (!*page) {
      Error error = std::move(*page).error();
      error.message = fmt::format("partition {} of bucket \"{}\": {}", lane.partition.number,
                                  options_.bucket, error.message);
      return end_with(std::move(error));
    }
    lane.pages.ask_ahead();
    entries_ = std::move((*page)->entries);
    at_ = 0;
  }
  return std::move(entries_[at_++]);
}

std::optional<Result<Entry>> EntrySource::end_with(Error error) {
  ended_ = true;
  lanes_.clear();
  return fail(std::move(error));
}

Status EntrySource::begin() {
  if (auto valid = check(options_); !valid) return valid;
  const auto map = fetch_map(*loop_, options_);
  if (!map) return fail(map.error());
  if (auto bucket = find_bucket(*loop_, options_); !bucket) return fail(std::move(bucket).error());
  partitions_ = static_cast<std::uint32_t>((*map)->placement.size());
  ask_ahead();
  return {};
}

void EntrySource::ask_ahead() {
  while (lanes_.size() < kPartitionsAhead && next_partition_ < partitions_) {
    ScanQuery query;
    query.partition = PartitionId{next_partition_++};
    query.bucket = options_.bucket;
    query.prefix = options_.prefix;
    if (options_.after) {
      // After every entry of that key.
      const EntryId last{{StampTime::last(), UINT64_MAX}, {UINT64_MAX}};
      query.after = ScanQuery::Position{*options_.after, last};
    }
    query.max_entries = options_.page_keys;
    query.max_bytes = static_cast<std::uint32_t>(kListingBytes / kPartitionsAhead);
    query.level = options_.level;
    lanes_.push_back({query.partition, Pages<ScanCall>(*loop_, options_, ScanCall{query})});
    lanes_.back().pages.ask_ahead();
  }
}

}  // namespace kipu::client

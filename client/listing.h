// The keys and the entries of a bucket, out of many pages: what Client::keys and Client::entries
// walk.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/query.h"
#include "client/pages.h"
#include "kipu/client.h"

namespace kipu::client {

// Keys in byte order: each worker merges partitions that it is a replica of, and this merges the
// workers. The partitions of a lane never change, since its cursor counts for all of them; which of
// their replicas is asked may change with each page.
class KeySource {
 public:
  KeySource(std::shared_ptr<Loop> loop, KeysOptions options);
  // The next key, the error that ended the walk, or nothing at its end.
  std::optional<Result<std::string>> next();

 private:
  // What one worker lists.
  struct Lane {
    WorkerId worker;  // the first replica
    std::vector<PartitionId> partitions;
    KeysQuery query;  // of the page to come
    std::unique_ptr<Ticket> ticket;
    std::vector<std::string> keys;  // the page being walked
    std::size_t at = 0;
    bool complete = false;  // no page follows
    const std::string& key() const { return keys[at]; }
  };

  Status begin();
  void make_lanes(const schema::ClusterMap& map, const Bucket& bucket);
  void ask_ahead(Lane& lane);
  Status load(Lane& lane);
  Status push(std::size_t lane);
  std::optional<Result<std::string>> end_with(Error error);

  const std::shared_ptr<Loop> loop_;
  const KeysOptions options_;
  bool begun_ = false;
  bool ended_ = false;
  std::vector<Lane> lanes_;
  std::vector<std::size_t> heap_;  // lanes that have a key, the least on top
  std::optional<std::string> last_;
};

// Entries partition by partition. Some partitions are asked ahead, so that a bucket of many small
// ones is not read at one round trip each.
class EntrySource {
 public:
  EntrySource(std::shared_ptr<Loop> loop, KeysOptions options);
  // The next entry, the error that ended the walk, or nothing at its end.
  std::optional<Result<Entry>> next();

 private:
  struct Lane {
    PartitionId partition;
    Pages<ScanCall> pages;
  };

  Status begin();
  void ask_ahead();
  std::optional<Result<Entry>> end_with(Error error);

  const std::shared_ptr<Loop> loop_;
  const KeysOptions options_;
  bool begun_ = false;
  bool ended_ = false;
  std::uint32_t partitions_ = 0;
  std::uint32_t next_partition_ = 0;  // to be asked
  std::deque<Lane> lanes_;            // the first is being walked
  std::vector<Entry> entries_;        // its page
  std::size_t at_ = 0;
};

}  // namespace kipu::client

// Reads the keys of a graph as they are stored, entry by entry.
//
// Thread rule: any number of threads at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "examples/callgraph/graph/history.h"
#include "examples/callgraph/graph/records.h"
#include "kipu/client.h"

namespace callgraph {

struct StoredEntry {
  kipu::Stamp stamp;
  std::vector<std::string> values;
};

class Reading {
 public:
  Reading(kipu::Client& client, std::string bucket)
      : client_(&client), bucket_(std::move(bucket)) {}

  // `corrupt` below: a value that no callgraph wrote; the message names the key.
  [[nodiscard]] kipu::Result<std::vector<StoredEntry>> entries(const std::string& key) const;
  [[nodiscard]] kipu::Result<FileHistory> history(const std::string& path) const;
  // Of every file that ever was, sorted.
  [[nodiscard]] kipu::Result<std::vector<std::string>> paths() const;

  kipu::Client& client() const { return *client_; }
  const std::string& bucket() const { return bucket_; }

 private:
  kipu::Client* client_;
  std::string bucket_;
};

// `corrupt`, of a value under `key`.
[[nodiscard]] kipu::Error not_ours(std::string_view key);

// What calls of a graph take: patience for pages that wait behind an indexer's commits.
template <class Options>
Options patient(const std::string& bucket) {
  Options options;
  options.bucket = bucket;
  options.timeout = std::chrono::seconds(30);
  return options;
}

}  // namespace callgraph

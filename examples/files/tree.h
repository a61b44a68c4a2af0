// Lists of chunks of any length in bounded memory: a list that grows too long for one value goes
// into chunks of its own, whose list may again, and so on.
//
// Lists are cut where the id of a chunk says so, as files are cut by their bytes: two versions of a
// large file share the lists of what they share.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "examples/files/manifest.h"

namespace files {

// How many refs a version holds itself: some 20 KiB.
inline constexpr std::size_t kMaxOwnRefs = 512;

class TreeBuilder {
 public:
  // Sees to it that a chunk of these bytes is stored; the list is complete once all are.
  using StoreList = std::function<kipu::Status(const Sum& id, std::string bytes)>;

  explicit TreeBuilder(StoreList store) : store_(std::move(store)) {}

  // The next bytes of the file. Holes side by side become one.
  kipu::Status add(const Ref& ref) { return add(ref, 0); }
  // Once, at the end: the refs for the version, at most kMaxOwnRefs.
  [[nodiscard]] kipu::Result<std::vector<Ref>> finish();

 private:
  kipu::Status add(const Ref& ref, std::size_t level);
  kipu::Status close(std::size_t level);

  StoreList store_;
  std::vector<std::vector<Ref>> levels_;  // of each, the list that is being filled
};

class TreeWalker {
 public:
  // The verified bytes of a chunk.
  using Fetch = std::function<kipu::Result<std::string>(const Ref&)>;

  TreeWalker(std::vector<Ref> refs, Fetch fetch);

  // The next data or hole, nothing at the end, or the error that ends the walk.
  [[nodiscard]] kipu::Result<std::optional<Ref>> next();

 private:
  struct Level {
    std::vector<Ref> refs;
    std::size_t at = 0;
  };
  kipu::Status descend(const Ref& list);

  Fetch fetch_;
  std::vector<Level> levels_;
};

}  // namespace files

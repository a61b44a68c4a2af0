// Chunks on their way into the store: named, looked up, compressed and sent if need be.
//
// Thread rule: any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "examples/files/pool.h"
#include "examples/files/progress.h"
#include "examples/files/store.h"

namespace files {

// A chunk that is stored.
struct Sent {
  Sum id{};
  std::uint64_t stored_bytes = 0;  // of its frame, if it was not there before
  bool is_new = false;
};

// INVARIANT: of equal chunks, at most one is looked up and sent at a time; the others wait for what
// becomes of it, without their bytes.
class ChunkSender {
 public:
  using Done = std::function<void(kipu::Result<Sent>)>;

  // With `verify`, a chunk that is there is read, and sent again if it is lost or altered. All of
  // these outlive the sender, and the pool goes first.
  ChunkSender(FileStore& store, Pool& pool, Budget& budget, Progress& progress, bool verify)
      : store_(store), pool_(pool), budget_(budget), progress_(progress), verify_(verify) {}

  // Waits for room, then sees to it that a chunk of these bytes is stored. `done` is called once,
  // on another thread, and must not block.
  void submit(std::string content, RefKind kind, Done done);

 private:
  void process(const std::string& content, RefKind kind, Done done);
  bool must_wait(const Sum& id, Done& done);
  [[nodiscard]] kipu::Result<bool> is_stored(const Ref& ref);
  void send(const Sum& id, std::string_view content);
  void finish(const Sum& id, const kipu::Result<Sent>& sent);

  FileStore& store_;
  Pool& pool_;
  Budget& budget_;
  Progress& progress_;
  const bool verify_;
  std::mutex mutex_;                            // guards under_way_
  std::map<Sum, std::vector<Done>> under_way_;  // who waits for each chunk
};

}  // namespace files

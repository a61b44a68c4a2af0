// Chunks on their way into the store: named, looked up, compressed and sent if need be.
//
// Thread rule: any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "examples/files/pool.h"
#include "examples/files/progress.h"
#include "examples/files/questions.h"
#include "examples/files/store.h"

namespace files {

// A chunk that is stored.
struct Sent {
  Sum id{};
  bool sent = false;        // it was not known to be there
  std::uint64_t bytes = 0;  // that were sent: of its frame
};

// INVARIANT: of equal chunks, at most one is looked up and sent at a time; the others wait for what
// becomes of it, without their bytes.
class ChunkSender {
 public:
  using Done = std::function<void(kipu::Result<Sent>)>;
  struct Limits {
    std::size_t threads;
    std::size_t bytes;  // of chunks that are held at once
  };

  // With `verify`, a chunk that is there is read, and sent again if it is lost or altered. All of
  // these outlive the sender.
  ChunkSender(FileStore& store, Progress& progress, Limits limits, bool verify)
      : store_(store),
        progress_(progress),
        verify_(verify),
        bytes_(limits.bytes),
        budget_(limits.bytes),
        pool_(limits.threads) {}
  // REQUIRES: whatever was submitted is done.
  ~ChunkSender();
  ChunkSender(const ChunkSender&) = delete;
  ChunkSender& operator=(const ChunkSender&) = delete;

  // Waits for room, then sees to it that a chunk of these bytes is stored. `done` is called once,
  // on another thread, and must not block.
  void submit(std::string content, RefKind kind, Done done);

 private:
  class Chunk;
  using ChunkHandle = std::shared_ptr<const Chunk>;

  bool must_wait(const Sum& id, Done done);
  void look_up(ChunkHandle chunk);
  void ask(ChunkHandle chunk);
  void on_answer(ChunkHandle chunk, const kipu::Result<bool>& there);
  void look_up_waiting();
  void check(const Chunk& chunk);
  void send(const Chunk& chunk);
  void finish(const Sum& id, const kipu::Result<Sent>& sent);

  FileStore& store_;
  Progress& progress_;
  const bool verify_;
  const std::size_t bytes_;
  Budget budget_;
  std::mutex mutex_;                            // guards these three
  std::map<Sum, std::vector<Done>> under_way_;  // who waits for each chunk
  Questions questions_;
  std::deque<ChunkHandle> waiting_;  // until one of the questions is answered
  Pool pool_;                        // goes first
};

}  // namespace files

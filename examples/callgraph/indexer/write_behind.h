// Writes what units say into a graph from a thread of its own, so that others are read meanwhile.
//
// Units that wait are written together: their facts travel at once, and one wait for the disk
// counts for all. What comes of it is as if each were written alone, in the order in which they
// came.
//
// Thread rule: any number of threads at once; the destructor when they are done.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "examples/callgraph/indexer/graph_port.h"

namespace callgraph {

class WriteBehind {
 public:
  // Called on the writing thread, in the order of add(). After an error some changes of the unit
  // may have been made, as GraphWriter::apply says.
  using Done = std::function<void(const kipu::Status&)>;

  // While units with so many facts wait, add() does.
  static constexpr std::size_t kWaitingFacts = 100'000;

  // The graph outlives it. It writes at most `most_facts` together, but always a whole unit.
  explicit WriteBehind(GraphPort& graph, std::size_t most_facts = kWaitingFacts);
  // Writes what waits.
  ~WriteBehind() { finish(); }
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;

  // What one unit says. One path may stand in it once.
  void add(std::vector<Change> changes, Done done);
  // Until all is written. Nothing may be added afterwards.
  void finish();

 private:
  struct Waiting {
    std::vector<Change> changes;
    Done done;
    std::size_t facts = 0;
  };
  // What is written together, each path once.
  struct Group {
    std::vector<Change> changes;
    std::vector<Done> done;
  };

  void run();
  Group take_group();

  GraphPort& graph_;
  const std::size_t most_facts_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_facts_ = 0;
  bool finished_ = false;

  std::jthread thread_;
};

}  // namespace callgraph

// A network of this process's own: a bridge, and workers in network namespaces beside it, whose
// links are cut by nftables. All of it vanishes with the processes. Needs root.
//
// Thread rule: the main thread, before it has started any other.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tests/process/faults/cluster.h"
#include "tests/support/process.h"

namespace kipu::test {

// Which packets of a worker are dropped.
enum class Cut { both_ways, incoming, outgoing };

class Network {
 public:
  // Whether this user may make one, and nft and ip are there.
  static bool is_possible();

  // From now on this process, and whom it starts, is in the network. Throws std::runtime_error.
  explicit Network(std::size_t workers);

  // Where the broker runs, and the clients: in the namespace of this process.
  Site broker() const { return {"10.77.0.254", {}}; }
  Site worker(std::size_t index) const;

  void cut(std::size_t worker, Cut which) const;
  void heal(std::size_t worker) const;

 private:
  void add_worker(std::size_t index);
  std::vector<std::string> within(std::size_t worker, std::vector<std::string> command) const;

  std::vector<std::unique_ptr<Process>> holders_;  // a process that is in each namespace
};

}  // namespace kipu::test

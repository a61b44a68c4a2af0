// That what a worker holds stays within what its configuration says (I7), as far as can be seen
// from the outside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/ids.h"
#include "base/position.h"
#include "base/status.h"
#include "tests/sim/checkers/verdict.h"

namespace kipu::sim {

// What a worker may hold at most.
struct Bounds {
  std::size_t reads = 0;         // under way
  std::size_t commit_bytes = 0;  // in one commit
  std::size_t pending_bytes = 0;
  std::size_t window_bytes = 0;  // published to one reader, and not acknowledged
};

class BoundsModel {
 public:
  BoundsModel(Verdict& verdict, const Bounds& bounds) : verdict_(verdict), bounds_(bounds) {}

  void on_read_begun(const std::string& worker);
  void on_read_ended(const std::string& worker);
  void on_commit(const std::string& worker, std::size_t bytes);
  void on_health(const std::string& worker, const WorkerHealth& health);
  // Published to a reader, and acknowledged by it.
  void on_published(const std::string& worker, StoreId to, Position position, std::size_t bytes);
  void on_acknowledged(const std::string& worker, StoreId by, Position cursor);
  void on_start(const std::string& worker);

 private:
  struct Sent {
    Position position;
    std::size_t bytes = 0;
  };
  struct Reader {
    std::vector<Sent> sent;
    std::size_t bytes = 0;
  };

  Verdict& verdict_;
  const Bounds bounds_;
  std::map<std::string, std::size_t> reads_;
  std::map<std::pair<std::string, StoreId>, Reader> readers_;
};

}  // namespace kipu::sim

#include "tests/sim/checkers/bounds.h"

#include <algorithm>

#include <fmt/format.h>

namespace kipu::sim {
namespace {
// Requests and bundles are taken whole: the last one taken may go so far past a bound.
constexpr std::size_t kOneMessage = std::size_t{2} * 1024 * 1024;
}  // namespace

void BoundsModel::on_read_begun(const std::string& worker) {
  if (++reads_[worker] > bounds_.reads) {
    verdict_.fail("I7", fmt::format("{} has {} reads under way, of at most {}", worker,
                                    reads_[worker], bounds_.reads));
  }
}

void BoundsModel::on_read_ended(const std::string& worker) {
  --reads_[worker];
}

void BoundsModel::on_commit(const std::string& worker, std::size_t bytes) {
  if (bytes > bounds_.commit_bytes + kOneMessage) {
    verdict_.fail("I7", fmt::format("{} commits {} bytes at once, of at most {}", worker, bytes,
                                    bounds_.commit_bytes));
  }
}

void BoundsModel::on_health(const std::string& worker, const WorkerHealth& health) {
  if (health.pending_bytes > bounds_.pending_bytes + kOneMessage) {
    verdict_.fail("I7", fmt::format("{} has {} bytes to commit, of at most {}", worker,
                                    health.pending_bytes, bounds_.pending_bytes));
  }
}

void BoundsModel::on_published(const std::string& worker, StoreId to, Position position,
                               std::size_t bytes) {
  Reader& reader = readers_[{worker, to}];
  if (reader.bytes > bounds_.window_bytes) {
    verdict_.fail("I7", fmt::format("{} publishes past {} bytes that are not acknowledged", worker,
                                    reader.bytes));
  }
  reader.sent.push_back({position, bytes});
  reader.bytes += bytes;
}

void BoundsModel::on_acknowledged(const std::string& worker, StoreId by, Position cursor) {
  Reader& reader = readers_[{worker, by}];
  const auto covered = [&](const Sent& sent) {
    return sent.position.run == cursor.run && sent.position.counter <= cursor.counter;
  };
  for (const Sent& sent : reader.sent) reader.bytes -= covered(sent) ? sent.bytes : 0;
  std::erase_if(reader.sent, covered);
}

void BoundsModel::on_start(const std::string& worker) {
  reads_[worker] = 0;
  std::erase_if(readers_, [&](const auto& reader) { return reader.first.first == worker; });
}

}  // namespace kipu::sim

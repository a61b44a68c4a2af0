// Requests that were forwarded to workers and have not been answered.
//
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "schema/messages.h"

namespace kipu::broker {

struct Forwarded {
  PeerId client;
  std::uint64_t client_request = 0;  // the client's id for it
  StoreId worker;
  schema::MessageKind kind = schema::MessageKind::append;
  Instant deadline;
  std::size_t bytes = 0;
};

class InFlight {
 public:
  InFlight(std::size_t most_requests, std::size_t most_bytes)
      : most_requests_(most_requests), most_bytes_(most_bytes) {}

  bool empty() const { return requests_.empty(); }
  bool has_room_for(std::size_t bytes) const {
    return requests_.size() < most_requests_ && bytes <= most_bytes_ - bytes_;
  }
  // REQUIRES: has_room_for(request.bytes), and `id` greater than all before.
  void add(std::uint64_t id, Forwarded request);

  // Null if there is none.
  const Forwarded* find(std::uint64_t id) const;
  // Removes and returns the request. REQUIRES: find(id).
  Forwarded take(std::uint64_t id);
  // Removes and returns all at `worker`, or all whose deadline is not after `now`, oldest first.
  std::vector<Forwarded> take_all_at(const StoreId& worker);
  std::vector<Forwarded> take_expired(Instant now);

  std::uint32_t count_at(const StoreId& worker) const;
  // never() if there is none.
  Instant first_deadline() const;

 private:
  const std::size_t most_requests_;
  const std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::map<std::uint64_t, Forwarded> requests_;
  std::set<std::pair<Instant, std::uint64_t>> deadlines_;
  std::map<StoreId, std::uint32_t> counts_;
};

}  // namespace kipu::broker

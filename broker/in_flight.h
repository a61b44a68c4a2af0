// Requests that were forwarded to workers and have not been answered. No client can have all the
// room: it is given more only while at least as much as it has is free (dynamic thresholds of
// shared buffers, Choudhury and Hahne 1998), so that a table that one fills is half empty.
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
  // For one more request of that client, of so many bytes.
  bool has_room_for(const PeerId& client, std::size_t bytes) const;
  // REQUIRES: has_room_for(request.client, request.bytes), and `id` greater than all before.
  void add(std::uint64_t id, Forwarded request);

  // Null if there is none.
  const Forwarded* find(std::uint64_t id) const;
  // Removes and returns the request. REQUIRES: find(id).
  Forwarded take(std::uint64_t id);
  // Removes and returns all at `worker`, or all whose deadline is not after `now`, oldest first.
  std::vector<Forwarded> take_all_at(const StoreId& worker);
  std::vector<Forwarded> take_expired(Instant now);
  // Forgets all of a client that is gone.
  void forget(const PeerId& client);

  std::size_t size() const { return requests_.size(); }
  std::size_t bytes() const { return bytes_; }
  // The most that one client has.
  std::size_t most_of_one() const;
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
  struct Load {
    std::size_t requests = 0;
    std::size_t bytes = 0;
  };
  std::map<PeerId, Load> clients_;
};

}  // namespace kipu::broker

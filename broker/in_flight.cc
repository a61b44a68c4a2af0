#include "broker/in_flight.h"

#include <algorithm>

#include "base/check.h"

namespace kipu::broker {

bool InFlight::has_room_for(const PeerId& client, std::size_t bytes) const {
  const std::size_t free_requests = most_requests_ - requests_.size();
  const std::size_t free_bytes = most_bytes_ - bytes_;
  if (free_requests == 0 || bytes > free_bytes) return false;
  const auto at = clients_.find(client);
  if (at == clients_.end()) return true;
  const Load& own = at->second;
  return own.requests <= free_requests && own.bytes <= free_bytes - bytes;
}

void InFlight::add(std::uint64_t id, Forwarded request) {
  KIPU_CHECK(has_room_for(request.client, request.bytes));
  Load& own = clients_[request.client];
  ++own.requests;
  own.bytes += request.bytes;
  bytes_ += request.bytes;
  ++counts_[request.worker];
  deadlines_.emplace(request.deadline, id);
  const auto at = requests_.emplace_hint(requests_.end(), id, std::move(request));
  KIPU_CHECK(std::next(at) == requests_.end());
}

const Forwarded* InFlight::find(std::uint64_t id) const {
  const auto at = requests_.find(id);
  return at == requests_.end() ? nullptr : &at->second;
}

Forwarded InFlight::take(std::uint64_t id) {
  const auto at = requests_.find(id);
  KIPU_CHECK(at != requests_.end());
  Forwarded request = std::move(at->second);
  requests_.erase(at);
  deadlines_.erase({request.deadline, id});
  KIPU_CHECK_OP(bytes_, >=, request.bytes);
  bytes_ -= request.bytes;
  const auto count = counts_.find(request.worker);
  if (--count->second == 0) counts_.erase(count);
  const auto own = clients_.find(request.client);
  own->second.bytes -= request.bytes;
  if (--own->second.requests == 0) clients_.erase(own);
  return request;
}

std::vector<Forwarded> InFlight::take_all_at(const StoreId& worker) {
  std::vector<std::uint64_t> ids;
  if (count_at(worker) == 0) return {};
  for (const auto& [id, request] : requests_) {
    if (request.worker == worker) ids.push_back(id);
  }
  std::vector<Forwarded> taken;
  taken.reserve(ids.size());
  for (const std::uint64_t id : ids) taken.push_back(take(id));
  return taken;
}

std::vector<Forwarded> InFlight::take_expired(Instant now) {
  std::vector<Forwarded> taken;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    taken.push_back(take(deadlines_.begin()->second));
  }
  return taken;
}

void InFlight::forget(const PeerId& client) {
  if (!clients_.contains(client)) return;
  std::vector<std::uint64_t> ids;
  for (const auto& [id, request] : requests_) {
    if (request.client == client) ids.push_back(id);
  }
  for (const std::uint64_t id : ids) take(id);
}

std::size_t InFlight::most_of_one() const {
  std::size_t most = 0;
  for (const auto& [client, load] : clients_) most = std::max(most, load.requests);
  return most;
}

std::uint32_t InFlight::count_at(const StoreId& worker) const {
  const auto at = counts_.find(worker);
  return at == counts_.end() ? 0 : at->second;
}

Instant InFlight::first_deadline() const {
  return deadlines_.empty() ? Instant::never() : deadlines_.begin()->first;
}

}  // namespace kipu::broker

#include "client/cli/shown_store.h"

#include <nlohmann/json.hpp>

namespace kipu::cli {
namespace {

using nlohmann::json;

Uuid id_of(const json& object, const char* name) {
  return Uuid::parse(object.at(name).get<std::string>()).value_or(Uuid{});
}

ShownStore read(const json& object) {
  ShownStore shown;
  shown.store = StoreId{id_of(object, "store")};
  shown.cluster = ClusterId{id_of(object, "cluster")};
  shown.filled = object.at("whole") != "none" && object.at("not_whole").get<std::uint64_t>() == 0;
  shown.damage = object.at("damage").get<std::string>();
  shown.map = {object.at("generation").get<std::uint64_t>(),
               object.at("nonce").get<std::uint64_t>(), object.at("epoch").get<std::uint64_t>()};
  shown.partitions = object.at("partitions").get<std::uint32_t>();
  shown.replicas = object.at("replicas").get<std::uint32_t>();
  for (const json& worker : object.at("workers")) {
    shown.workers.push_back({worker.at("id").get<std::string>(), StoreId{id_of(worker, "store")}});
  }
  return shown;
}

}  // namespace

std::string ShownStore::worker_of(StoreId of) const {
  for (const Place& place : workers) {
    if (place.store == of) return place.worker;
  }
  return {};
}

StoreId ShownStore::store_of(std::string_view worker) const {
  for (const Place& place : workers) {
    if (place.worker == worker) return place.store;
  }
  return {};
}

Result<ShownStore> parse_shown_store(std::string_view text) {
  const auto other = [] {
    return fail(ErrorCode::malformed, "this is not what `kipu-worker show` prints");
  };
  try {
    ShownStore shown = read(json::parse(text));
    if (shown.store.is_none()) return other();
    return shown;
  } catch (const json::exception&) {
    return other();
  }
}

}  // namespace kipu::cli

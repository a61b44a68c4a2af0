#include "storage/store.h"

#include <utility>
#include <variant>

#include <fmt/format.h>

namespace kipu::storage {
namespace {

template <class T>
Result<ReadResult> as_result(Result<T> read) {
  if (!read) return fail(std::move(read.error()));
  return ReadResult(std::move(*read));
}

struct Reader {
  const Store& store;

  Result<ReadResult> operator()(const PageQuery& query) const {
    return as_result(store.page(query));
  }
  Result<ReadResult> operator()(const CountQuery& query) const {
    return as_result(store.count(query));
  }
  Result<ReadResult> operator()(const KeysQuery& query) const {
    return as_result(store.keys(query));
  }
  Result<ReadResult> operator()(const ScanQuery& query) const {
    return as_result(store.scan(query));
  }
};

}  // namespace

Status check_cluster(const StoreInfo& info, ClusterId cluster) {
  if (cluster.is_none()) {
    return fail(ErrorCode::invalid_argument, "a map names its cluster, and this one names none");
  }
  if (!info.cluster.is_none() && info.cluster != cluster) {
    return fail(ErrorCode::wrong_cluster,
                fmt::format("store {} belongs to cluster {}, and the map to cluster {}",
                            info.store.id.to_string(), info.cluster.id.to_string(),
                            cluster.id.to_string()));
  }
  return {};
}

Result<ReadResult> read(const Store& store, const ReadQuery& query) {
  return std::visit(Reader{store}, query);
}

}  // namespace kipu::storage

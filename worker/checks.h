// What a worker refuses, as functions of its map and the time.
//
// Thread rule: any thread.
#pragma once

#include <cstddef>
#include <string>

#include "base/entry.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/query.h"
#include "base/result.h"
#include "base/time.h"
#include "schema/messages.h"

namespace kipu::worker {

// The partition under which `self` stores `entry`. Otherwise, in this order: what validate() says,
// `unknown_bucket`, `wrong_mode`, `too_large`, `clock_skew`, `wrong_worker`.
[[nodiscard]] Result<PartitionId> check_entry(const schema::ClusterMap& map, WorkerId self,
                                              WallTime wall, const Entry& entry);

// The query with its limits brought within those of base/limits.h, if `self` may answer it:
// otherwise `invalid_argument`, `unknown_bucket`, or `wrong_worker` for a partition of others.
[[nodiscard]] Result<ReadQuery> check_query(const schema::ClusterMap& map, WorkerId self,
                                            ReadQuery query);

// Why a request of a level is refused while so few of a partition's replicas live.
[[nodiscard]] std::string too_few_live(std::size_t live, std::size_t replicas, std::size_t needed);

// Whether an error of a read says that what is stored cannot be read, and not that it may come
// later.
[[nodiscard]] constexpr bool is_damage(ErrorCode code) {
  return code == ErrorCode::unreadable || code == ErrorCode::corrupt;
}

}  // namespace kipu::worker

// Checks of what workers answer, before a caller sees it: a page holds what was asked for, in
// order, with every digest right. `corrupt` for entries or keys that are none of what was asked
// for, `malformed` for a page that breaks the rules of paging.
//
// Thread rule: any thread.
#pragma once

#include <cstdint>

#include "base/query.h"
#include "base/result.h"

namespace kipu::client {

[[nodiscard]] Status verify(const PageQuery& query, const Page& page);
// `partitions`: of the cluster.
[[nodiscard]] Status verify(const ScanQuery& query, const Page& page, std::uint32_t partitions);
[[nodiscard]] Status verify(const CountQuery& query, const Count& count);
[[nodiscard]] Status verify(const KeysQuery& query, const KeysPage& page);

}  // namespace kipu::client

// Buckets that Kipu keeps its own records in. Names that begin with `kipu.` are reserved for them.
#pragma once

#include <string_view>

#include "base/bucket.h"
#include "base/result.h"

namespace kipu::cluster {

// When an import of a name began; a key per name, whose oldest entry says it.
inline constexpr std::string_view kOnceBucket = "kipu.once";
// What a name stands for, and how its first importers came to agree on it.
inline constexpr std::string_view kOnceNamesBucket = "kipu.once.names";
// The records of each import, in short.
inline constexpr std::string_view kOnceContentsBucket = "kipu.once.contents";

// A bucket of Kipu's own, in the one shape that it may have: `worm`, quorums, the usual pair.
[[nodiscard]] Bucket own_bucket(std::string_view name);

// Whether a bucket may be made: `unsupported` if its name is reserved, and it is none of those
// above, or not as own_bucket() says.
[[nodiscard]] Status check_reserved(const Bucket& bucket);

}  // namespace kipu::cluster

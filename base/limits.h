// Every limit of Kipu that is not a setting, by name.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace kipu::limits {

// Data model (docs/protocol.md, "Limits").
inline constexpr std::size_t kMaxKeyBytes = 1024;
inline constexpr std::uint32_t kMaxValuesPerEntry = 65'536;
inline constexpr std::size_t kMaxBucketNameBytes = 64;
inline constexpr std::size_t kMaxBuckets = 10'000;
inline constexpr std::uint32_t kDefaultMaxPairBytes = 10 * 1024;
inline constexpr std::uint32_t kLargestMaxPairBytes = 1024 * 1024;
inline constexpr std::uint32_t kMaxPartitions = 65'536;
inline constexpr std::uint32_t kDefaultPartitions = 1024;
inline constexpr std::uint32_t kMaxWorkers = 1024;
inline constexpr std::uint32_t kMaxWeight = 1000;
inline constexpr std::size_t kMaxZoneBytes = 64;
inline constexpr Duration kMaxClockSkew = std::chrono::seconds(10);

// A page of any read: this many bytes by Entry::message_bytes, or one entry if that is larger.
inline constexpr std::size_t kMaxPageBytes = 1024 * 1024;
inline constexpr std::uint32_t kMaxPageEntries = 8192;
// A count visits at most this many entries per request; the client goes on from the cursor.
inline constexpr std::uint32_t kMaxCountEntries = 200'000;
// And about this many bytes of them. All replicas end at the same entry, so that they agree.
inline constexpr std::size_t kMaxCountBytes = std::size_t{16} * 1024 * 1024;
// A page of keys passes over at most this many removed keys; then it ends, empty if need be.
inline constexpr std::uint32_t kMaxKeysPassedOver = 16'384;
// A read of a disk so slow that it takes this long ends with what it has got, and says where to go
// on.
inline constexpr Duration kMaxReadTime = std::chrono::seconds(1);

// However much time a request says that it has left, it is given no more than this.
inline constexpr Duration kLongestRemaining = std::chrono::minutes(10);

// Messages. A body holds at most one batch of appends or one page, and their overhead.
inline constexpr std::size_t kMaxEnvelopeBytes = 1024;
inline constexpr std::size_t kMaxBodyBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxBatchBytes =
    1024 * 1024;  // by Entry::message_bytes, of one append
inline constexpr std::uint32_t kMaxBatchEntries = 8192;
inline constexpr std::size_t kMaxMessageTextBytes = 4096;  // of an error's message
inline constexpr std::size_t kMaxEndpointBytes = 256;
// Of what a supervisor says of a cluster's processes, as a status carries it.
inline constexpr std::size_t kMaxProcessesBytes = std::size_t{64} * 1024;

}  // namespace kipu::limits

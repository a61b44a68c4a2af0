// The list of an import's records: 32 bits of each, kept in the cluster in the order of the
// records, a few thousand to an entry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "kipu/client.h"

namespace kipu::client {

// Walks `content`, writes its list under `list`, and returns what it comes to, once all is durable.
[[nodiscard]] Result<OnceSum> write_records(Client& client, std::uint64_t list,
                                            const OnceContent& content, const CallOptions& options);

// Walks `content`, and returns what it comes to.
[[nodiscard]] Result<OnceSum> sum_of(const OnceContent& content);

// Where content first departs from a list.
struct Difference {
  std::uint64_t place = 0;  // how many records before it are the same
  // Of the content's record there, or that the content ends there while the list goes on.
  std::optional<std::uint64_t> number;
};

// Walks `content` beside the list. Nothing if they are the same as far as 32 bits can tell.
[[nodiscard]] Result<std::optional<Difference>> first_difference(Client& client, std::uint64_t list,
                                                                 const OnceContent& content,
                                                                 const CallOptions& options);

}  // namespace kipu::client

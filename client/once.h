// Client::once: how an import gets the same stamps each time it runs.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "client/calls.h"
#include "kipu/client.h"

namespace kipu::client {

// The bucket that remembers names; a key per name, whose oldest entry says when it began.
inline constexpr std::string_view kOnceBucket = "kipu.once";

[[nodiscard]] Result<Once> begin_once(Client& client, Loop& loop, std::string_view name,
                                      const CallOptions& options);

// The stamps of an import of this name that began at this time: their writer is XXH3-64 over the
// name and the start's 64 bits, little-endian.
[[nodiscard]] Once once_of(std::string_view name, StampTime start);

}  // namespace kipu::client

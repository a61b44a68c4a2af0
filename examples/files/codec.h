// Chunks compressed, as Zstandard frames (RFC 8878) that say how long their content is.
//
// Thread rule: any thread; each keeps a context of its own, since making one costs more than a
// chunk.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace files {

// The level that zstd itself takes for the best trade between time and size.
inline constexpr int kCompressionLevel = 3;

// `internal` if the library fails, which it does for want of memory only.
[[nodiscard]] kipu::Result<std::string> compress(std::string_view content);

// The content of a frame, which has to be `size` bytes. `corrupt` if the frame is none, or says
// that it holds anything else: no more memory than for `size` bytes is ever taken.
[[nodiscard]] kipu::Result<std::string> decompress(std::string_view frame, std::size_t size);
// The same where the size is known by its bound alone.
[[nodiscard]] kipu::Result<std::string> decompress_up_to(std::string_view frame, std::size_t most);

}  // namespace files

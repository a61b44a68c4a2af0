// Where a file is cut: at places that its content chooses, so that what is inserted or removed
// moves no cut but those beside it.
//
// FastCDC: W. Xia et al., "FastCDC: a Fast and Efficient Content-Defined Chunking Approach for Data
// Deduplication", USENIX ATC 2016; the Gear hash of section 3.2 over a table of ours, cut-point
// skipping (3.3) and normalized chunking of level 2 (3.4). The table is part of the format: with
// another one, every file would be cut anew and stored again.
#pragma once

#include <cstddef>
#include <string_view>

namespace files {

struct ChunkSizes {
  std::size_t least = 0;
  std::size_t normal = 0;  // a power of two: most chunks are about as long
  std::size_t most = 0;
};

// The longest chunk, where nothing compresses, has to fit into a pair of 1 MiB. Shorter chunks
// would find more that is equal, and cost a synced entry and 41 bytes of list each.
inline constexpr ChunkSizes kChunkSizes{std::size_t{64} * 1024, std::size_t{256} * 1024,
                                        std::size_t{960} * 1024};

// How long the first chunk of `data` is. `data` goes on to the end of the file, or has at least
// `sizes.most` bytes. Not 0 unless `data` is empty.
[[nodiscard]] std::size_t first_chunk(std::string_view data, const ChunkSizes& sizes = kChunkSizes);

}  // namespace files

#include "examples/files/chunker.h"

#include <algorithm>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "examples/files/sha256.h"
#include "tests/examples/files/bytes.h"

namespace files {
namespace {

std::vector<std::string> chunks_of(std::string_view data) {
  std::vector<std::string> chunks;
  while (!data.empty()) {
    const std::size_t length = first_chunk(data);
    chunks.emplace_back(data.substr(0, length));
    data.remove_prefix(length);
  }
  return chunks;
}

TEST(ChunkerTest, CutsNothingFromNothing) {
  EXPECT_EQ(first_chunk(""), 0U);
}

TEST(ChunkerTest, KeepsToItsSizesAndLosesNothing) {
  const std::string data = test::random_bytes(16U << 20U, 1);
  const auto chunks = chunks_of(data);
  std::string joined;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    EXPECT_LE(chunks[i].size(), kChunkSizes.most);
    EXPECT_TRUE(chunks[i].size() >= kChunkSizes.least || i + 1 == chunks.size());
    joined += chunks[i];
  }
  EXPECT_EQ(joined, data);
  const std::size_t mean = data.size() / chunks.size();
  EXPECT_GT(mean, kChunkSizes.normal * 3 / 4);
  EXPECT_LT(mean, kChunkSizes.normal * 3 / 2);
}

TEST(ChunkerTest, CutsZerosAtTheLongestChunk) {
  EXPECT_EQ(first_chunk(std::string(3 * kChunkSizes.most, '\0')), kChunkSizes.most);
}

TEST(ChunkerTest, KeepsAllChunksButFewWhereBytesAreInserted) {
  const std::string before = test::random_bytes(8U << 20U, 2);
  const std::string after = before.substr(0, 3'000'000) + "inserted" + before.substr(3'000'000);
  const auto old_chunks = chunks_of(before);
  const std::set<std::string> known(old_chunks.begin(), old_chunks.end());
  const auto new_chunks = chunks_of(after);
  const auto fresh = std::ranges::count_if(
      new_chunks, [&](const std::string& chunk) { return !known.contains(chunk); });
  EXPECT_GE(fresh, 1);
  EXPECT_LE(fresh, 3);
}

// The table and the masks are part of the format: with others, every file would be stored again.
TEST(ChunkerTest, CutsWhereItAlwaysCut) {
  std::string lengths;
  for (const std::string& chunk : chunks_of(test::random_bytes(2U << 20U, 3))) {
    lengths += std::to_string(chunk.size()) + ' ';
  }
  EXPECT_EQ(lengths, "519244 289316 352669 372001 278350 285572 ");
}

}  // namespace
}  // namespace files

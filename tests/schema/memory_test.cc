// Small messages must not become large in memory: every byte that decoding allocates is counted.
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/little_endian.h"
#include "schema/codec.h"
#include "tests/schema/counted_new.h"
#include "tests/schema/samples.h"
#include "tests/schema/types.h"

namespace kipu::schema {
namespace {

// A few short strings cost more than their bytes, an exception its trace.
constexpr std::size_t kFactor = 20;
constexpr std::size_t kBase = 16 * 1024;

template <class T>
Result<T> decode_counted(const std::string& bytes) {
  const std::size_t before = allocated_bytes();
  auto received = decode<T>(bytes);
  EXPECT_LE(allocated_bytes() - before, kFactor * bytes.size() + kBase) << bytes.size();
  return received;
}

// Frames put together by hand, one word after the other.
class Frame {
 public:
  Frame& word(std::uint64_t word) {
    words_.push_back(word);
    return *this;
  }
  // A struct or a list that lies `offset` words behind the pointer.
  Frame& struct_pointer(std::uint64_t offset, std::uint64_t data, std::uint64_t pointers) {
    return word(offset << 2U | data << 32U | pointers << 48U);
  }
  Frame& list_pointer(std::int64_t offset, std::uint64_t element, std::uint64_t count) {
    const auto bits = static_cast<std::uint32_t>(static_cast<std::uint64_t>(offset) << 2U);
    return word(1U | bits | element << 32U | count << 35U);
  }
  Frame& fill(std::size_t words) {
    words_.resize(words_.size() + words);
    return *this;
  }
  std::size_t size() const { return words_.size(); }
  std::string bytes() const {
    std::string frame;
    append_le<std::uint32_t>(frame, 0);
    append_le(frame, static_cast<std::uint32_t>(words_.size()));
    for (const std::uint64_t word : words_) append_le(frame, word);
    return frame;
  }

 private:
  std::vector<std::uint64_t> words_;
};

constexpr std::uint64_t kVoid = 0;
constexpr std::uint64_t kByte = 2;
constexpr std::uint64_t kPointer = 6;
constexpr std::uint64_t kComposite = 7;

// The root of a Page: one word of data, and the pointer to its entries, which comes next.
Frame page() {
  Frame frame;
  frame.struct_pointer(0, 1, 1).word(1);
  return frame;
}

template <class T>
class MemoryTest : public testing::Test {};
TYPED_TEST_SUITE(MemoryTest, EveryType);

TYPED_TEST(MemoryTest, IsInProportionToTheMessage) {
  EXPECT_TRUE(decode_counted<TypeParam>(std::string(encode(samples::sample<TypeParam>()).view())));
}

TEST(AmplificationTest, ByElementsOfNoSizeIsRefused) {
  for (const std::uint64_t count : {1000U, 8192U, (1U << 29U) - 1}) {
    Frame frame = page();
    frame.list_pointer(0, kVoid, count);
    EXPECT_FALSE(decode_counted<Page>(frame.bytes())) << count;
  }
}

TEST(AmplificationTest, ByStructsOfNoSizeIsRefused) {
  for (const std::uint64_t count : {1000U, 8192U, (1U << 29U) - 1}) {
    Frame frame = page();
    frame.list_pointer(0, kComposite, 0).struct_pointer(count, 0, 0);
    EXPECT_FALSE(decode_counted<Page>(frame.bytes())) << count;
  }
}

TEST(AmplificationTest, ByAListThatIsLongerThanTheMessageIsRefused) {
  Frame frame = page();
  frame.list_pointer(0, kComposite, 7 * 8192).struct_pointer(8192, 4, 3).fill(14);
  EXPECT_FALSE(decode_counted<Page>(frame.bytes()));
}

TEST(AmplificationTest, ByManyPointersToOneBlobIsRefused) {
  constexpr std::uint64_t kKeys = 1000;
  Frame frame;
  frame.struct_pointer(0, 1, 2).word(0).list_pointer(1, kPointer, kKeys).word(0);
  for (std::uint64_t at = 0; at < kKeys; ++at) {
    frame.list_pointer(static_cast<std::int64_t>(kKeys - at - 1), kByte, 1024);
  }
  frame.fill(1024 / 8);
  const auto received = decode_counted<KeysPage>(frame.bytes());
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, ErrorCode::malformed);
}

// Where many lists may lie at one place: each is short enough, and all together are not.
TEST(AmplificationTest, ByManyCommitsOfTheSameEntriesIsRefused) {
  constexpr std::uint64_t kCommits = 200;
  constexpr std::uint64_t kBytes = 2000;  // one byte stands for an entry of default values
  Frame frame;
  frame.struct_pointer(0, 1, 3).word(0).list_pointer(2, kComposite, 2 * kCommits).word(0).word(0);
  frame.struct_pointer(kCommits, 0, 2);
  for (std::uint64_t at = 0; at < kCommits; ++at) {
    frame.word(0).list_pointer(static_cast<std::int64_t>(2 * (kCommits - at - 1)), kByte, kBytes);
  }
  frame.fill(kBytes / 8);
  EXPECT_FALSE(decode_counted<Fetched>(frame.bytes()));
}

TEST(AmplificationTest, OfAFullBatchOfTheSmallestEntriesIsBounded) {
  AppendRequest request;
  request.entries.resize(limits::kMaxBatchEntries);
  EXPECT_TRUE(decode_counted<AppendRequest>(std::string(encode(request).view())));
}

TEST(AmplificationTest, OfAMapOfEmptyPartitionsIsBounded) {
  ClusterMap map;
  map.placement.resize(limits::kMaxPartitions);
  EXPECT_TRUE(decode_counted<ClusterMap>(std::string(encode(map).view())));
}

}  // namespace
}  // namespace kipu::schema

// Damaged messages: whatever the damage, decoding yields `malformed` or a value that is one.
#include <cstring>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/little_endian.h"
#include "schema/capnp.h"
#include "schema/codec.h"
#include "tests/schema/arbitrary.h"
#include "tests/schema/samples.h"
#include "tests/schema/types.h"

namespace kipu::schema {
namespace {

// What every decode of anything must satisfy. False if the bytes were refused.
template <class T>
bool decodes(std::string_view bytes) {
  const auto first = decode<T>(bytes);
  if (!first) {
    EXPECT_EQ(first.error().code, ErrorCode::malformed);
    EXPECT_FALSE(first.error().message.empty());
    return false;
  }
  const auto again = decode<T>(encode(*first).view());
  EXPECT_TRUE(again && *again == *first);
  return true;
}

template <class T>
std::string sample_bytes() {
  return std::string(encode(samples::sample<T>()).view());
}

template <class T>
class MalformedTest : public testing::Test {};
TYPED_TEST_SUITE(MalformedTest, EveryType);

TYPED_TEST(MalformedTest, RefusesAMessageThatIsCutAnywhere) {
  const std::string whole = sample_bytes<TypeParam>();
  ASSERT_TRUE(decodes<TypeParam>(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(decodes<TypeParam>(whole.substr(0, length))) << length;
  }
}

TYPED_TEST(MalformedTest, RefusesBytesAfterTheEnd) {
  for (const std::size_t more : {1U, 7U, 8U, 16U}) {
    EXPECT_FALSE(decodes<TypeParam>(sample_bytes<TypeParam>() + std::string(more, '\0'))) << more;
  }
}

TYPED_TEST(MalformedTest, SurvivesEveryFlippedBit) {
  std::string bytes = sample_bytes<TypeParam>();
  for (char& byte : bytes) {
    const char right = byte;
    for (unsigned bit = 0; bit < 8; ++bit) {
      byte = static_cast<char>(right ^ static_cast<char>(1U << bit));
      decodes<TypeParam>(bytes);
    }
    byte = right;
  }
}

// A pointer is a word: whatever a word is, it is also tried as each of these.
TYPED_TEST(MalformedTest, SurvivesHostilePointersAnywhere) {
  constexpr std::uint64_t kMany = std::uint64_t{0x1fffffff} << 35U;
  constexpr std::uint64_t kHostile[] = {
      0xffff'ffff'0000'0000,     // a struct of the largest size, here
      0xffff'ffff'ffff'fffc,     // the same, pointing backwards at itself
      kMany | 1,                 // 2^29-1 elements of no bits
      kMany | 1 | (1UL << 32U),  // … of one bit
      kMany | 1 | (2UL << 32U),  // … of one byte
      kMany | 1 | (5UL << 32U),  // … of eight bytes
      kMany | 1 | (6UL << 32U),  // … pointers
      kMany | 1 | (7UL << 32U),  // a list of structs of so many words
      2,                         // a far pointer to the start of its own segment
      6,                         // the same, with a landing pad of two words
      0x0000'0007'0000'0002,     // a far pointer to a segment that is not there
      0x0000'0000'ffff'fffa,     // a far pointer far away
      3,                         // a capability
      ~std::uint64_t{0}};
  const std::string whole = sample_bytes<TypeParam>();
  for (std::size_t at = 8; at < whole.size(); at += 8) {
    for (const std::uint64_t word : kHostile) {
      std::string bytes = whole;
      std::memcpy(bytes.data() + at, &word, sizeof word);
      decodes<TypeParam>(bytes);
    }
  }
}

TYPED_TEST(MalformedTest, SurvivesHostileSegmentTables) {
  const std::string whole = sample_bytes<TypeParam>();
  for (const std::uint32_t number :
       {0U, 1U, 2U, 3U, 511U, 512U, 0x7fffffffU, 0x80000000U, 0xfffffffeU, 0xffffffffU}) {
    for (const std::size_t at : {0U, 4U, 8U}) {
      std::string bytes = whole;
      std::memcpy(bytes.data() + at, &number, sizeof number);
      decodes<TypeParam>(bytes);
    }
  }
}

TYPED_TEST(MalformedTest, SurvivesRandomDamage) {
  EXPECT_TRUE(rc::check([] {
    std::string bytes(encode(arbitrary::message<TypeParam>()).view());
    for (int damage = *rc::gen::inRange(1, 6); damage > 0; --damage) {
      const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
      bytes[at] = *rc::gen::arbitrary<char>();
    }
    decodes<TypeParam>(bytes);
  }));
}

TYPED_TEST(MalformedTest, SurvivesRandomBytes) {
  EXPECT_TRUE(rc::check([] {
    std::string bytes = arbitrary::bytes(4096);
    decodes<TypeParam>(bytes);
    bytes.resize(bytes.size() / 8 * 8);
    std::string framed;
    append_le<std::uint32_t>(framed, 0);
    append_le(framed, static_cast<std::uint32_t>(bytes.size() / 8));
    decodes<TypeParam>(framed + bytes);
  }));
}

// What other implementations write: Kipu's own frames copied by the stock library.

capnp::AnyPointer::Reader root_of(capnp::MessageReader& reader) {
  return reader.getRoot<capnp::AnyPointer>();
}

kj::Array<capnp::word> words_of(std::string_view bytes) {
  auto words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
  std::memcpy(words.begin(), bytes.data(), bytes.size());
  return words;
}

std::string bytes_of_words(kj::ArrayPtr<const capnp::word> words) {
  return {reinterpret_cast<const char*>(words.begin()), words.size() * sizeof(capnp::word)};
}

TYPED_TEST(MalformedTest, ReadsAMessageInManySegments) {
  const auto sent = samples::sample<TypeParam>();
  const auto words = words_of(encode(sent).view());
  capnp::FlatArrayMessageReader reader(words);
  capnp::MallocMessageBuilder scattered(1, capnp::AllocationStrategy::FIXED_SIZE);
  scattered.setRoot(root_of(reader));
  ASSERT_GT(scattered.getSegmentsForOutput().size(), 1U);
  const auto received = decode<TypeParam>(bytes_of_words(capnp::messageToFlatArray(scattered)));
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_TRUE(*received == sent);
}

TYPED_TEST(MalformedTest, ReadsTheCanonicalForm) {
  EXPECT_TRUE(rc::check([] {
    const auto sent = arbitrary::message<TypeParam>();
    const auto words = words_of(encode(sent).view());
    capnp::FlatArrayMessageReader reader(words, {1'000'000, 64});
    const auto canonical = reader.getRoot<capnp::AnyStruct>().canonicalize();
    std::string framed;
    append_le<std::uint32_t>(framed, 0);
    append_le(framed, static_cast<std::uint32_t>(canonical.size()));
    const auto received = decode<TypeParam>(framed + bytes_of_words(canonical));
    if (!received) RC_FAIL(received.error().message);
    RC_ASSERT(*received == sent);
  }));
}

// A map guards its content itself: no damage yields another map.
TEST(ClusterMapDamageTest, YieldsTheSameMapOrNone) {
  const auto map = samples::sample<ClusterMap>();
  const std::string whole = sample_bytes<ClusterMap>();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1U << bit));
      const auto received = decode<ClusterMap>(bytes);
      EXPECT_TRUE(!received || *received == map) << at << "." << bit;
    }
  }
}

}  // namespace
}  // namespace kipu::schema

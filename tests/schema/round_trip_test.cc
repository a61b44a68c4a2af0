#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/little_endian.h"
#include "schema/codec.h"
#include "tests/schema/arbitrary.h"
#include "tests/schema/types.h"

namespace kipu::schema {
namespace {

template <class T>
class RoundTripTest : public testing::Test {};
TYPED_TEST_SUITE(RoundTripTest, EveryType);

TYPED_TEST(RoundTripTest, DecodesWhatWasEncoded) {
  EXPECT_TRUE(rc::check([] {
    const auto sent = arbitrary::message<TypeParam>();
    const Buffer bytes = encode(sent);
    const auto received = decode<TypeParam>(bytes.view());
    if (!received) RC_FAIL(received.error().message);
    RC_ASSERT(*received == sent);
  }));
}

TYPED_TEST(RoundTripTest, DecodesAnEmptyMessage) {
  const auto received = decode<TypeParam>(encode(TypeParam{}).view());
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_TRUE(*received == TypeParam{});
}

TYPED_TEST(RoundTripTest, DecodesAtAnyAlignment) {
  EXPECT_TRUE(rc::check([] {
    const auto sent = arbitrary::message<TypeParam>();
    const Buffer bytes = encode(sent);
    const auto offset = *rc::gen::inRange<std::size_t>(1, 8);
    const std::string shifted = std::string(offset, 'x').append(bytes.view());
    const auto received = decode<TypeParam>(std::string_view(shifted).substr(offset));
    RC_ASSERT(received.has_value());
    RC_ASSERT(*received == sent);
  }));
}

TYPED_TEST(RoundTripTest, WritesOneSegmentThatFillsItsFrame) {
  EXPECT_TRUE(rc::check([] {
    const Buffer bytes = encode(arbitrary::message<TypeParam>());
    RC_ASSERT(load_le<std::uint32_t>(bytes.view().data()) == 0U);
    RC_ASSERT(8 + 8 * std::size_t{load_le<std::uint32_t>(bytes.view().data() + 4)} == bytes.size());
  }));
}

}  // namespace
}  // namespace kipu::schema

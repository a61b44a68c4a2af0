#include "base/values.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kipu {
namespace {

RC_GTEST_PROP(ValuesTest, GiveBackWhatWasPutInAndSurviveTheirPackedForm, ()) {
  const auto put_in = *rc::gen::arbitrary<std::vector<std::string>>();
  Values values;
  for (const std::string& value : put_in) values.push_back(value);
  RC_ASSERT(values.size() == put_in.size());
  RC_ASSERT(std::vector<std::string>(values.begin(), values.end()) == put_in);

  const Result<Values> parsed = Values::parse(std::string(values.packed()));
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == values);
}

RC_GTEST_PROP(ValuesTest, ParseAnyBytesOrRefuseThem, ()) {
  const auto bytes = *rc::gen::arbitrary<std::string>();
  const Result<Values> parsed = Values::parse(bytes);
  if (!parsed) {
    RC_ASSERT(parsed.error().code == ErrorCode::malformed);
    return;
  }
  Values again;
  for (const std::string_view value : *parsed) again.push_back(value);
  RC_ASSERT(again.packed() == bytes);
}

TEST(ValuesTest, RefuseBytesThatEndTooSoon) {
  const std::string packed(Values({"apple", "pear"}).packed());
  for (std::size_t length = 1; length < packed.size(); ++length) {
    const bool at_a_boundary = length == 4 + 5;
    EXPECT_EQ(Values::parse(packed.substr(0, length)).has_value(), at_a_boundary) << length;
  }
}

TEST(ValuesTest, CountBytesWithoutLengths) {
  const Values values{"", "ab", std::string_view("\0", 1)};
  EXPECT_EQ(values.size(), 3U);
  EXPECT_EQ(values.value_bytes(), 3U);
  EXPECT_EQ(values.packed().size(), 15U);
}

}  // namespace
}  // namespace kipu

#include "base/error.h"

#include <set>
#include <string_view>

#include <gtest/gtest.h>

namespace kipu {
namespace {

TEST(ErrorTest, GivesEveryCodeANameOfItsOwn) {
  std::set<std::string_view> names;
  std::size_t codes = 0;
  for (std::uint16_t number = 0; number < 1000; ++number) {
    const auto code = error_code_from_number(number);
    if (!code) continue;
    ++codes;
    names.insert(error_name(*code));
  }
  EXPECT_EQ(names.size(), codes);
  EXPECT_FALSE(names.contains("unknown_error"));
  EXPECT_GE(codes, 25U);
}

TEST(ErrorTest, SaysThatAnUnknownOutcomeIsAskedAgain) {
  EXPECT_EQ(remedy(ErrorCode::outcome_unknown), Remedy::ask_again);
  EXPECT_EQ(remedy(ErrorCode::unavailable), Remedy::retry);
  EXPECT_EQ(remedy(ErrorCode::wrong_mode), Remedy::fix_request);
  EXPECT_EQ(remedy(ErrorCode::unreadable), Remedy::alert);
}

}  // namespace
}  // namespace kipu

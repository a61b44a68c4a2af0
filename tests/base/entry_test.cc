#include "base/entry.h"

#include <string>

#include <gtest/gtest.h>

#include "base/limits.h"

namespace kipu {
namespace {

Entry sample() {
  return make_entry("default", "fruit", Stamp{StampTime(1), 2}, EntryKind::append, {"apple"});
}

ErrorCode code_of(const Entry& entry) {
  const Status status = validate(entry);
  return status ? ErrorCode::internal : status.error().code;
}

Entry with_key(std::string key) {
  return make_entry("default", std::move(key), Stamp{}, EntryKind::append, {"v"});
}

TEST(EntryTest, IsValidWithItsOwnDigest) {
  EXPECT_TRUE(validate(sample()));
}

TEST(EntryTest, HasADigestOverEverythingItSays) {
  const Entry original = sample();
  Entry other = original;
  other.bucket = "other";
  EXPECT_NE(digest_of(other), original.digest);
  other = original;
  other.key = "fruits";
  EXPECT_NE(digest_of(other), original.digest);
  other = original;
  other.stamp.writer = 3;
  EXPECT_NE(digest_of(other), original.digest);
  other = original;
  other.stamp.time = StampTime(2);
  EXPECT_NE(digest_of(other), original.digest);
  other = original;
  other.kind = EntryKind::put;
  EXPECT_NE(digest_of(other), original.digest);
  other = original;
  other.values = {"apple", ""};
  EXPECT_NE(digest_of(other), original.digest);
}

TEST(EntryTest, KeepsApartWhatConcatenationWouldConfuse) {
  const auto digest = [](const char* bucket, const char* key, Values values) {
    return make_entry(bucket, key, Stamp{}, EntryKind::append, std::move(values)).digest;
  };
  EXPECT_NE(digest("ab", "c", {"v"}), digest("a", "bc", {"v"}));
  EXPECT_NE(digest("a", "b", {"xy"}), digest("a", "b", {"x", "y"}));
}

TEST(EntryTest, RefusesAlteredContent) {
  Entry altered = sample();
  altered.values = {"apples"};
  EXPECT_EQ(code_of(altered), ErrorCode::bad_digest);
}

TEST(EntryTest, TakesKeysOfOneByteUpToTheLimit) {
  EXPECT_EQ(code_of(with_key("")), ErrorCode::empty_key);
  EXPECT_TRUE(validate(with_key(std::string(1, '\0'))));
  EXPECT_TRUE(validate(with_key(std::string(limits::kMaxKeyBytes, 'k'))));
  EXPECT_EQ(code_of(with_key(std::string(limits::kMaxKeyBytes + 1, 'k'))), ErrorCode::too_large);
}

TEST(EntryTest, BoundsKeyAndValuesTogether) {
  const auto of_size = [](std::size_t bytes) {
    const std::string value(bytes - 1, 'v');
    return make_entry("default", "k", Stamp{}, EntryKind::append, {value});
  };
  EXPECT_TRUE(validate(of_size(limits::kLargestMaxPairBytes)));
  EXPECT_EQ(code_of(of_size(limits::kLargestMaxPairBytes + 1)), ErrorCode::too_large);
}

TEST(EntryTest, BoundsHowManyValuesItHas) {
  Values values;
  for (std::uint32_t i = 0; i < limits::kMaxValuesPerEntry; ++i) values.push_back("");
  EXPECT_TRUE(validate(make_entry("default", "k", Stamp{}, EntryKind::append, values)));
  values.push_back("");
  EXPECT_EQ(code_of(make_entry("default", "k", Stamp{}, EntryKind::append, values)),
            ErrorCode::too_large);
}

TEST(EntryTest, HasAsManyValuesAsItsKindTakes) {
  const auto of = [](EntryKind kind, Values values) {
    return make_entry("default", "k", Stamp{}, kind, std::move(values));
  };
  EXPECT_EQ(code_of(of(EntryKind::append, {})), ErrorCode::invalid_argument);
  EXPECT_TRUE(validate(of(EntryKind::append, {"", "b", "c"})));
  EXPECT_TRUE(validate(of(EntryKind::put, {""})));
  EXPECT_EQ(code_of(of(EntryKind::put, {"a", "b"})), ErrorCode::invalid_argument);
  EXPECT_TRUE(validate(of(EntryKind::remove, {})));
  EXPECT_EQ(code_of(of(EntryKind::remove, {"a"})), ErrorCode::invalid_argument);
}

TEST(BucketNameTest, HasOneTo64CharactersOfAFewKinds) {
  EXPECT_TRUE(is_bucket_name("a"));
  EXPECT_TRUE(is_bucket_name("Call-Graph_v1.2"));
  EXPECT_TRUE(is_bucket_name(std::string(64, 'b')));
  EXPECT_FALSE(is_bucket_name(""));
  EXPECT_FALSE(is_bucket_name(std::string(65, 'b')));
  EXPECT_FALSE(is_bucket_name("a b"));
  EXPECT_FALSE(is_bucket_name("é"));
}

}  // namespace
}  // namespace kipu

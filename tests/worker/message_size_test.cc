// What the largest commits take as messages: whatever is committed can be published and fetched.
#include <numeric>

#include <gtest/gtest.h>

#include "base/limits.h"
#include "schema/codec.h"
#include "storage/log_index.h"
#include "worker/machine.h"

namespace kipu::worker::test {
namespace {

const StoreId kFrom{Uuid{1, 2}};
const StoreId kTo{Uuid{3, 4}};

// One whose overhead is large beside what Entry::message_bytes says of it: each of its fields
// begins another word.
Entry small_entry(std::size_t bucket_bytes, std::size_t key_bytes, std::size_t value_bytes) {
  return make_entry(std::string(bucket_bytes, 'b'), std::string(key_bytes, 'k'), {},
                    EntryKind::append, Values{std::string(value_bytes, 'v')});
}

// As many values as an entry may have, and as many bytes.
Entry largest_entry() {
  const std::string key(limits::kMaxKeyBytes, 'k');
  const std::size_t room = limits::kLargestMaxPairBytes - key.size();
  const std::size_t each = room / limits::kMaxValuesPerEntry;
  Values values;
  for (std::uint32_t number = 1; number < limits::kMaxValuesPerEntry; ++number) {
    values.push_back(std::string(each, 'v'));
  }
  values.push_back(std::string(room - each * (limits::kMaxValuesPerEntry - 1), 'v'));
  return make_entry(std::string(limits::kMaxBucketNameBytes, 'b'), key, {}, EntryKind::append,
                    std::move(values));
}

// The smallest entries that there are, and those that fill their last words the least.
std::vector<Entry> smallest_entries() {
  return {make_entry("b", "k", {}, EntryKind::remove, {}), small_entry(1, 1, 0),
          small_entry(1, 1, 5), small_entry(8, 1, 5), small_entry(8, 9, 5)};
}

std::vector<Entry> as_many_as_fit(const Entry& entry, std::size_t bytes) {
  return std::vector<Entry>(bytes / entry.message_bytes(), entry);
}

template <class Message>
void expect_fits(const Message& message) {
  const Buffer body = schema::encode(message);
  EXPECT_LE(body.size(), limits::kMaxBodyBytes);
  const auto read = schema::decode<Message>(body.view());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(*read == message);
}

TEST(MessageSizeTest, PublishesTheLargestCommitAsOneBundle) {
  const Config config;
  for (const Entry& entry : smallest_entries()) {
    expect_fits(
        schema::Bundle{kFrom, kTo, {1, 9}, {1, 8}, as_many_as_fit(entry, config.max_commit_bytes)});
  }
  // A commit takes one request whatever its size, and that may have one entry of any.
  const Entry largest = largest_entry();
  ASSERT_TRUE(validate(largest));
  EXPECT_GT(largest.message_bytes(), limits::kMaxBatchBytes);
  expect_fits(schema::Bundle{kFrom, kTo, {1, 9}, {1, 8}, {largest}});
  expect_fits(
      schema::Bundle{kFrom, kTo, {1, 9}, {1, 8}, as_many_as_fit(largest, config.max_commit_bytes)});
}

TEST(MessageSizeTest, AnswersAFetchWithTheLargestCommit) {
  const Config config;
  std::vector<Entry> entries = smallest_entries();
  entries.push_back(largest_entry());
  for (const Entry& entry : entries) {
    Fetched fetched;
    fetched.commits = {{{1, 9}, as_many_as_fit(entry, config.max_commit_bytes)}};
    fetched.through = fetched.head = {1, 9};
    expect_fits(fetched);
  }
}

// A page of a fetch may be made of as many commits as one visits.
TEST(MessageSizeTest, AnswersAFetchWithManySmallCommits) {
  for (const Entry& entry : smallest_entries()) {
    Fetched fetched;
    const std::size_t each = limits::kMaxPageBytes / storage::kMaxVisitedAtOnce;
    for (std::uint64_t counter = 1; counter <= storage::kMaxVisitedAtOnce; ++counter) {
      fetched.commits.push_back({{1, counter}, as_many_as_fit(entry, each)});
    }
    fetched.through = fetched.head = fetched.commits.back().position;
    expect_fits(fetched);
  }
}

}  // namespace
}  // namespace kipu::worker::test

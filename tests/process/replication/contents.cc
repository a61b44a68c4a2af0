// Rounds: what is stored at the end.
#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

#include "tests/process/replication/rounds.h"

namespace kipu::test {
namespace {

using Contents = std::vector<std::pair<EntryId, std::string>>;

Contents contents_of(Client& client, const std::string& key, std::optional<WorkerId> from) {
  ReadOptions options;
  options.from_worker = from;
  Contents contents;
  for (const auto& item : client.values(key, options)) {
    if (!item) throw std::runtime_error(key + ": " + item.error().message);
    contents.emplace_back(item->id, item->value);
  }
  return contents;
}

// The keys of which replicas differ.
std::set<std::string> that_differ(Client& client, const std::set<std::string>& keys,
                                  std::size_t workers) {
  std::set<std::string> differ;
  for (const std::string& key : keys) {
    const Contents merged = contents_of(client, key, std::nullopt);
    for (std::uint32_t number = 1; number <= workers; ++number) {
      if (contents_of(client, key, WorkerId{number}) != merged) differ.insert(key);
    }
  }
  return differ;
}

// How often each number of a lane is stored. Whatever else is stored is a failure of the test.
std::map<std::uint64_t, std::size_t> numbers_of(Client& client, const std::string& writer,
                                                std::uint32_t lane) {
  const std::string start = key_of(writer, lane) + "/";
  std::map<std::uint64_t, std::size_t> times;
  for (const auto& [id, value] : contents_of(client, key_of(writer, lane), std::nullopt)) {
    const bool fits = value.starts_with(start);
    const std::uint64_t number = fits ? std::stoull(value.substr(start.size())) : 0;
    EXPECT_EQ(value, value_of(writer, lane, number)) << "altered, or never written";
    ++times[number];
  }
  return times;
}

void expect_lane(Client& client, const Journal& journal, std::uint32_t lane) {
  auto times = numbers_of(client, journal.writer(), lane);
  std::uint64_t next = 0;  // the first number whose outcome nobody wrote down
  for (const Journal::Line& line : journal.lines()) {
    if (line.lane != lane) continue;
    next = line.number + 1;
    const std::size_t found = times[line.number];
    const std::string what = key_of(journal.writer(), lane) + " " + std::to_string(line.number);
    switch (line.outcome) {
      case Journal::Outcome::acknowledged:
        EXPECT_EQ(found, 1U) << what << " was acknowledged";
        break;
      case Journal::Outcome::unknown:
        EXPECT_LE(found, 1U) << what << " has an unknown outcome";
        break;
      case Journal::Outcome::refused:
        EXPECT_EQ(found, 0U) << what << " was refused";
        break;
    }
  }
  EXPECT_LE(times[next], 1U) << "under way when its writer was killed";
  for (const auto& [number, found] : times) EXPECT_LE(number, next) << "never written";
}

}  // namespace

void Rounds::expect_equal_replicas(Client& client) {
  std::set<std::string> keys;
  for (const auto& key : client.keys()) keys.insert(must(Result<std::string>(key)));
  for (const auto& journal : former_) {
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      if (journal->lines().empty()) continue;
      EXPECT_TRUE(keys.contains(key_of(journal->writer(), lane))) << journal->writer();
    }
  }
  EXPECT_TRUE(eventually([&] {
    keys = that_differ(client, keys, kWorkers);
    return keys.empty();
  })) << keys.size()
      << " keys differ between replicas, such as " << *keys.begin();
}

void Rounds::expect_what_was_told(Client& client) {
  for (const auto& journal : former_) {
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) expect_lane(client, *journal, lane);
  }
}

}  // namespace kipu::test

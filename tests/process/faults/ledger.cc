#include "tests/process/faults/ledger.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace kipu::test {

void Ledger::append(Client& client, const AppendOptions& options) {
  std::uint64_t number = 0;
  {
    const std::scoped_lock lock(mutex_);
    number = appends_.size();
    appends_.push_back({key_of(number % keys_), std::nullopt, std::nullopt, false});
  }
  send(client, number, options);
}

void Ledger::append_many(Client& client, std::size_t count, const AppendOptions& options) {
  for (std::size_t i = 0; i < count; ++i) append(client, options);
}

void Ledger::send(Client& client, std::uint64_t number, const AppendOptions& options) {
  client.append_async(key_of(number % keys_), Values{std::to_string(number)}, options,
                      [this, number](const Result<Stamp>& result, std::optional<Stamp> stamp) {
                        note(number, result, stamp);
                      });
}

void Ledger::note(std::uint64_t number, const Result<Stamp>& result, std::optional<Stamp> stamp) {
  const std::scoped_lock lock(mutex_);
  Append& append = appends_.at(number);
  EXPECT_FALSE(append.answered) << "number " << number << " was answered twice";
  append.answered = true;
  append.stamp = stamp;
  append.error = result ? std::nullopt : std::optional(result.error());
}

void Ledger::ask_again(Client& client) {
  std::vector<std::pair<std::uint64_t, AppendOptions>> again;
  {
    const std::scoped_lock lock(mutex_);
    for (std::uint64_t number = 0; number < appends_.size(); ++number) {
      Append& append = appends_[number];
      if (!append.error || append.error->code != ErrorCode::outcome_unknown) continue;
      ASSERT_TRUE(append.stamp) << "an unknown outcome without a stamp cannot be settled";
      AppendOptions options;
      options.stamp = append.stamp;
      again.emplace_back(number, options);
      append.answered = false;
    }
  }
  for (const auto& [number, options] : again) send(client, number, options);
}

std::size_t Ledger::open() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      appends_.begin(), appends_.end(), [](const Append& append) { return !append.answered; }));
}

std::size_t Ledger::acknowledged() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(appends_.begin(), appends_.end(),
                    [](const Append& append) { return append.answered && !append.error; }));
}

std::vector<Error> Ledger::errors() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Error> all;
  for (const Append& append : appends_) {
    if (append.error) all.push_back(*append.error);
  }
  return all;
}

std::size_t Ledger::unknown() const {
  const auto all = errors();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const Error& error) {
    return error.code == ErrorCode::outcome_unknown;
  }));
}

std::map<std::string, std::size_t> Ledger::stored(Client& client) const {
  std::map<std::string, std::size_t> times;
  for (std::size_t key = 0; key < keys_; ++key) {
    for (const auto& item : client.values(key_of(key))) {
      if (!item) throw std::runtime_error(item.error().message);
      EXPECT_EQ(std::stoull(item->value) % keys_, key) << "a value under another key";
      ++times[item->value];
    }
  }
  return times;
}

std::size_t Ledger::count_stored(Client& client) const {
  std::size_t all = 0;
  for (const auto& [value, times] : stored(client)) all += times;
  return all;
}

void Ledger::expect_stored_once(Client& client) const {
  auto times = stored(client);
  const std::scoped_lock lock(mutex_);
  for (std::uint64_t number = 0; number < appends_.size(); ++number) {
    const Append& append = appends_[number];
    const std::size_t found = times[std::to_string(number)];
    const std::string what = name_ + ", number " + std::to_string(number);
    EXPECT_TRUE(append.answered) << what;
    if (!append.error) {
      EXPECT_EQ(found, 1U) << what << " was acknowledged";
    } else if (append.error->code == ErrorCode::outcome_unknown) {
      EXPECT_LE(found, 1U) << what << " has an unknown outcome";
    } else {
      EXPECT_EQ(found, 0U) << what << " was refused: " << append.error->message;
    }
  }
  EXPECT_LE(times.size(), appends_.size()) << "values that nobody appended";
}

}  // namespace kipu::test

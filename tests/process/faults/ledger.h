// Numbered values that are appended under faults, and what the client library said of each; then
// whether the store holds what it must.
//
// Thread rule: the main thread; callbacks come on the client's. Destroyed after the client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kipu/client.h"

namespace kipu::test {

class Ledger {
 public:
  // Its values go to `keys` keys, which are its own.
  explicit Ledger(std::string name, std::size_t keys = 40) : name_(std::move(name)), keys_(keys) {}
  // Appends the next value.
  void append(Client& client, const AppendOptions& options = {});
  void append_many(Client& client, std::size_t count, const AppendOptions& options = {});

  // How many appends have had no answer yet; how many have had which.
  std::size_t open() const;
  std::size_t acknowledged() const;
  std::size_t unknown() const;
  std::vector<Error> errors() const;

  // Acknowledged: there once. Unknown: there once at most. Refused: not there. And nothing else.
  // REQUIRES: open() == 0.
  void expect_stored_once(Client& client) const;
  // How many values there are, whatever they are.
  std::size_t count_stored(Client& client) const;
  // Asks again, under the same stamps, for all whose outcome is unknown.
  void ask_again(Client& client);

 private:
  struct Append {
    std::string key;
    std::optional<Stamp> stamp;
    std::optional<Error> error;
    bool answered = false;
  };

  std::string key_of(std::size_t number) const { return name_ + "/" + std::to_string(number); }
  void send(Client& client, std::uint64_t number, const AppendOptions& options);
  void note(std::uint64_t number, const Result<Stamp>& result, std::optional<Stamp> stamp);
  std::map<std::string, std::size_t> stored(Client& client) const;

  const std::string name_;
  const std::size_t keys_;
  mutable std::mutex mutex_;     // guards what follows
  std::vector<Append> appends_;  // by number, which is the value
};

}  // namespace kipu::test

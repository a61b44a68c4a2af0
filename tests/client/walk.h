// Walks over ranges, as strings that a test can compare.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "kipu/client.h"

namespace kipu::test {

// What a walk shows; errors by their name.
template <class T>
std::vector<std::string> walk(Range<T> range, std::string (*show)(const T&)) {
  std::vector<std::string> shown;
  for (const auto& item : range) {
    shown.push_back(item ? show(*item) : std::string(error_name(item.error().code)));
  }
  return shown;
}

// Of the key "key".
inline std::vector<std::string> values_of(Client& client, const ReadOptions& options) {
  return walk<Item>(client.values("key", options), [](const Item& item) { return item.value; });
}

inline std::vector<std::string> numbers(std::uint64_t from, std::uint64_t to) {
  std::vector<std::string> made;
  for (std::uint64_t number = from; number < to; ++number) made.push_back(std::to_string(number));
  return made;
}

}  // namespace kipu::test

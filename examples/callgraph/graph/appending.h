// Appends many entries and waits for them: what a writer sends together.
//
// Thread rule: an object belongs to one thread; the client calls back on its own.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "kipu/client.h"

namespace callgraph {

// An entry of at most this many bytes of values; more of one key and stamp are several entries.
inline constexpr std::size_t kEntryBytes = std::size_t{128} * 1024;
inline constexpr std::size_t kEntryValues = 16'384;

class Appending {
 public:
  Appending(kipu::Client& client, std::string bucket);
  ~Appending();  // waits

  // Sends `values` as one entry. Blocks while too much is on its way. Without a stamp the client
  // chooses it.
  void send(const std::string& key, kipu::Values values, std::optional<kipu::Stamp> stamp);
  // Until all that was sent is on disk: the first error, if there was one.
  [[nodiscard]] kipu::Status wait();

 private:
  struct State;
  kipu::Client* client_;
  std::string bucket_;
  std::shared_ptr<State> state_;  // the client's callbacks hold it too
};

// Gathers values by key, each key's after a header, into entries of bounded size.
class Gathering {
 public:
  Gathering(Appending& appending, kipu::Stamp stamp) : appending_(&appending), stamp_(stamp) {}

  // `head` and, unless empty, `second` stand first in every entry of `key`.
  void add(const std::string& key, std::string_view head, std::string_view second,
           std::string_view value);
  void send_all();

 private:
  Appending* appending_;
  kipu::Stamp stamp_;
  std::map<std::string, kipu::Values, std::less<>> open_;
};

}  // namespace callgraph

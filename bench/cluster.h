// A cluster of processes, as `kipu up` starts them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/time.h"
#include "kipu/client.h"

namespace kipu::bench {

// Ends this program, with the reason.
[[noreturn]] void give_up(const std::string& what);

template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}

// A broker and workers in `directory`/cluster until destruction. Ends this program where one of
// them cannot be started.
class Cluster {
 public:
  // `programs`: where kipu is, and the programs that it starts.
  Cluster(const std::filesystem::path& programs, const std::filesystem::path& directory,
          std::size_t workers = 1, std::size_t replicas = 1);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster();

  Client connect() const;
  // What broker and workers have used so far, in steps of 10 ms.
  Duration cpu_time() const;

 private:
  const std::string kipu_;
  const std::filesystem::path data_;
};

}  // namespace kipu::bench

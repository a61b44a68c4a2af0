// What commands work with: settings, the store, and what they write.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "examples/files/arguments.h"
#include "examples/files/store.h"
#include "kipu/client.h"

namespace files {

// The exit codes of `kipu`.
enum class Exit : int {
  done = 0,
  refused = 1,
  usage = 2,
  unreachable = 3,
  unknown = 4,
  unhealthy = 5,
  not_found = 6,
  interrupted = 130,
};

[[nodiscard]] Exit exit_of(kipu::ErrorCode code);

struct Settings {
  std::vector<std::string> brokers;
  std::optional<std::string> embedded;  // a directory; then `brokers` is not used
  std::string store = "files";
  kipu::Duration timeout = std::chrono::seconds(30);
  kipu::Duration chunk_timeout = std::chrono::minutes(2);
};

// From the options of the command line, and the environment's KIPU_BROKER.
[[nodiscard]] kipu::Result<Settings> settle(const Arguments& arguments);

// Thread rule: any thread; output of several threads does not mix within a line.
class Session {
 public:
  explicit Session(Settings settings) : settings_(std::move(settings)) {}

  // Connects when first asked. For a command that writes, makes the buckets too; for a completion,
  // during which nothing else can be typed, it does not wait long.
  enum class Purpose { read, write, complete };
  [[nodiscard]] kipu::Result<FileStore*> store(Purpose purpose);

  // Of the command that is to run: how it writes, and how much it does at once.
  kipu::Status begin(const Arguments& arguments);
  bool json() const { return json_; }
  bool quiet() const { return quiet_; }
  std::size_t jobs() const { return jobs_; }
  bool shows_progress() const { return progress_; }

  // A line for standard output. `end` is what follows it.
  void print(std::string_view line, char end = '\n');
  // A name for a list of names: as it is for a pipe, printable for a terminal.
  [[nodiscard]] std::string listed(std::string_view name) const;
  // An error, or something to know, for standard error.
  void note(std::string_view text);
  Exit report(const kipu::Error& error);

 private:
  kipu::Status connect(Purpose purpose);

  const Settings settings_;
  std::optional<kipu::Client> client_;
  std::unique_ptr<FileStore> store_;
  bool made_buckets_ = false;
  bool json_ = false;
  bool quiet_ = false;
  bool progress_ = false;
  std::size_t jobs_ = 8;
  std::mutex mutex_;  // guards standard output and error
};

// Set by Ctrl-C, once catch_interrupts() was called.
[[nodiscard]] std::atomic<bool>& interrupted();
void catch_interrupts();
// Until catch_interrupts(): between commands there is nothing that Ctrl-C could stop.
void ignore_interrupts();

}  // namespace files

// The directory of a cluster under `kipu up`, what hands and disks do to it, and what is typed
// then.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/local_cluster.h"

namespace kipu::test {

namespace fs = std::filesystem;

inline std::string text_of(const fs::path& path) {
  std::ostringstream text;
  if (!fs::is_fifo(path)) text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// The first command in backquotes that contains `what`.
inline std::string command_in(const std::string& message, const std::string& what) {
  for (std::size_t at = message.find('`'); at != std::string::npos;) {
    const std::size_t end = message.find('`', at + 1);
    if (end == std::string::npos) break;
    const std::string command = message.substr(at + 1, end - at - 1);
    if (command.find(what) != std::string::npos) return command;
    at = message.find('`', end + 1);
  }
  return {};
}

// Each test has a cluster of its own, which ends with it.
class RecoveryTest : public testing::Test {
 protected:
  void TearDown() override { kipu({"down", "--data", data(), "--kill"}); }

  std::string data() const { return (home_ / "data").string(); }
  fs::path in(const std::string& name) const { return home_ / "data" / name; }

  Process::Options options() const {
    Process::Options options;
    options.environment = empty_home(home_.path());
    for (auto& [name, value] : options.environment) {
      if (name == "KIPU_BROKER") value = endpoint();
    }
    const std::string programs = fs::path(program("kipu")).parent_path().string();
    options.environment.emplace_back("PATH", programs + ":/usr/bin:/bin");
    options.directory = home_.path();
    return options;
  }
  std::string endpoint() const {
    const std::string text = text_of(in("endpoint"));
    return text.substr(0, text.find('\n'));
  }
  Finished kipu(std::vector<std::string> words) const {
    words.insert(words.begin(), program("kipu"));
    return run(std::move(words), options());
  }
  Finished up(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"up", "--detach", "--port", "0", "--data", data()};
    words.insert(words.end(), more.begin(), more.end());
    return kipu(std::move(words));
  }
  Finished down() const { return kipu({"down", "--data", data()}); }
  // As a person types it who reads it in a message.
  Finished type(const std::string& line) const { return run({"/bin/sh", "-c", line}, options()); }

  static void expect_done(const Finished& finished) {
    EXPECT_EQ(finished.ended, (Ended{0, 0})) << finished.output << finished.errors;
  }
  static void expect_refused(const Finished& finished, int code, const std::string& what) {
    EXPECT_EQ(finished.ended, (Ended{code, 0})) << finished.output << finished.errors;
    EXPECT_NE(finished.errors.find(what), std::string::npos) << finished.errors;
  }
  bool is_healthy() const { return kipu({"status"}).ended == Ended{0, 0}; }
  // A replica that fills another anew takes long on a busy machine.
  bool becomes_healthy() const {
    return eventually([this] { return is_healthy(); }, kPatience + std::chrono::seconds(90));
  }

  // A cluster with one entry, which does not run.
  void make_cluster(std::vector<std::string> more = {}) {
    expect_done(up(std::move(more)));
    expect_done(kipu({"append", "fruit", "apple"}));
    EXPECT_TRUE(becomes_healthy());
    expect_done(down());
  }
  void expect_data() const {
    const Finished got = kipu({"get", "fruit"});
    EXPECT_EQ(got.output, "apple\n") << got.errors;
    expect_done(kipu({"append", "more", "values"}));
  }
  // The id that `kipu status` gives the store of that folder.
  std::string worker_in(const std::string& folder) const {
    const Finished shown = run({program("kipu-worker"), "show", "--data", in(folder).string()});
    const std::string id = shown.output.substr(10, 32);
    const std::size_t at = shown.output.find("\"store\":\"" + id + "\"", 50);
    const std::size_t name = shown.output.rfind("\"id\":\"", at) + 6;
    return shown.output.substr(name, shown.output.find('"', name) - name);
  }

  const TempDirectory home_;
};

}  // namespace kipu::test

// 1, 10, 100,000 and 2,000,000 values under one key. No process needs more memory for many.
//
// Bound: 96 MiB of anonymous memory (RssAnon) for each of kipu, broker and workers, at any time.
// Tables of the store are mapped files, which the kernel takes back when it likes: not counted.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>

#include "kipu/client.h"
#include "tests/support/local_cluster.h"
#include "tests/support/memory_watch.h"
#include "tests/support/proxy.h"

namespace kipu {
namespace {

using test::Ended;
using test::Finished;
using test::LocalCluster;
using test::MemoryWatch;
using test::Process;

constexpr std::uint64_t kMostKib = std::uint64_t{96} * 1024;
constexpr std::size_t kMany = 2'000'000;

std::string value_of(std::size_t number) {
  std::string text = "value-0000000";
  for (std::size_t at = text.size(); number > 0; number /= 10) {
    text[--at] = static_cast<char>('0' + number % 10);
  }
  return text;
}

std::string key_of(std::size_t count) {
  return "key-of-" + std::to_string(count);
}

// The first difference between `text` and the values [begin, end) of a key, a line each.
std::optional<std::string> difference(std::string_view text, std::size_t begin, std::size_t end) {
  for (std::size_t number = begin; number < end; ++number) {
    const std::string line = value_of(number) + "\n";
    if (!text.starts_with(line)) {
      return "value " + std::to_string(number) + ": " + std::string(text.substr(0, line.size()));
    }
    text.remove_prefix(line.size());
  }
  if (text.empty()) return std::nullopt;
  return "more than was written: " + std::string(text.substr(0, 80));
}

void write_values(Client& client, std::size_t count) {
  std::atomic<std::size_t> acknowledged = 0;
  for (std::size_t number = 0; number < count; ++number) {
    client.append_async(key_of(count), Values{value_of(number)}, {},
                        [&](const Result<Stamp>& stamp, std::optional<Stamp>) {
                          if (stamp) ++acknowledged;
                        });
  }
  client.flush();
  ASSERT_EQ(acknowledged, count);
}

class ManyValuesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster = std::make_unique<LocalCluster>();
    ClientOptions options;
    options.brokers = {cluster->frontend()};
    options.timeout = test::kPatience;
    auto client = Client::connect(options);
    ASSERT_TRUE(client) << client.error().message;
    MemoryWatch watch(cluster->processes());
    for (const std::size_t count : {std::size_t{1}, std::size_t{10}, std::size_t{100'000}, kMany}) {
      write_values(*client, count);
    }
    watch.expect_at_most(kMostKib, "writing");
  }
  static void TearDownTestSuite() { cluster.reset(); }

  // Runs it, and watches it and the cluster.
  static Finished run_watched(std::vector<std::string> words) {
    const std::string what = words.front();
    words.insert(words.begin(), test::program("kipu"));
    words.insert(words.end(), {"--timeout", "1m"});
    Process kipu(words, cluster->options());
    std::vector<pid_t> pids = cluster->processes();
    pids.push_back(kipu.pid());
    MemoryWatch watch(pids);
    Finished finished{kipu.wait(), kipu.output(), kipu.errors()};
    watch.expect_at_most(kMostKib, what);
    return finished;
  }

  static std::unique_ptr<LocalCluster> cluster;
};

std::unique_ptr<LocalCluster> ManyValuesTest::cluster;

TEST_F(ManyValuesTest, AreReadWhateverTheirNumber) {
  for (const std::size_t count : {std::size_t{1}, std::size_t{10}, std::size_t{100'000}}) {
    const Finished got = cluster->kipu({"get", key_of(count), "--timeout", "1m"});
    EXPECT_EQ(got.ended, (Ended{0, 0})) << got.errors;
    EXPECT_EQ(difference(got.output, 0, count), std::nullopt);
    const Finished counted = cluster->kipu({"count", key_of(count), "--timeout", "1m"});
    EXPECT_EQ(counted.output, std::to_string(count) + "\n") << counted.errors;
  }
}

TEST_F(ManyValuesTest, AreReadInLittleMemory) {
  const Finished got = run_watched({"get", key_of(kMany)});
  EXPECT_EQ(got.ended, (Ended{0, 0})) << got.errors;
  EXPECT_EQ(difference(got.output, 0, kMany), std::nullopt);
}

// The proxy sees the request for the second page after kipu has sent it: what kipu had printed
// before is in the file by then.
TEST_F(ManyValuesTest, ShowTheFirstBeforeTheSecondPageIsAskedFor) {
  test::Proxy proxy(cluster->frontend());
  proxy.hold(schema::MessageKind::page, 2);
  const std::string file = cluster->file("values").string();
  Process shell({"sh", "-c",
                 "exec '" + test::program("kipu") + "' get --timeout 1m --broker " +
                     proxy.endpoint() + " " + key_of(kMany) + " > '" + file + "'"},
                cluster->options());
  ASSERT_TRUE(test::eventually([&] { return proxy.is_holding(); }));
  std::string first;
  std::getline(std::ifstream(file), first);
  EXPECT_EQ(first, value_of(0));
  EXPECT_TRUE(shell.running());
  proxy.release();
  EXPECT_EQ(shell.wait(), (Ended{0, 0})) << shell.errors();
  EXPECT_EQ(std::filesystem::file_size(file), kMany * (value_of(0).size() + 1));
}

TEST_F(ManyValuesTest, AreCountedAndReadFromTheirEndInLittleMemory) {
  const std::string key = key_of(kMany);
  const Finished count = run_watched({"count", key});
  EXPECT_EQ(count.output, "2000000\n") << count.errors;
  const Finished last = run_watched({"get", key, "--last", "150000"});
  EXPECT_EQ(difference(last.output, kMany - 150'000, kMany), std::nullopt);
  const Finished newest = run_watched({"get", key, "--reverse", "--limit", "2"});
  EXPECT_EQ(newest.output, value_of(kMany - 1) + "\n" + value_of(kMany - 2) + "\n");
}

TEST_F(ManyValuesTest, AreExportedInLittleMemory) {
  const Finished exported = run_watched({"export", key_of(kMany), "--format", "tsv"});
  EXPECT_EQ(exported.ended, (Ended{0, 0})) << exported.errors;
  EXPECT_EQ(std::ranges::count(exported.output, '\n'), static_cast<std::ptrdiff_t>(kMany));
}

// A reader that has seen enough ends the command, and asks the workers for no more.
TEST_F(ManyValuesTest, EndWithTheirReader) {
  const Finished shown = test::run(
      {"bash", "-c",
       "set -o pipefail; '" + test::program("kipu") + "' get " + key_of(kMany) + " | head -n 1"},
      cluster->options());
  EXPECT_EQ(shown.output, value_of(0) + "\n");
  EXPECT_EQ(shown.errors, "");
}

TEST_F(ManyValuesTest, HaveRestartedNobody) {
  EXPECT_FALSE(cluster->has_restarted());
}

}  // namespace
}  // namespace kipu

// A worker whose disk fills up. The disk is a small tmpfs, seen by this process and its children
// alone, so that nothing of it is left however the test ends.
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "base/random.h"
#include "tests/process/faults/cluster.h"

namespace kipu {
namespace {

using test::Cluster;
using test::eventually;
using test::must;

constexpr const char* kRefusing = "refusing writes until there is room";
constexpr std::size_t kMebibyte = std::size_t{1} << 20U;

class SmallDisk {
 public:
  explicit SmallDisk(std::size_t mebibytes) {
    const std::string size = "size=" + std::to_string(mebibytes) + "m";
    const bool mounted =
        unshare(CLONE_NEWNS) == 0 &&
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        mount("kipu-test", path().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, size.c_str()) == 0;
    if (!mounted) problem_ = std::strerror(errno);
  }
  ~SmallDisk() {
    if (problem_.empty()) umount2(path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::filesystem::path& path() const { return directory_.path(); }
  const std::string& problem() const { return problem_; }  // why there is none; empty if there is
  std::size_t free_bytes() const {
    struct statvfs values{};
    statvfs(path().c_str(), &values);
    return values.f_bavail * values.f_bsize;
  }
  // Takes so much of the disk, as far as there is.
  void occupy(std::size_t mebibytes) const {
    std::ofstream file(path() / "filler", std::ios::app);
    const std::string block(kMebibyte, 'x');
    for (std::size_t i = 0; i < mebibytes; ++i) file << block << std::flush;
  }
  void vacate() const { std::filesystem::remove(path() / "filler"); }

 private:
  test::TempDirectory directory_;
  std::string problem_;
};

class FullDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!disk_.problem().empty()) GTEST_SKIP() << "cannot mount a tmpfs: " << disk_.problem();
    disk_.occupy(30);
    cluster_ = std::make_unique<Cluster>(test::ClusterOptions{
        .workers = 1, .worker_arguments = {"--reserve", "48MiB"}, .stores = disk_.path()});
    client_.emplace(cluster_->client());
    once_ = must(client_->once("fill"));
  }

  // Appends until the first refusal; what it says.
  std::optional<Error> fill() {
    for (int i = 0; i < 10'000; ++i) {
      if (auto refusal = append(noise())) return refusal;
      ++acknowledged_;
    }
    return std::nullopt;
  }
  // Which no compression makes smaller.
  std::string noise() {
    std::string bytes(9'000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(rng_.next());
    return bytes;
  }
  // Why it was refused; nothing if it was not. Where a busy machine leaves it open which of the two
  // it was, the entry is asked for again.
  std::optional<Error> append(const std::string& value) {
    AppendOptions brief;
    brief.timeout = std::chrono::seconds(1);
    brief.stamp = once_->stamp(appends_++);
    Result<Stamp> done = client_->append("key", value, brief);
    for (int i = 0; i < 20 && !done && done.error().code == ErrorCode::outcome_unknown; ++i) {
      done = client_->append("key", value, brief);
    }
    if (done) return std::nullopt;
    return done.error();
  }
  std::optional<ErrorCode> append_error() {
    const auto refusal = append("value");
    if (!refusal) return std::nullopt;
    return refusal->code;
  }
  void expect_everything_is_read() {
    EXPECT_EQ(must(client_->count("key")).values, acknowledged_);
    EXPECT_TRUE(must(client_->last("key")).has_value());
  }
  bool is_read_only() { return must(client_->status()).workers.at(0).health.read_only; }
  bool log_says(const std::string& what) {
    std::ifstream in(cluster_->log_of("worker0"));
    const std::string text(std::istreambuf_iterator<char>(in), {});
    return text.find(what) != std::string::npos;
  }

  Rng rng_{1};
  SmallDisk disk_{96};
  std::uint64_t acknowledged_ = 0;
  std::unique_ptr<Cluster> cluster_;
  std::optional<Client> client_;
  std::optional<Once> once_;
  std::uint64_t appends_ = 0;
};

TEST_F(FullDiskTest, IsRefusedWritesBeforeItIsFullAndTakesThemAgainWhenThereIsRoom) {
  const auto refusal = fill();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(error_name(refusal->code), "read_only") << refusal->message;
  EXPECT_GT(acknowledged_, 0U);
  EXPECT_GT(disk_.free_bytes(), 24 * kMebibyte);
  EXPECT_TRUE(eventually([&] { return is_read_only(); }));
  EXPECT_TRUE(log_says(kRefusing));
  expect_everything_is_read();

  std::atomic<bool> done = false;
  client_->append_async("key", Values{"patient"}, {},
                        [&](const Result<Stamp>& result, std::optional<Stamp>) {
                          EXPECT_TRUE(result);
                          done = true;
                        });
  disk_.vacate();
  EXPECT_TRUE(eventually([&] { return done.load(); }));
  ++acknowledged_;
  EXPECT_TRUE(eventually([&] { return !is_read_only(); }));
  EXPECT_TRUE(log_says("taking writes again"));
  expect_everything_is_read();
}

TEST_F(FullDiskTest, LeavesRoomToStartAnew) {
  ASSERT_TRUE(fill());
  cluster_->worker(0).kill(SIGKILL);
  cluster_->worker(0).wait();
  disk_.occupy(8);
  std::filesystem::remove(cluster_->log_of("worker0"));
  cluster_->supervise();
  ASSERT_TRUE(eventually([&] { return log_says(kRefusing); }));
  expect_everything_is_read();
  EXPECT_EQ(append_error(), ErrorCode::read_only);
}

TEST_F(FullDiskTest, IsReadAlsoWhereOthersHaveTakenAllOfIt) {
  ASSERT_TRUE(client_->append("key", "value"));
  ++acknowledged_;
  disk_.occupy(96);
  EXPECT_EQ(disk_.free_bytes() / kMebibyte, 0U);
  ASSERT_TRUE(eventually([&] { return is_read_only(); }));
  expect_everything_is_read();
  EXPECT_EQ(append_error(), ErrorCode::read_only);
  EXPECT_TRUE(cluster_->worker(0).running());
}

}  // namespace
}  // namespace kipu

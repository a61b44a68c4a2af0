// Files into a store and out again, in one process.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "examples/files/codec.h"
#include "examples/files/download.h"
#include "examples/files/names.h"
#include "examples/files/upload.h"
#include "kipu/embedded.h"
#include "tests/examples/files/bytes.h"
#include "tests/support/process.h"

namespace files {
namespace {

using kipu::ErrorCode;
using kipu::Result;
using kipu::Status;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::size_t kBudget = std::size_t{4} << 20U;

class TransferTest : public testing::Test {
 protected:
  void SetUp() override {
    kipu::EmbeddedOptions options;
    options.partitions = 4;
    auto opened = kipu::open_embedded(directory_ / "store", options);
    ASSERT_TRUE(opened) << opened.error().message;
    client_.emplace(std::move(*opened));
    store_.emplace(*client_, "files");
    ASSERT_TRUE(store_->make_buckets());
  }

  std::string path(const std::string& name) const { return (directory_ / name).native(); }

  std::string write(const std::string& name, const std::string& bytes) {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

  Result<Uploaded> up(const std::string& file, const std::string& name, bool verify = false,
                      Links links = Links::follow) {
    ChunkSender sender(*store_, progress_, {.threads = 4, .bytes = kBudget}, verify);
    return upload({*store_, sender, progress_, interrupted_}, file, name, links);
  }

  Status down(const std::string& name, const std::string& as) {
    const auto stored = store_->last_version(name);
    if (!stored) return kipu::fail(stored.error());
    if (!*stored) return kipu::fail(ErrorCode::invalid_argument, "absent");
    return down((*stored)->version, as);
  }
  Status down(const Version& version, const std::string& as) {
    Budget budget(kBudget);
    Pool pool(4);
    return download({*store_, pool, budget, progress_, interrupted_}, version,
                    directory_.path().native(), as, false);
  }

  std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name), std::ios::binary).rdbuf();
    return text.str();
  }

  std::size_t entries(const std::string& bucket) {
    std::size_t count = 0;
    kipu::KeysOptions options;
    options.bucket = bucket;
    for (const auto& entry : client_->entries(options)) count += entry.has_value() ? 1U : 0U;
    return count;
  }

  kipu::test::TempDirectory directory_;
  std::optional<kipu::Client> client_;
  std::optional<FileStore> store_;
  Progress progress_;
  std::atomic<bool> interrupted_ = false;
};

TEST_F(TransferTest, ReturnsFilesOfAnySize) {
  int number = 0;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65'536},
                                 std::size_t{983'041}, std::size_t{9'000'000}}) {
    const std::string name = "f" + std::to_string(number++);
    const std::string bytes = test::random_bytes(size, size);
    ASSERT_TRUE(up(write(name, bytes), name)) << size;
    const auto got = down(name, "back/" + name);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_TRUE(content("back/" + name) == bytes) << size;
  }
}

TEST_F(TransferTest, KeepsTimesPermissionsAndHoles) {
  const std::string file = write("sparse", "start");
  std::filesystem::resize_file(file, std::uint64_t{300} << 20U);
  std::ofstream(file, std::ios::in | std::ios::ate | std::ios::binary) << "end";
  ASSERT_EQ(::chmod(file.c_str(), 0751), 0);
  const timespec times[2] = {{1, 0}, {1'234'567, 89}};
  ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  const auto uploaded = up(file, "sparse");
  ASSERT_TRUE(uploaded);
  EXPECT_LE(uploaded->chunks, 2U);
  ASSERT_TRUE(down("sparse", "back"));
  struct stat facts{};
  ASSERT_EQ(::stat(path("back").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0751U);
  EXPECT_EQ(facts.st_mtim.tv_sec, 1'234'567);
  EXPECT_EQ(facts.st_mtim.tv_nsec, 89);
  EXPECT_LT(facts.st_blocks * 512, 1 << 20U);
  const std::string back = content("back");
  EXPECT_EQ(back.size(), (std::size_t{300} << 20U) + 3);
  EXPECT_TRUE(back.starts_with("start") && back.ends_with("end"));
  EXPECT_EQ(back.find_first_not_of('\0', 5), std::size_t{300} << 20U);
}

TEST_F(TransferTest, KeepsLinksAndEmptyFolders) {
  std::filesystem::create_symlink("nowhere at all", path("link"));
  std::filesystem::create_directory(path("empty"));
  ASSERT_TRUE(up(path("link"), "link", false, Links::keep));
  ASSERT_TRUE(up(path("empty"), "empty"));
  ASSERT_TRUE(down("link", "back/link"));
  ASSERT_TRUE(down("empty", "back/empty"));
  EXPECT_EQ(std::filesystem::read_symlink(path("back/link")), "nowhere at all");
  EXPECT_TRUE(std::filesystem::is_directory(path("back/empty")));
}

TEST_F(TransferTest, StoresOfANewVersionWhatChanged) {
  std::string bytes = test::random_bytes(8'000'000, 1);
  const auto first = up(write("f", bytes), "f");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->sent_chunks, first->chunks);
  bytes.insert(4'000'000, "something else");
  const auto second = up(write("f", bytes), "f");
  ASSERT_TRUE(second);
  EXPECT_LE(second->sent_chunks, 3U);
  EXPECT_GE(second->sent_chunks, 1U);
  std::vector<std::uint64_t> sizes;
  ASSERT_TRUE(store_->visit_versions("f", [&](const StoredVersion& stored) {
    sizes.push_back(stored.version.size);
    return true;
  }));
  EXPECT_THAT(sizes, ElementsAre(8'000'000, 8'000'014));
}

TEST_F(TransferTest, AddsNoVersionWhereNothingChanged) {
  const std::string file = write("f", "same");
  ASSERT_TRUE(up(file, "f"));
  const auto again = up(file, "f");
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->unchanged);
  EXPECT_EQ(entries("files.names"), 1U);
}

TEST_F(TransferTest, StoresAChunkThatOccursOftenOnce) {
  const auto uploaded = up(write("zeros", std::string(20'000'000, '\0')), "zeros");
  ASSERT_TRUE(uploaded);
  EXPECT_GT(uploaded->chunks, 20U);
  EXPECT_LE(uploaded->sent_chunks, 2U);
  EXPECT_EQ(entries("files.chunks"), uploaded->sent_chunks);
}

TEST_F(TransferTest, LeavesNoVersionWhereItIsInterruptedAndResumes) {
  const std::string file = write("f", test::random_bytes(3'000'000, 5));
  interrupted_ = true;
  EXPECT_EQ(up(file, "f").error().code, ErrorCode::cancelled);
  EXPECT_EQ(entries("files.names"), 0U);
  interrupted_ = false;
  EXPECT_TRUE(up(file, "f"));
}

TEST_F(TransferTest, NamesAChunkThatIsLostAndWritesNothing) {
  ASSERT_TRUE(up(write("f", test::random_bytes(2'000'000, 6)), "f"));
  Version version = (*store_->last_version("f"))->version;
  version.refs[1].id = sha256("never stored");
  const auto got = down(version, "back/f");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::corrupt);
  EXPECT_THAT(got.error().message, HasSubstr(hex(sha256("never stored"))));
  EXPECT_TRUE(std::filesystem::is_empty(path("back")));
}

TEST_F(TransferTest, NamesAChunkThatIsAlteredUntilAnUploadMendsIt) {
  const std::string bytes = "what the file says";
  kipu::AppendOptions options;
  options.bucket = "files.chunks";
  ASSERT_TRUE(
      client_->append(bytes_of(sha256(bytes)), *compress("something els just as long"), options));
  const std::string file = write("f", bytes);
  ASSERT_TRUE(up(file, "f"));  // takes what is there for what it says
  const auto got = down("f", "back/f");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::corrupt);
  EXPECT_THAT(got.error().message, HasSubstr(hex(sha256(bytes))));
  const auto mended = up(file, "f", true);
  ASSERT_TRUE(mended);
  EXPECT_EQ(mended->sent_chunks, 1U);
  ASSERT_TRUE(down("f", "back/f"));
  EXPECT_EQ(content("back/f"), bytes);
}

TEST_F(TransferTest, RefusesAFileWhoseListOfChunksIsAnother) {
  ASSERT_TRUE(up(write("f", test::random_bytes(2'000'000, 7)), "f"));
  Version version = (*store_->last_version("f"))->version;
  ASSERT_GT(version.refs.size(), 1U);
  std::swap(version.refs.front(), version.refs.back());
  const auto got = down(version, "back/f");
  EXPECT_EQ(got.error().code, ErrorCode::corrupt);
  EXPECT_FALSE(std::filesystem::exists(path("back/f")));
}

TEST_F(TransferTest, ListsNamesOfAnyBytesAndAnyLength) {
  const std::string file = write("f", "x");
  const std::string long_name = std::string(3000, 'n') + "/end";
  const std::set<std::string> names{"a b",
                                    "new\nline",
                                    "\xff\xfe",
                                    "-x",
                                    long_name,
                                    std::string(3000, 'n') + "/other",
                                    std::string(1024, 'k')};
  for (const std::string& name : names) ASSERT_TRUE(up(file, name));
  std::set<std::string> listed;
  const auto note = [&](const std::string& name) { return listed.insert(name).second; };
  ASSERT_TRUE(store_->visit_names("", note));
  EXPECT_EQ(listed, names);
  listed.clear();
  ASSERT_TRUE(store_->visit_names(std::string(3000, 'n') + "/e", note));
  EXPECT_EQ(listed, std::set<std::string>{long_name});
  ASSERT_TRUE(down(long_name, "back"));
}

TEST_F(TransferTest, RefusesBucketsThatAreOthers) {
  kipu::Bucket bucket;
  bucket.name = "mine.names";
  ASSERT_TRUE(client_->create_bucket(bucket));
  const auto refused = FileStore(*client_, "mine").make_buckets();
  EXPECT_EQ(refused.error().code, ErrorCode::bucket_differs);
  EXPECT_THAT(refused.error().message, HasSubstr("--store"));
}

TEST_F(TransferTest, FindsNothingInBucketsThatAreNotThere) {
  FileStore other(*client_, "other");
  EXPECT_FALSE(*other.last_version("f"));
  EXPECT_TRUE(other.visit_names("", [](const std::string&) { return false; }));
}

}  // namespace
}  // namespace files

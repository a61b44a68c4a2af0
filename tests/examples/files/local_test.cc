#include "examples/files/local.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "examples/files/paths.h"
#include "tests/support/process.h"

namespace files {
namespace {

using testing::HasSubstr;

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void expect_none(const kipu::Error& error) {
  ADD_FAILURE() << error.message;
}

class LocalTest : public testing::Test {
 protected:
  std::string root() const { return directory_.path().native(); }
  Version version(std::uint64_t size) const {
    Version made;
    made.size = size;
    made.mode = 04640;
    made.seconds = 1'000'000'000;
    made.nanoseconds = 5;
    return made;
  }

  kipu::test::TempDirectory directory_;
};

TEST_F(LocalTest, ShowsATargetOnlyOnceItIsCommitted) {
  {
    auto target = Target::open(root(), "a/b", false);
    ASSERT_TRUE(target) << target.error().message;
    ASSERT_TRUE(target->write(0, "hello"));
    EXPECT_TRUE(std::filesystem::is_empty(directory_ / "a"));
    ASSERT_TRUE(target->commit(version(5)));
  }
  EXPECT_EQ(content_of(directory_ / "a/b"), "hello");
  struct stat facts{};
  ASSERT_EQ(::stat((directory_ / "a/b").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0640U);  // and nobody's identity is taken from a store
  EXPECT_EQ(facts.st_mtim.tv_sec, 1'000'000'000);
  EXPECT_EQ(facts.st_mtim.tv_nsec, 5);
}

TEST_F(LocalTest, LeavesNothingOfATargetThatIsGivenUp) {
  for (const bool replace : {false, true}) {
    auto target = Target::open(root(), "a", replace);
    ASSERT_TRUE(target);
    ASSERT_TRUE(target->write(0, "half"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(LocalTest, ReplacesAFileOnlyWhereThatIsAsked) {
  std::ofstream(directory_ / "a") << "old";
  const auto refused = Target::open(root(), "a", false);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("--force"));
  auto target = Target::open(root(), "a", true);
  ASSERT_TRUE(target);
  ASSERT_TRUE(target->write(0, "new"));
  ASSERT_TRUE(target->commit(version(3)));
  EXPECT_EQ(content_of(directory_ / "a"), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 1);
}

TEST_F(LocalTest, DoesNotReplaceAFileThatCameMeanwhile) {
  auto target = Target::open(root(), "a", false);
  ASSERT_TRUE(target);
  ASSERT_TRUE(target->write(0, "new"));
  std::ofstream(directory_ / "a") << "other";
  EXPECT_THAT(target->commit(version(3)).error().message, HasSubstr("--force"));
  EXPECT_EQ(content_of(directory_ / "a"), "other");
}

TEST_F(LocalTest, DoesNotFollowLinksBelowTheFolder) {
  std::filesystem::create_directory(directory_ / "outside");
  std::filesystem::create_directory(directory_ / "root");
  std::filesystem::create_directory_symlink(directory_ / "outside", directory_ / "root/link");
  EXPECT_FALSE(Target::open((directory_ / "root").native(), "link/file", false));
  EXPECT_TRUE(std::filesystem::is_empty(directory_ / "outside"));
}

TEST_F(LocalTest, FindsDataAndLongHoles) {
  constexpr std::uint64_t kSize = 64U << 20U;
  auto target = Target::open(root(), "sparse", false);
  ASSERT_TRUE(target);
  ASSERT_TRUE(target->write(8U << 20U, std::string(100'000, 'x')));
  ASSERT_TRUE(target->write((8U << 20U) + 131'072, std::string(10, 'y')));
  ASSERT_TRUE(target->commit(version(kSize)));
  const auto file = open_path((directory_ / "sparse").native(), O_RDONLY);
  ASSERT_TRUE(file);
  const auto extent = next_extent(file->get(), 0, kSize);
  ASSERT_TRUE(extent);
  EXPECT_LE(extent->offset, 8U << 20U);
  // The gap of less than 64 KiB is no hole to us.
  EXPECT_GE(extent->offset + extent->length, (8U << 20U) + 131'082);
  const auto after = next_extent(file->get(), extent->offset + extent->length, kSize);
  EXPECT_FALSE(after && after->offset < kSize && after->length == kSize);
  EXPECT_EQ(next_extent(file->get(), kSize, kSize), std::nullopt);
}

TEST_F(LocalTest, WalksAFolderInTheOrderOfNames) {
  std::filesystem::create_directories(directory_ / "b/empty");
  std::ofstream(directory_ / "b/z").put('1');
  std::ofstream(directory_ / "a").put('2');
  std::filesystem::create_symlink("a", directory_ / "c");
  ASSERT_EQ(::mkfifo((directory_ / "d").c_str(), 0600), 0);
  std::string seen;
  const auto note = [&](const Found& found) {
    seen += found.name + ':' + std::to_string(static_cast<int>(found.kind)) + ' ';
    return true;
  };
  walk(root(), note, expect_none);
  EXPECT_EQ(seen, "a:0 b/empty:2 b/z:0 c:1 d:3 ");
}

TEST_F(LocalTest, TakesPathsLongerThanACallMayName) {
  std::string name = "f";
  for (int i = 0; i < 30; ++i) name.insert(0, std::string(200, 'd') + '/');
  ASSERT_GT(name.size(), 4096U);
  auto target = Target::open(root(), name, false);
  ASSERT_TRUE(target) << target.error().message;
  ASSERT_TRUE(target->write(0, "deep"));
  ASSERT_TRUE(target->commit(version(4)));
  const auto file = open_path(root() + '/' + name, O_RDONLY);
  ASSERT_TRUE(file) << file.error().message;
  char read[5] = {};
  EXPECT_EQ(::pread(file->get(), read, 4, 0), 4);
  EXPECT_STREQ(read, "deep");
  std::string found;
  const auto note = [&](const Found& at) {
    found = at.name;
    return true;
  };
  walk(root(), note, expect_none);
  EXPECT_EQ(found, name);
}

TEST_F(LocalTest, PassesOverAFolderThatCannotBeRead) {
  std::filesystem::create_directories(directory_ / "b/inner");
  for (const char* name : {"a", "b/inner/f", "c"}) std::ofstream(directory_ / name).put('x');
  std::string seen;
  std::string failed;
  const auto note = [&](const Found& found) {
    // It goes while its folder is being walked: permissions do not stop every user.
    if (found.name == "a") std::filesystem::remove_all(directory_ / "b");
    seen += found.name + ' ';
    return true;
  };
  walk(root(), note, [&](const kipu::Error& error) { failed += error.message; });
  EXPECT_EQ(seen, "a c ");
  EXPECT_NE(failed.find("b'"), std::string::npos) << failed;
}

TEST_F(LocalTest, TellsAMissingFileFromADiskThatFails) {
  EXPECT_EQ(open_path(root() + "/none", O_RDONLY).error().code, kipu::ErrorCode::invalid_argument);
  EXPECT_EQ(system_error("read", "x", EIO).code, kipu::ErrorCode::io_error);
  EXPECT_EQ(system_error("write", "x", ENOSPC).code, kipu::ErrorCode::io_error);
}

}  // namespace
}  // namespace files

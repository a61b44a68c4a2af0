// A store on disk that a test opens, closes and damages.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/little_endian.h"
#include "storage/leveldb_store.h"
#include "storage/watched_database.h"
#include "tests/storage/entries.h"
#include "tests/support/process.h"

namespace kipu::storage {

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class LevelDbTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(init_leveldb_store(directory_, rng_)); }

  Result<std::unique_ptr<Store>> try_open(const std::filesystem::path& directory) {
    return open_leveldb_store(directory, options_, rng_);
  }
  std::unique_ptr<Store> open() { return try_open(directory_).value(); }

  // How opening fails; `internal` if it does not.
  Error error_of_open() {
    const auto opened = try_open(directory_);
    return opened ? Error{} : opened.error();
  }

  // The database below the store, open on its own.
  WatchedDatabase open_database() {
    const std::filesystem::path at = directory_ / "db";
    WatchedDatabase database;
    const auto status = database.open({}, at, check_database_files(at).value());
    EXPECT_TRUE(status.ok()) << status.ToString();
    return database;
  }

  // The database knows `run`, too: for a store file that a test wrote.
  void make_known(std::uint64_t run) {
    std::string key = "r";
    append_be(key, run);
    ASSERT_TRUE(open_database()->Put({}, key, {}).ok());
  }

  static std::vector<std::filesystem::path> files_of(const std::filesystem::path& directory,
                                                     std::string_view extension) {
    std::vector<std::filesystem::path> found;
    for (const auto& file : std::filesystem::directory_iterator(directory / "db")) {
      if (file.path().extension() == extension) found.push_back(file.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  // A copy of the store, to be damaged: as it was closed, or, while it is open, as a process leaves
  // it that is killed now.
  std::filesystem::path copy(const std::filesystem::path& from) {
    const std::filesystem::path made = temp_ / ("copy" + std::to_string(++copies_));
    std::filesystem::copy(from, made, std::filesystem::copy_options::recursive);
    return made;
  }
  std::filesystem::path copy() { return copy(directory_); }

  test::TempDirectory temp_;
  const std::filesystem::path directory_ = temp_ / "store";
  LevelDbOptions options_;
  Rng rng_{1};
  int copies_ = 0;
};

}  // namespace kipu::storage

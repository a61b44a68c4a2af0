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
#include <leveldb/db.h>

#include "storage/leveldb_store.h"
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
  std::unique_ptr<leveldb::DB> open_database() {
    leveldb::DB* db = nullptr;
    const auto status = leveldb::DB::Open({}, (directory_ / "db").string(), &db);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return std::unique_ptr<leveldb::DB>(db);
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

  // A copy of the closed store, to be damaged.
  std::filesystem::path copy() {
    const std::filesystem::path made = temp_ / ("copy" + std::to_string(++copies_));
    std::filesystem::copy(directory_, made, std::filesystem::copy_options::recursive);
    return made;
  }

  test::TempDirectory temp_;
  const std::filesystem::path directory_ = temp_ / "store";
  LevelDbOptions options_;
  Rng rng_{1};
  int copies_ = 0;
};

}  // namespace kipu::storage

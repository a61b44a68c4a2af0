// What a store asks of the file system, with durability spelt out: nothing here returns success
// before what it did would survive a loss of power.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include "base/result.h"

namespace kipu::storage {

// There is no access control: what a store holds is for its owner.
inline constexpr mode_t kPrivateFile = 0600;
inline constexpr mode_t kPrivateDirectory = 0700;

// A file descriptor with one owner.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor();

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

// Keeps every other process, and everything else in this one, out of `directory` while the result
// lives. It locks the directory itself, so it leaves no file behind. `in_use`, `io_error`.
[[nodiscard]] Result<FileDescriptor> lock_directory(const std::filesystem::path& directory);

// The whole of a file. `corrupt` if it is larger than `max_bytes`, or none at all, `io_error`.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::size_t max_bytes);

// Writes a file in place. A crash may leave any part of it. `io_error`.
[[nodiscard]] Status write_file(const std::filesystem::path& path, std::string_view bytes);

// Replaces `path`, which need not exist: a crash leaves either the old bytes or the new.
// `io_error`.
[[nodiscard]] Status replace_file(const std::filesystem::path& path, std::string_view bytes);

// `io_error`.
[[nodiscard]] Status rename_file(const std::filesystem::path& from,
                                 const std::filesystem::path& to);

// Makes the names in `directory` durable. `io_error`.
[[nodiscard]] Status sync_directory(const std::filesystem::path& directory);

// Makes `directory`, and those above it that are missing, private. `io_error`.
[[nodiscard]] Status make_directory(const std::filesystem::path& directory);

// What is free to us on the file system of `path`; 0 if it does not say.
[[nodiscard]] std::uint64_t free_bytes(const std::filesystem::path& path);

}  // namespace kipu::storage

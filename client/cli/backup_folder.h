// The directory of a backup, on the disk: who may use it, and its files.
//
// Every name is looked up in the directory that was opened, and no symbolic link is followed, so
// that nothing outside of it is read or written. No file is removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "client/cli/backup_manifest.h"

namespace kipu::cli {

// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

// `path` as a shell takes it: in quotes, where it needs them.
[[nodiscard]] std::string as_typed(std::string_view path);

class BackupFolder {
 public:
  // Makes the directory where there is none, and keeps others out as long as this object lives.
  // `not_a_store` if it has something in it and is no backup (nothing is touched then), `in_use`,
  // `invalid_argument` if there can be no such directory, `io_error`.
  [[nodiscard]] static Result<BackupFolder> open_to_write(std::string path);
  // Keeps writers out, where the directory can be locked: it may be on a read-only disk.
  // `not_a_store` if it holds no backup, and the others.
  [[nodiscard]] static Result<BackupFolder> open_to_read(std::string path);

  const std::string& path() const { return path_; }
  // For messages: where that file is.
  std::string path_of(std::string_view name) const;

  // Nothing if there is none yet. As parse_manifest().
  [[nodiscard]] Result<std::optional<Manifest>> read_manifest() const;
  // Replaces it in one step, durably.
  [[nodiscard]] Status write_manifest(const Manifest& manifest) const;

  // What stands in it, by name.
  [[nodiscard]] Result<std::vector<std::string>> names() const;
  // `corrupt` if it is not there, or is no file.
  [[nodiscard]] Result<std::uint64_t> size_of(std::string_view name) const;
  // Appends up to `bytes` from `offset` on to `into`; fewer only at the end of the file.
  [[nodiscard]] Status read(std::string_view name, std::uint64_t offset, std::size_t bytes,
                            std::string& into) const;
  // A new file, to be written by this process: `io_error` if it exists.
  [[nodiscard]] Result<Descriptor> create(std::string_view name) const;
  [[nodiscard]] Status write(const Descriptor& file, std::string_view name,
                             std::string_view bytes) const;
  [[nodiscard]] Status sync(const Descriptor& file, std::string_view name) const;
  // Takes off what stands after its first `bytes`, and makes the file durable.
  [[nodiscard]] Status cut(std::string_view name, std::uint64_t bytes) const;
  // Makes durable which files there are.
  [[nodiscard]] Status sync_names() const;

 private:
  BackupFolder(std::string path, Descriptor directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}
  static Result<BackupFolder> open(std::string path);
  Result<Descriptor> open_file(std::string_view name, int flags) const;
  Status check_that_it_is_ours() const;
  Status lock(int flags, int operation);
  tl::unexpected<Error> failed(std::string_view name, int error) const;

  std::string path_;
  Descriptor directory_;
  Descriptor lock_;
};

}  // namespace kipu::cli

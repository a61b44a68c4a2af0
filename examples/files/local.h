// Files and folders of this machine: paths of any length, holes, folders with all that is in them,
// and files that appear whole or not at all.
//
// A path longer than the kernel takes in one call is walked part by part.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include "base/result.h"
#include "examples/files/manifest.h"

namespace files {

// What the system refused, to which path. `io_error` where a disk or the system is at fault, else
// `invalid_argument`.
[[nodiscard]] kipu::Error system_error(std::string_view what, std::string_view path, int number);

// A file descriptor, closed with the object.
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

  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

// open(2) of a path of any length; O_CLOEXEC is added.
[[nodiscard]] kipu::Result<Descriptor> open_path(std::string_view path, int flags);

// Where a symbolic link leads.
[[nodiscard]] kipu::Result<std::string> read_link(int link, std::string_view path);

// Bytes of a file that are stored.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// Holes shorter than this are read as the zeros that they stand for: a list of many small pieces
// would cost more than zeros, which compress to nothing.
inline constexpr std::uint64_t kLeastHole = std::uint64_t{64} * 1024;

// The first extent at or after `from` of a file of `size` bytes; nothing if a hole is all that
// follows. All is one extent where the file system knows no holes.
[[nodiscard]] std::optional<Extent> next_extent(int file, std::uint64_t from, std::uint64_t size);

// Something found in a folder.
struct Found {
  enum class Kind { regular, symlink, empty_directory, special };
  std::string path;  // to open it by
  std::string name;  // below the folder where the walk began; empty for itself
  Kind kind = Kind::regular;
};

// Everything below a folder, in order of names, until `visit` returns false; folders that are not
// empty are only walked. A folder that cannot be read is told to `failed`, and passed over.
void walk(const std::string& directory, const std::function<bool(const Found&)>& visit,
          const std::function<void(const kipu::Error&)>& failed);

// A file of this machine that is being made: nobody sees it before commit(), and nothing of it is
// left without that, even where the process is killed (but for file systems without O_TMPFILE,
// which keep a `.kipu-….part`).
class Target {
 public:
  // In the folder `root`, which is made if it is not there; `name` is checked (names.h), and below
  // `root` no symbolic link is followed. `invalid_argument`, with the remedy, if there is something
  // of that name already and `replace` is false; or if it is a folder.
  [[nodiscard]] static kipu::Result<Target> open(const std::string& root, const std::string& name,
                                                 bool replace);
  Target(Target&&) = default;
  Target& operator=(Target&&) = default;
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  ~Target();

  kipu::Status write(std::uint64_t offset, std::string_view bytes);
  // Gives it the version's size, permissions and time, and its name.
  kipu::Status commit(const Version& version);
  // In place of a regular file.
  kipu::Status commit_symlink(const Version& version, const std::string& leads_to);
  kipu::Status commit_directory(const Version& version);

 private:
  Target(Descriptor parent, std::string path, std::string leaf, bool replace)
      : parent_(std::move(parent)),
        path_(std::move(path)),
        leaf_(std::move(leaf)),
        replace_(replace) {}

  kipu::Status check_free() const;
  kipu::Status open_file();
  kipu::Status publish_file();
  kipu::Status fail_here(std::string_view what, int number) const;

  Descriptor parent_;
  std::string path_;  // for messages
  std::string leaf_;
  bool replace_ = false;
  Descriptor file_;
  std::string part_;  // its name until commit(), if it has one
};

}  // namespace files

// The data files of a backup: lines as `export` writes them, by partition, then key, then id.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/entry.h"
#include "base/result.h"
#include "client/cli/backup_folder.h"

namespace kipu::cli {

// An entry, and the partition that it has in the order that it is read in.
struct Placed {
  std::uint32_t partition = 0;
  Entry entry;
};
// Entries of one bucket compare by partition, key and id.
[[nodiscard]] bool is_before(const Placed& a, const Placed& b);

// Whether entries come in their order, each once.
class Ascending {
 public:
  // False if `next` does not lie after the last one taken; it is not taken then.
  bool take(const Placed& next);

 private:
  bool is_first_ = true;
  std::uint32_t partition_ = 0;
  std::string key_;
  EntryId id_;
};

// The bytes from `begin` to `end` of a file: whole lines.
struct Extent {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// The lines of one partition.
struct Section {
  std::uint32_t partition = 0;
  Extent lines;
};

// What a file was found to hold.
struct CheckedFile {
  std::string name;
  std::string bucket;
  std::uint32_t partitions = 0;  // by how many it is ordered
  std::uint64_t bytes = 0;       // of whole lines
  std::uint64_t torn_bytes = 0;  // after them: of a line that was being written
  Tally tally;
  std::vector<Section> sections;  // by partition
};

// Reads lines out of a file of a backup: those of `extents`, one after the other.
class LineCursor {
 public:
  // `folder` outlives this object. Reads `chunk` bytes at a time, about.
  LineCursor(const BackupFolder& folder, std::string name, std::vector<Extent> extents,
             std::size_t chunk);
  // The next line with its newline, which only the last of an extent may lack; valid until the next
  // call. Nothing at the end. `corrupt` if the file is shorter, or a line longer, than can be.
  [[nodiscard]] Result<std::optional<std::string_view>> next();
  // Where in the file the line after the last one begins.
  std::uint64_t offset() const { return offset_; }
  const std::string& name() const { return name_; }

 private:
  [[nodiscard]] Status fill();
  std::string_view take(std::size_t bytes);

  const BackupFolder* folder_;
  std::string name_;
  std::vector<Extent> extents_;
  std::size_t chunk_;
  std::size_t next_extent_ = 0;
  std::uint64_t offset_ = 0;  // of what is in the buffer from at_ on
  std::uint64_t end_ = 0;     // of the extent
  std::string buffer_;
  std::size_t at_ = 0;
  std::size_t scanned_ = 0;  // bytes after at_ known to hold no newline
};

// The entry of a line, its newline left out. Each proves itself: the line's digest is that of an
// entry of this bucket which says what the line says. `malformed` or `bad_digest` otherwise.
[[nodiscard]] Result<Entry> parse_backup_line(std::string_view line, std::string_view bucket);

enum class LastLine { whole, perhaps_torn };

// Reads all of it. `corrupt`, with file and line, if a line does not prove itself, or is not after
// the one before it; only a last line may be torn, where `last` says so. `tell` is called for each
// entry, and ends the check where it fails.
[[nodiscard]] Result<CheckedFile> check_backup_file(const BackupFolder& folder,
                                                    const BackupFile& file,
                                                    std::uint32_t partitions, LastLine last,
                                                    const std::function<Status()>& tell);

}  // namespace kipu::cli

// Files as they are on the disk: their sizes, times and digests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/callgraph/facts.h"

namespace callgraph {

[[nodiscard]] std::string md5_of(std::string_view bytes);  // 32 hexadecimal digits
[[nodiscard]] std::uint32_t adler32_of(std::string_view bytes);

// `path` below `root`, with slashes; nothing if it is not below.
[[nodiscard]] std::optional<std::string> relative_to(const std::filesystem::path& root,
                                                     const std::filesystem::path& path);

// Which files are the project's: those below `root`, but for what lies in one of `left_out`. All of
// them are absolute and without symbolic links.
struct ProjectFiles {
  std::filesystem::path root;
  std::vector<std::filesystem::path> left_out = {};

  // The file's path below the root, with slashes; nothing if it is not the project's.
  [[nodiscard]] std::optional<std::string> find(const std::filesystem::path& path) const;
  // The index in left_out of the folder in which `path` lies.
  [[nodiscard]] std::optional<std::size_t> left_out_by(const std::filesystem::path& path) const;
};

// A file's last change, in microseconds since 1970; 0 if there is no such file.
[[nodiscard]] std::int64_t modified_time(const std::filesystem::path& path);

enum class OnDisk { same, changed, gone };

// Whether the file below `root` is still what `file` says. Size and Adler-32 filter: where one of
// them differs, the content does. Where both are equal and the time is not, MD5 decides.
[[nodiscard]] OnDisk compare_with_disk(const std::filesystem::path& root, const SourceFile& file);

}  // namespace callgraph

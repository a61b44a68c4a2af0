// What is stored about one version of a file, and its bytes.
//
// A version is one value of the file's key; a list is a chunk like those of data. Integers are
// little-endian, `sum` is 32 bytes.
//
//   version  := format=1:u8 type:u8 mode:u32 seconds:i64 nanoseconds:u32 size:u64 content:sum
//               name_length:u32 name count:u32 ref*
//   list     := format=1:u8 count:u32 ref*
//   ref      := kind:u8 length:u64 [chunk:sum]     a hole (0) names no chunk
//
// The lengths of a version's refs add up to its size, those of a list's refs to the length of the
// ref that names the list. docs/examples/files.md has an example.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "examples/files/sha256.h"

namespace files {

enum class RefKind : std::uint8_t {
  hole = 0,  // zeros that the file system does not store either
  data = 1,  // a chunk of the file's bytes
  list = 2,  // a chunk that holds a list
};

// Some bytes of a file, and the chunk that has them. The id of a hole is all zeros.
struct Ref {
  RefKind kind = RefKind::hole;
  std::uint64_t length = 0;  // of the file, whatever the kind
  Sum id{};
  friend bool operator==(const Ref&, const Ref&) = default;
};

enum class FileType : std::uint8_t {
  regular = 1,
  symlink = 2,    // its content is where it leads to
  directory = 3,  // an empty one: others are known by what they contain
};

struct Version {
  std::string name;
  FileType type = FileType::regular;
  std::uint32_t mode = 0;    // permission bits
  std::int64_t seconds = 0;  // of the modification time, since 1970
  std::uint32_t nanoseconds = 0;
  std::uint64_t size = 0;
  Sum content{};  // SHA-256 of all of it, zeros of holes too
  std::vector<Ref> refs;
  friend bool operator==(const Version&, const Version&) = default;
};

inline constexpr std::size_t kMaxListRefs = 8192;
inline constexpr std::size_t kMaxListBytes = 5 + kMaxListRefs * 41;

[[nodiscard]] std::string encode(const Version& version);
// `corrupt` if the bytes are no version, `newer_format` if a later program wrote them.
[[nodiscard]] kipu::Result<Version> decode_version(std::string_view bytes);

[[nodiscard]] std::string encode_list(std::span<const Ref> refs);
// The list that `ref` names. Errors as above.
[[nodiscard]] kipu::Result<std::vector<Ref>> decode_list(std::string_view bytes,
                                                         std::uint64_t length);

}  // namespace files

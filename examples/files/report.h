// What commands write about files, for people and as JSON: one object a line.
//
// In JSON a name that is not UTF-8 stands as `name_b64`.
#pragma once

#include <cstdint>
#include <string>

#include "examples/files/store.h"
#include "examples/files/upload.h"

namespace files {

// What its list of chunks says about a version.
struct ChunkCounts {
  std::uint64_t chunks = 0;
  std::uint64_t holes = 0;
  std::uint64_t hole_bytes = 0;
};

// `name` as the texts are to show it.
[[nodiscard]] std::string upload_text(const Uploaded& uploaded, const std::string& name);
[[nodiscard]] std::string upload_json(const Uploaded& uploaded);

[[nodiscard]] std::string info_text(const StoredVersion& stored, const std::string& name,
                                    const ChunkCounts& counts);
[[nodiscard]] std::string info_json(const StoredVersion& stored, const ChunkCounts& counts);

// A version as one line, without its name.
[[nodiscard]] std::string version_text(const StoredVersion& stored);
[[nodiscard]] std::string version_json(const StoredVersion& stored);

// `{"name":…, "ACTION":true}`, such as downloaded or verified.
[[nodiscard]] std::string done_json(const std::string& name, const char* action,
                                    const StoredVersion& stored);
[[nodiscard]] std::string name_json(const std::string& name);

}  // namespace files

// Files into the store: read and cut by one thread per file, named, compressed and sent by the
// threads of a pool, in bounded memory.
//
// An upload that was interrupted leaves chunks and no version: the next one finds the chunks there.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/stamp.h"
#include "examples/files/manifest.h"
#include "examples/files/progress.h"
#include "examples/files/sender.h"
#include "examples/files/store.h"

namespace files {

// Whether a path that is a symbolic link stands for itself or for what it leads to.
enum class Links { follow, keep };

struct Uploaded {
  std::string name;
  FileType type = FileType::regular;
  std::uint64_t size = 0;
  kipu::Stamp stamp;              // of the version; of the one before if nothing has changed
  bool unchanged = false;         // the newest version said the same, so none was added
  std::uint64_t chunks = 0;       // lists of chunks not counted
  std::uint64_t sent_chunks = 0;  // that were not known to be stored
  std::uint64_t sent_bytes = 0;   // compressed, lists too
};

// What uploads have in common.
struct UploadParts {
  FileStore& store;
  ChunkSender& sender;
  Progress& progress;
  const std::atomic<bool>& interrupted;
};

// Stores what `path` is (a file, a link, an empty folder) as a version of `name`. Nothing is added
// where the newest version says the same. Errors name the path; `cancelled` once `interrupted`.
//
// Thread rule: any number at once.
[[nodiscard]] kipu::Result<Uploaded> upload(const UploadParts& parts, const std::string& path,
                                            const std::string& name, Links links);

}  // namespace files

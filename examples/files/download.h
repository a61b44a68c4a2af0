// Files out of the store: chunks are fetched and verified by the threads of a pool, and go into the
// file in their order, in bounded memory. Nothing is taken on trust: each chunk has to have the
// SHA-256 that names it, and the whole the one that its version says.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "examples/files/manifest.h"
#include "examples/files/pool.h"
#include "examples/files/progress.h"
#include "examples/files/store.h"

namespace files {

struct DownloadParts {
  FileStore& store;
  Pool& pool;
  Budget& budget;
  Progress& progress;
  const std::atomic<bool>& interrupted;
};

// Takes bytes at an offset. Offsets ascend; what none is written to is a hole.
using Sink = std::function<kipu::Status(std::uint64_t offset, std::string_view bytes)>;

// All bytes of a version, verified. `corrupt` names the chunk that is lost or altered.
//
// Thread rule: any number at once.
kipu::Status read_version(const DownloadParts& parts, const Version& version, const Sink& sink);

// Makes the file, the link or the folder that the version describes, as `name` in the folder
// `root`, once all of it is verified (Target in local.h).
kipu::Status download(const DownloadParts& parts, const Version& version, const std::string& root,
                      const std::string& name, bool replace);

}  // namespace files

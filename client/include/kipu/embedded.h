// Kipu within a program: the same calls on a directory, with no server and no ports.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "kipu/client.h"

namespace kipu {

struct EmbeddedOptions {
  ClientOptions client;  // `brokers` is ignored
  bool create = true;    // make the store if `directory` does not exist or is empty
  // Of a store that is made: a power of two. Few, since one worker has them all, and listings visit
  // each; an export moves a store that has outgrown this process into a cluster.
  std::uint32_t partitions = 64;
};

// Opens the store in `directory`: a broker and a worker run on threads of this process. The client
// that comes back keeps them; when it goes, they finish what is in flight and close the store.
// Errors as of a worker's store: `not_a_store`, `in_use` (another process has it), `corrupt`, …;
// `io_error` where too few file descriptors are left. Of the descriptors 0 to 2, those that are
// closed are opened on /dev/null, as in Client::connect().
// One ZeroMQ context per process is shared by all; do not fork after the first call.
[[nodiscard]] Result<Client> open_embedded(const std::filesystem::path& directory,
                                           const EmbeddedOptions& options = {});

}  // namespace kipu

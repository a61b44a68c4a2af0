// Files in a Kipu store: chunks by what they contain, versions by name.
//
// Two buckets, made on first use. In `NAME.chunks` the key is a chunk's SHA-256 and the value its
// frame, under one fixed stamp: whoever stores a chunk again, even at the same moment, stores the
// same entry, which Kipu keeps once. In `NAME.names` each value of a key is a version.
//
// Thread rule: any thread. The callbacks run on the client's loop thread and must not block.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stamp.h"
#include "examples/files/manifest.h"
#include "kipu/client.h"

namespace files {

// What a client that sends chunks may have under way. Many may upload at once, and what waits in
// the cluster for longer than the patience of one attempt is sent again, so that others wait
// longer.
inline constexpr std::size_t kInFlightBytes = std::size_t{8} << 20U;

struct StoredVersion {
  Version version;
  kipu::Stamp stamp;
  std::uint64_t number = 0;  // from 1 in the order of stamps, where it was counted
};

class FileStore {
 public:
  // `client` outlives this object. Nothing is asked yet; reading from buckets that are not there
  // finds nothing. `chunk_timeout`, if it is given, is that of each request about a chunk: these
  // queue behind megabytes of others.
  FileStore(kipu::Client& client, const std::string& name,
            std::optional<kipu::Duration> chunk_timeout = {})
      : client_(client),
        names_(name + ".names"),
        chunks_(name + ".chunks"),
        chunk_timeout_(chunk_timeout) {}

  // For whoever writes: makes what is not there. `bucket_differs` if they are others'.
  kipu::Status make_buckets();

  void has_chunk(const Sum& id, std::function<void(kipu::Result<bool>)> done);
  // Blocks while too much is on its way.
  void send_chunk(const Sum& id, std::string_view frame, std::function<void(kipu::Status)> done);
  // The content of a chunk, which is what its id says. `corrupt`, naming the chunk, if it is lost
  // or altered. A list's content is not as long as `ref.length` says; any other's is.
  [[nodiscard]] kipu::Result<std::string> fetch_chunk(const Ref& ref);

  [[nodiscard]] kipu::Result<kipu::Stamp> append_version(const Version& version);
  // The newest, or the newest before `until`; nothing if there is none.
  [[nodiscard]] kipu::Result<std::optional<StoredVersion>> last_version(
      std::string_view name, std::optional<kipu::StampTime> until = {});
  // All, oldest first, until `visit` returns false. One is in memory at a time.
  kipu::Status visit_versions(std::string_view name,
                              const std::function<bool(const StoredVersion&)>& visit);
  // Every name that begins with `prefix`, in byte order but for long ones (names.h), until `visit`
  // returns false.
  kipu::Status visit_names(std::string_view prefix,
                           const std::function<bool(const std::string&)>& visit);

 private:
  kipu::Status make_bucket(const std::string& name);
  [[nodiscard]] kipu::Result<std::string> content_of(const Ref& ref, std::string_view frame) const;
  [[nodiscard]] kipu::Result<std::string> name_of_key(const std::string& key);

  kipu::Client& client_;
  const std::string names_;
  const std::string chunks_;
  const std::optional<kipu::Duration> chunk_timeout_;
};

}  // namespace files

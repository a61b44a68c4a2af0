#include "client/once.h"

#include <optional>
#include <string>
#include <utility>

#include "base/digest.h"
#include "base/little_endian.h"

namespace kipu::client {
namespace {

Status make_bucket(Client& client, Loop& loop, const CallOptions& options) {
  if (loop.known_bucket(kOnceBucket)) return {};
  Bucket bucket;
  bucket.name = kOnceBucket;
  if (auto made = client.create_bucket(bucket, options); !made) {
    return fail(std::move(made).error());
  }
  return {};
}

Result<std::optional<StampTime>> recorded_start(Client& client, std::string_view name,
                                                const CallOptions& options) {
  ReadOptions read;
  static_cast<CallOptions&>(read) = options;
  auto first = client.first(name, read);
  if (!first) return fail(std::move(first).error());
  if (!*first) return std::nullopt;
  return (*first)->id.stamp.time;
}

}  // namespace

Once once_of(std::string_view name, StampTime start) {
  std::string hashed(name);
  append_le(hashed, start.bits());
  return {start, hash64(hashed)};
}

Result<Once> begin_once(Client& client, Loop& loop, std::string_view name,
                        const CallOptions& options) {
  CallOptions call = options;
  call.bucket = kOnceBucket;
  call.level = Level::bucket_default;
  if (auto made = make_bucket(client, loop, call); !made) return fail(std::move(made).error());
  auto start = recorded_start(client, name, call);
  if (start && !*start) {
    AppendOptions append;
    static_cast<CallOptions&>(append) = call;
    // The entry's stamp is the record; its value is for whoever looks.
    if (auto done = client.append(name, "started", append); !done) {
      return fail(std::move(done).error());
    }
    start = recorded_start(client, name, call);  // the oldest, if two began at once
  }
  if (!start) return fail(std::move(start).error());
  if (!*start) return fail(ErrorCode::internal, "an acknowledged entry of kipu.once is not there");
  return once_of(name, **start);
}

}  // namespace kipu::client

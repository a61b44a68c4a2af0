#include "examples/files/store.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "examples/files/chunker.h"
#include "examples/files/codec.h"
#include "examples/files/names.h"
#include "examples/files/text.h"

namespace files {
namespace {

using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;
using kipu::Stamp;
using kipu::Status;

// Of every chunk. Not 0, which some might take for none.
constexpr Stamp kChunkStamp{kipu::StampTime(1), 0};

Result<StoredVersion> stored_version(std::string_view name, const kipu::Item& item,
                                     std::uint64_t number) {
  auto version = decode_version(item.value);
  if (!version || version->name != name) {
    return fail(version ? ErrorCode::corrupt : version.error().code,
                fmt::format("version {} of {}: {}", item.id.stamp.to_string(), in_quotes(name),
                            version ? "it is of another name" : version.error().message));
  }
  return StoredVersion{std::move(*version), item.id.stamp, number};
}

}  // namespace

Status FileStore::make_buckets() {
  for (const std::string& bucket : {names_, chunks_}) {
    if (auto made = make_bucket(bucket); !made) return made;
  }
  return {};
}

Status FileStore::make_bucket(const std::string& name) {
  if (const auto there = client_.bucket(name)) {
    const bool fits = there->mode == kipu::BucketMode::worm &&
                      there->max_pair_bytes == kipu::limits::kLargestMaxPairBytes;
    if (fits) return {};
    return fail(ErrorCode::bucket_differs,
                fmt::format("bucket {} is not one that kipu-files makes; --store NAME keeps files "
                            "in others",
                            name));
  }
  kipu::Bucket bucket;
  bucket.name = name;
  bucket.max_pair_bytes = kipu::limits::kLargestMaxPairBytes;
  const auto made = client_.create_bucket(bucket);
  return made ? Status{} : Status(fail(made.error()));
}

void FileStore::has_chunk(const Sum& id, std::function<void(Result<bool>)> done) {
  kipu::CallOptions options;
  options.bucket = chunks_;
  options.timeout = chunk_timeout_;
  client_.exists_async(bytes_of(id), options, std::move(done));
}

void FileStore::send_chunk(const Sum& id, std::string_view frame,
                           std::function<void(Status)> done) {
  kipu::AppendOptions options;
  options.bucket = chunks_;
  options.timeout = chunk_timeout_;
  options.stamp = kChunkStamp;
  client_.append_async(
      bytes_of(id), kipu::Values{frame}, options,
      [done = std::move(done)](const Result<Stamp>& stored, const auto& /*stamp*/) {
        done(stored ? Status{} : Status(fail(stored.error())));
      });
}

Result<std::string> FileStore::fetch_chunk(const Ref& ref) {
  kipu::ReadOptions options;
  options.bucket = chunks_;
  options.timeout = chunk_timeout_;
  std::optional<kipu::Error> altered;
  // More than one value only where programs compressed alike content in different ways.
  for (const auto& item : client_.values(bytes_of(ref.id), options)) {
    if (!item) {
      return fail(item.error().code,
                  fmt::format("chunk {}: {}", hex(ref.id), item.error().message));
    }
    auto content = content_of(ref, item->value);
    if (content) return content;
    altered = content.error();
  }
  if (altered) return fail(*altered);
  return fail(ErrorCode::corrupt,
              fmt::format("chunk {} is lost: the store has nothing under it. If a copy of the file "
                          "is left, uploading that stores the chunk again",
                          hex(ref.id)));
}

Result<std::string> FileStore::content_of(const Ref& ref, std::string_view frame) const {
  auto content = ref.kind == RefKind::list ? decompress_up_to(frame, kMaxListBytes)
                                           : decompress(frame, ref.length);
  if (content && sha256(*content) == ref.id) return content;
  return fail(ErrorCode::corrupt,
              fmt::format("chunk {} is altered: {}. If a copy of the file is left, uploading that "
                          "with --verify stores the chunk again",
                          hex(ref.id),
                          content ? "its content has another SHA-256" : content.error().message));
}

Result<Stamp> FileStore::append_version(const Version& version) {
  kipu::AppendOptions options;
  options.bucket = names_;
  return client_.append(key_of_name(version.name), encode(version), options);
}

Result<std::optional<StoredVersion>> FileStore::last_version(std::string_view name,
                                                             std::optional<kipu::StampTime> until) {
  kipu::ReadOptions options;
  options.bucket = names_;
  options.until = until;
  const auto item = client_.last(key_of_name(name), options);
  if (!item && item.error().code == ErrorCode::unknown_bucket) return std::nullopt;
  if (!item) return fail(item.error());
  if (!*item) return std::nullopt;
  auto version = stored_version(name, **item, 0);
  if (!version) return fail(std::move(version).error());
  return std::move(*version);
}

Status FileStore::visit_versions(std::string_view name,
                                 const std::function<bool(const StoredVersion&)>& visit) {
  kipu::ReadOptions options;
  options.bucket = names_;
  std::uint64_t number = 0;
  for (const auto& item : client_.values(key_of_name(name), options)) {
    if (!item && item.error().code == ErrorCode::unknown_bucket) return {};
    if (!item) return fail(item.error());
    const auto version = stored_version(name, *item, ++number);
    if (!version) return fail(version.error());
    if (!visit(*version)) return {};
  }
  return {};
}

Result<std::string> FileStore::name_of_key(const std::string& key) {
  if (!is_long_key(key)) return key;
  kipu::ReadOptions options;
  options.bucket = names_;
  const auto item = client_.last(key, options);
  if (!item) return fail(item.error());
  if (!*item) return fail(ErrorCode::corrupt, "a key that is listed has no value");
  auto version = decode_version((*item)->value);
  if (!version) return fail(std::move(version).error());
  return std::move(version->name);
}

Status FileStore::visit_names(std::string_view prefix,
                              const std::function<bool(const std::string&)>& visit) {
  kipu::KeysOptions options;
  options.bucket = names_;
  options.prefix = key_prefix(prefix);
  for (const auto& key : client_.keys(options)) {
    if (!key && key.error().code == ErrorCode::unknown_bucket) return {};
    if (!key) return fail(key.error());
    const auto name = name_of_key(*key);
    if (!name) return fail(name.error());
    if (name->starts_with(prefix) && !visit(*name)) return {};
  }
  return {};
}

}  // namespace files

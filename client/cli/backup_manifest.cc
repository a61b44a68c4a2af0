#include "client/cli/backup_manifest.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/entry.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

using nlohmann::json;

constexpr std::uint64_t kFormat = 1;
constexpr std::string_view kSuffix = ".jsonl";

json to_json(const Bucket& bucket) {
  return {{"name", bucket.name},
          {"mode", mode_name(bucket.mode)},
          {"read", level_name(bucket.read_level)},
          {"write", level_name(bucket.write_level)},
          {"max_pair", bucket.max_pair_bytes}};
}

json to_json(const BackupRun& run) {
  json out{{"run", run.number}, {"partitions", run.partitions}, {"began", format_time(run.began)}};
  if (run.ended) out["ended"] = format_time(*run.ended);
  return out;
}

json to_json(const BackupFile& file) {
  return {{"file", file.name()},
          {"bytes", file.bytes},
          {"entries", file.tally.entries},
          {"digest", file.tally.digest()}};
}

// Over all that the document says but this.
std::string check_of(json document) {
  document.erase("check");
  return fmt::format("{:016x}", hash64(document.dump()));
}

// These fail by nothing, or by what the JSON library throws; parse_manifest() catches it.
std::optional<Bucket> bucket_of(const json& from) {
  Bucket bucket;
  bucket.name = from.at("name").get<std::string>();
  const auto mode = from.at("mode").get<std::string>();
  const auto read = parse_level(from.at("read").get<std::string>());
  const auto write = parse_level(from.at("write").get<std::string>());
  bucket.max_pair_bytes = from.at("max_pair").get<std::uint32_t>();
  if (mode == mode_name(BucketMode::wmrm)) {
    bucket.mode = BucketMode::wmrm;
  } else if (mode != mode_name(BucketMode::worm)) {
    return std::nullopt;
  }
  if (!is_bucket_name(bucket.name) || !read || !write) return std::nullopt;
  bucket.read_level = *read;
  bucket.write_level = *write;
  return bucket;
}

std::optional<WallTime> time_of(const json& from, const char* name) {
  const auto time = parse_time(from.at(name).get<std::string>(), WallTime{});
  if (!time) return std::nullopt;
  return *time;
}

std::optional<BackupRun> run_of(const json& from) {
  BackupRun run;
  run.number = from.at("run").get<std::uint32_t>();
  run.partitions = from.at("partitions").get<std::uint32_t>();
  const auto began = time_of(from, "began");
  if (!began || run.number == 0 || !std::has_single_bit(run.partitions) ||
      run.partitions > limits::kMaxPartitions) {
    return std::nullopt;
  }
  run.began = *began;
  if (!from.contains("ended")) return run;
  run.ended = time_of(from, "ended");
  if (!run.ended) return std::nullopt;
  return run;
}

std::optional<BackupFile> file_of(const json& from) {
  auto file = parse_backup_file_name(from.at("file").get<std::string>());
  const auto sum = Tally::parse_digest(from.at("digest").get<std::string>());
  if (!file || !sum) return std::nullopt;
  file->bytes = from.at("bytes").get<std::uint64_t>();
  file->tally = {from.at("entries").get<std::uint64_t>(), *sum};
  return file;
}

template <class T, class Parse>
bool read_list(const json& from, Parse parse, std::vector<T>& into) {
  if (!from.is_array()) return false;
  for (const json& element : from) {
    auto parsed = parse(element);
    if (!parsed) return false;
    into.push_back(*std::move(parsed));
  }
  return true;
}

std::optional<Manifest> manifest_of(const json& from) {
  Manifest manifest;
  const auto cluster = Uuid::parse(from.at("cluster").get<std::string>());
  if (!cluster || !read_list(from.at("buckets"), bucket_of, manifest.buckets) ||
      !read_list(from.at("runs"), run_of, manifest.runs) ||
      !read_list(from.at("files"), file_of, manifest.files)) {
    return std::nullopt;
  }
  manifest.cluster = ClusterId{*cluster};
  const bool known = std::ranges::all_of(manifest.files, [&](const BackupFile& file) {
    return manifest.find_bucket(file.bucket) != nullptr && manifest.find_run(file.run) != nullptr;
  });
  if (!known || manifest.runs.empty()) return std::nullopt;
  return manifest;
}

tl::unexpected<Error> damaged() {
  return fail(ErrorCode::corrupt, "it is not what was written");
}

}  // namespace

std::string BackupFile::name() const {
  return backup_file_name(run, bucket);
}

const Bucket* Manifest::find_bucket(std::string_view name) const {
  const auto found = std::ranges::find(buckets, name, &Bucket::name);
  return found == buckets.end() ? nullptr : &*found;
}

const BackupRun* Manifest::find_run(std::uint32_t number) const {
  const auto found = std::ranges::find(runs, number, &BackupRun::number);
  return found == runs.end() ? nullptr : &*found;
}

bool Manifest::lists(std::string_view file) const {
  return std::ranges::find(files, file, &BackupFile::name) != files.end();
}

std::string backup_file_name(std::uint32_t run, std::string_view bucket) {
  return fmt::format("{:04}-{}{}", run, bucket, kSuffix);
}

std::optional<BackupFile> parse_backup_file_name(std::string_view name) {
  BackupFile file;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), file.run);
  const auto digits = static_cast<std::size_t>(end - name.data());
  if (error != std::errc{} || name.size() < digits + 1 + kSuffix.size()) return std::nullopt;
  file.bucket = name.substr(digits + 1, name.size() - digits - 1 - kSuffix.size());
  if (!is_bucket_name(file.bucket) || file.name() != name) return std::nullopt;
  return file;
}

std::string manifest_text(const Manifest& manifest) {
  json document{{"format", kFormat}, {"cluster", manifest.cluster.id.to_string()}};
  json& buckets = document["buckets"] = json::array();
  for (const Bucket& bucket : manifest.buckets) buckets.push_back(to_json(bucket));
  json& runs = document["runs"] = json::array();
  for (const BackupRun& run : manifest.runs) runs.push_back(to_json(run));
  json& files = document["files"] = json::array();
  for (const BackupFile& file : manifest.files) files.push_back(to_json(file));
  document["check"] = check_of(document);
  return document.dump(1) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return damaged();
  try {
    const auto format = document.at("format").get<std::uint64_t>();
    if (format > kFormat) {
      return fail(
          ErrorCode::newer_format,
          fmt::format("it has format {}, and this version of Kipu knows {} at most: use the "
                      "one that wrote it, or a later one",
                      format, kFormat));
    }
    if (document.at("check").get<std::string>() != check_of(document)) return damaged();
    auto manifest = manifest_of(document);
    if (!manifest) return damaged();
    return *std::move(manifest);
  } catch (const json::exception&) {
    return damaged();
  }
}

}  // namespace kipu::cli

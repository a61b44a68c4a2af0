#include "client/cli/backup_contents.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/cli/session.h"

namespace kipu::cli {
namespace {

// A backup outlasts the restart of a worker.
constexpr Duration kPatience = std::chrono::minutes(1);

Error with_remedy(Error error, const BackupFolder& folder, const BackupFile& file) {
  if (error.code != ErrorCode::corrupt) return error;
  error.message += "; put the file back as it was, or begin a new backup in another directory";
  const auto names = folder.names();
  if (!names || std::ranges::find(*names, file.name()) == names->end()) return error;
  error.message += fmt::format(
      " (`kipu import {} --bucket {} --skip-bad` takes what is whole in a damaged file)",
      as_typed(folder.path_of(file.name())), file.bucket);
  return error;
}

class Check {
 public:
  Check(const BackupFolder& folder, const Manifest& manifest, Phase& phase)
      : folder_(folder), manifest_(manifest), phase_(phase) {}

  Status take_listed(const BackupFile& file) {
    auto found = check(file, LastLine::whole);
    if (!found) return fail(std::move(found).error());
    if (found->bytes != file.bytes || found->tally != file.tally) {
      return fail(with_remedy(
          {ErrorCode::corrupt,
           fmt::format("{} has {} entries in {} bytes, digest {}; it was written with {} in {}, "
                       "digest {}",
                       folder_.path_of(file.name()), found->tally.entries, found->bytes,
                       found->tally.digest(), file.tally.entries, file.bytes, file.tally.digest())},
          folder_, file));
    }
    add(*std::move(found));
    return {};
  }

  // A file of a run that has not ended; all others that stand there are not the backup's.
  Status take_unlisted(const std::string& name, const std::optional<std::string>& only) {
    const auto file = parse_backup_file_name(name);
    if (!file || manifest_.lists(name) || (only && file->bucket != *only)) return {};
    const BackupRun* run = manifest_.find_run(file->run);
    if (run == nullptr || run->ended || manifest_.find_bucket(file->bucket) == nullptr) return {};
    auto found = check(*file, LastLine::perhaps_torn);
    if (!found) return fail(std::move(found).error());
    contents_.unlisted.push_back(*found);
    add(*std::move(found));
    return {};
  }

  BackupContents finish() && { return std::move(contents_); }

 private:
  Result<CheckedFile> check(const BackupFile& file, LastLine last) {
    auto found = check_backup_file(folder_, file, manifest_.find_run(file.run)->partitions, last,
                                   [this] { return phase_.step(); });
    if (!found) return fail(with_remedy(std::move(found).error(), folder_, file));
    return found;
  }
  void add(CheckedFile file) {
    contents_.total.add(file.tally);
    contents_.files[file.bucket].push_back(std::move(file));
  }

  const BackupFolder& folder_;
  const Manifest& manifest_;
  Phase& phase_;
  BackupContents contents_;
};

}  // namespace

Phase::Phase(const Context& context, std::string_view doing, std::optional<std::uint64_t> expected)
    : progress_(context.out.style().quiet, doing), expected_(expected) {}

Status Phase::step() {
  if (interrupted()) return fail(ErrorCode::cancelled, "interrupted");
  if (++done_ % 1024 != 0) return {};
  std::optional<double> fraction;
  if (expected_ && *expected_ > 0) {
    fraction = static_cast<double>(done_) / static_cast<double>(*expected_);
  }
  progress_.update(done_, fraction);
  return {};
}

const std::vector<CheckedFile>& BackupContents::of(std::string_view bucket) const {
  static const std::vector<CheckedFile> none;
  const auto found = files.find(bucket);
  return found == files.end() ? none : found->second;
}

Tally BackupContents::tally_of(std::string_view bucket) const {
  Tally tally;
  for (const CheckedFile& file : of(bucket)) tally.add(file.tally);
  return tally;
}

std::size_t BackupContents::file_count() const {
  std::size_t count = 0;
  for (const auto& [bucket, list] : files) count += list.size();
  return count;
}

Result<BackupContents> check_backup(const BackupFolder& folder, const Manifest& manifest,
                                    const std::optional<std::string>& only, Phase& phase) {
  Check check(folder, manifest, phase);
  for (const BackupFile& file : manifest.files) {
    if (only && file.bucket != *only) continue;
    if (auto taken = check.take_listed(file); !taken) return fail(std::move(taken).error());
  }
  const auto names = folder.names();
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    if (auto taken = check.take_unlisted(name, only); !taken) {
      return fail(std::move(taken).error());
    }
  }
  return std::move(check).finish();
}

Status check_level(const Context& context) {
  if (!context.arguments.has("level")) return {};
  return check_read_level(context.settings);
}

KeysOptions options_for(const Context& context, std::string_view bucket) {
  KeysOptions options;
  options.bucket = bucket;
  options.timeout = context.settings.timeout.value_or(kPatience);
  options.level = context.arguments.has("level") ? context.settings.level : Level::quorum;
  return options;
}

Error with_way_on(Error error) {
  switch (remedy(error.code)) {
    case Remedy::retry:
    case Remedy::ask_again:
      break;
    case Remedy::fix_request:
      return error;
    case Remedy::alert:
      if (error.code != ErrorCode::io_error) return error;
  }
  error.message += "; what is done is kept: run the same again, and it goes on";
  return error;
}

}  // namespace kipu::cli

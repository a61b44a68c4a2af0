// restore: what a backup holds, into a cluster that may have some of it, all of it, or more.
#include <algorithm>
#include <atomic>
#include <mutex>

#include <fmt/format.h>

#include "client/cli/backup_contents.h"
#include "client/cli/backup_report.h"
#include "client/cli/backup_stream.h"
#include "client/cli/handlers.h"
#include "client/cli/session.h"
#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

// Entries on their way to the cluster. Thread rule: complete() by any thread.
class Writes {
 public:
  void complete(const Result<Stamp>& result) {
    if (result) {
      acknowledged_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = result.error();
    failed_ = true;
  }
  std::uint64_t acknowledged() const { return acknowledged_; }
  Status status() const {
    if (!failed_) return {};
    const std::lock_guard lock(mutex_);
    return fail(*failure_);
  }

 private:
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<bool> failed_{false};
  mutable std::mutex mutex_;  // guards the failure
  std::optional<Error> failure_;
};

class Restore {
 public:
  Restore(Context& context, Client& client, const BackupFolder& folder, const Manifest& manifest,
          const BackupContents& contents)
      : context_(context),
        client_(client),
        folder_(folder),
        manifest_(manifest),
        contents_(contents) {}

  Status run();
  // What it has come to, whether it ended or not.
  void fill(RestoreReport& report) const {
    report.written = writes_.acknowledged();
    report.there = there_;
    report.backup = held_;
  }

 private:
  Status make_buckets();
  Status write(const Bucket& bucket, Phase& phase);
  Status verify(const Bucket& bucket, Phase& phase);
  Status walk(const Bucket& bucket, const JoinVisitor& visit);

  Context& context_;
  Client& client_;
  const BackupFolder& folder_;
  const Manifest& manifest_;
  const BackupContents& contents_;
  std::uint32_t partitions_ = 0;
  Writes writes_;
  Tally held_;
  std::uint64_t there_ = 0;
  std::vector<const Bucket*> changed_;  // buckets that something was written to
};

Status Restore::run() {
  const auto ring = client_.ring(options_for(context_, {}));
  if (!ring) return fail(ring.error());
  partitions_ = static_cast<std::uint32_t>(ring->placement.size());
  if (auto made = make_buckets(); !made) return made;
  {
    Phase phase(context_, "restoring", contents_.total.entries);
    for (const Bucket& bucket : manifest_.buckets) {
      const std::uint64_t before = writes_.acknowledged();
      auto status = write(bucket, phase);
      client_.flush();
      if (!status) return status;
      if (auto written = writes_.status(); !written) return written;
      if (writes_.acknowledged() > before) changed_.push_back(&bucket);
    }
  }
  Phase phase(context_, "verifying", std::nullopt);
  for (const Bucket* bucket : changed_) {
    if (auto verified = verify(*bucket, phase); !verified) return verified;
  }
  return {};
}

// Nothing is made before it is known that all can be.
Status Restore::make_buckets() {
  const auto existing = client_.buckets(options_for(context_, {}));
  if (!existing) return fail(existing.error());
  std::vector<Bucket> missing;
  for (const Bucket& bucket : manifest_.buckets) {
    const auto found = std::ranges::find(*existing, bucket.name, &Bucket::name);
    if (found == existing->end()) {
      missing.push_back(bucket);
    } else if (*found != bucket) {
      return fail(
          ErrorCode::bucket_differs,
          fmt::format("bucket '{}' exists there and is defined in another way ({} there, {} "
                      "in the backup, or other levels or sizes): restore into another "
                      "cluster, or every other bucket with --bucket",
                      bucket.name, mode_name(found->mode), mode_name(bucket.mode)));
    }
  }
  for (const Bucket& bucket : missing) {
    if (auto made = client_.create_bucket(bucket, options_for(context_, {})); !made) {
      return fail(std::move(made).error());
    }
  }
  return {};
}

Status Restore::walk(const Bucket& bucket, const JoinVisitor& visit) {
  HeldEntries held(folder_, contents_.of(bucket.name), partitions_);
  ScannedEntries scanned(client_, options_for(context_, bucket.name), partitions_);
  return join([&] { return scanned.next(); }, [&] { return held.next(); }, visit);
}

// Only what is missing is written, so that a restore that was interrupted goes on.
Status Restore::write(const Bucket& bucket, Phase& phase) {
  if (contents_.of(bucket.name).empty()) return {};
  const KeysOptions options = options_for(context_, bucket.name);
  return walk(bucket, [&](Found where, const Entry& entry) -> Status {
    if (where == Found::only_scanned) return {};
    held_.add(entry);
    if (where == Found::on_both_sides) {
      ++there_;
      return phase.step();
    }
    client_.write_async(entry, options, [this](const Result<Stamp>& result, std::optional<Stamp>) {
      writes_.complete(result);
    });
    if (auto status = writes_.status(); !status) return status;
    return phase.step();
  });
}

Status Restore::verify(const Bucket& bucket, Phase& phase) {
  Tally missing;
  auto status = walk(bucket, [&](Found where, const Entry& entry) -> Status {
    if (where == Found::only_held) missing.add(entry);
    return phase.step();
  });
  if (!status) return status;
  if (missing.entries == 0) return {};
  return fail(
      ErrorCode::internal,
      fmt::format("{} entries of bucket '{}' are not in the cluster, which said that it has "
                  "them: run the same again, and if that does not help, `kipu status`",
                  format_number(missing.entries), bucket.name));
}

// The backup, cut down to the one bucket that is asked for, if one is.
Status choose_bucket(Manifest& manifest, const std::optional<std::string>& only) {
  if (!only) return {};
  std::string names;
  for (const Bucket& bucket : manifest.buckets) {
    names += (names.empty() ? "" : ", ") + bucket.name;
  }
  std::erase_if(manifest.buckets, [&](const Bucket& bucket) { return bucket.name != *only; });
  if (!manifest.buckets.empty()) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("the backup has no bucket {}: it has {}", in_quotes(*only), names));
}

// What is proved before the first entry is written.
struct Proved {
  Manifest manifest;
  BackupContents contents;
};

Result<Manifest> read_manifest(const Context& context, const BackupFolder& folder,
                               const std::optional<std::string>& only) {
  auto manifest = folder.read_manifest();
  if (!manifest) return fail(std::move(manifest).error());
  if (!*manifest) {
    return fail(ErrorCode::in_use,
                fmt::format("{} changed just now: run the same again", printable(folder.path())));
  }
  if (!(*manifest)->runs.back().ended) {
    note(context.out.style(),
         fmt::format("kipu: the last backup into {} did not end: it holds what it had come to",
                     printable(folder.path())));
  }
  auto chosen = choose_bucket(**manifest, only);
  if (!chosen) return fail(std::move(chosen).error());
  return **std::move(manifest);
}

Result<BackupContents> check(const Context& context, const BackupFolder& folder,
                             const Manifest& manifest, const std::optional<std::string>& only) {
  std::uint64_t expected = 0;
  for (const BackupFile& file : manifest.files) {
    if (manifest.find_bucket(file.bucket) != nullptr) expected += file.tally.entries;
  }
  Phase phase(context, "checking the backup", expected);
  return check_backup(folder, manifest, only, phase);
}

Result<RestoreReport> restore(Context& context, const BackupFolder& folder) {
  std::optional<std::string> only;
  if (const auto bucket = context.arguments.get("bucket")) only = std::string(*bucket);
  const auto manifest = read_manifest(context, folder, only);
  if (!manifest) return fail(manifest.error());
  RestoreReport report;
  report.directory = folder.path();
  report.only_checked = context.arguments.has("check");
  report.buckets = manifest->buckets.size();
  std::optional<Client> client;
  // A cluster that is not there is told at once; a store in a directory is made last.
  if (!report.only_checked && !context.settings.embedded) {
    auto opened = open_client(context, Purpose::write);
    if (!opened) return fail(std::move(opened).error());
    client = *std::move(opened);
  }
  const auto contents = check(context, folder, *manifest, only);
  if (!contents) return fail(contents.error());
  report.backup = contents->total;
  report.files = contents->file_count();
  if (report.only_checked) return report;
  if (!client) {
    auto opened = open_client(context, Purpose::write);
    if (!opened) return fail(std::move(opened).error());
    client = *std::move(opened);
  }
  Restore work(context, *client, folder, *manifest, *contents);
  auto status = work.run();
  if (!status && !interrupted()) return fail(with_way_on(std::move(status).error()));
  work.fill(report);
  report.interrupted = !status;
  return report;
}

}  // namespace

Result<Exit> run_restore(Context& context) {
  if (context.operands()[0].empty()) {
    return fail(ErrorCode::invalid_argument, "a restore needs the directory of a backup");
  }
  if (auto status = check_level(context); !status) return fail(std::move(status).error());
  const auto folder = BackupFolder::open_to_read(context.operands()[0]);
  if (!folder) return fail(folder.error());
  note_interrupts();
  const Progress watch(true);
  auto report = restore(context, *folder);
  if (!report && interrupted()) {
    RestoreReport stopped;
    stopped.directory = folder->path();
    stopped.interrupted = true;
    report = std::move(stopped);
  }
  if (!report) return fail(std::move(report).error());
  report->seconds = watch.seconds();
  show(context.out, *report);
  return report->interrupted ? Exit::interrupted : Exit::done;
}

}  // namespace kipu::cli

// backup: every bucket into a directory, and later what was added since.
#include <algorithm>
#include <csignal>
#include <set>

#include <fmt/format.h>

#include "client/cli/backup_contents.h"
#include "client/cli/backup_report.h"
#include "client/cli/backup_stream.h"
#include "client/cli/handlers.h"
#include "client/cli/json_record.h"
#include "client/cli/session.h"
#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

// What the cluster says of itself before it is read.
struct Source {
  ClusterId cluster;
  std::uint32_t partitions = 0;
  std::vector<Bucket> buckets;
};

Result<Source> ask_source(Client& client, const CallOptions& options) {
  const auto ping = client.ping(options);
  if (!ping) return fail(ping.error());
  const auto ring = client.ring(options);
  if (!ring) return fail(ring.error());
  const auto buckets = client.buckets(options);
  if (!buckets) return fail(buckets.error());
  return Source{ping->cluster, static_cast<std::uint32_t>(ring->placement.size()), *buckets};
}

// The file of one bucket and run: made with its first entry.
class RunFile {
 public:
  RunFile(const BackupFolder& folder, std::uint32_t run, std::string bucket)
      : folder_(folder), file_{run, std::move(bucket), 0, {}}, name_(file_.name()) {}

  Status add(const Entry& entry) {
    if (!descriptor_.is_open()) {
      auto made = folder_.create(name_);
      if (!made) return fail(std::move(made).error());
      descriptor_ = *std::move(made);
    }
    append_json_record(buffer_, entry);
    file_.tally.add(entry);
    return buffer_.size() < kBufferBytes ? Status() : flush();
  }
  Status finish() {
    if (!descriptor_.is_open()) return {};
    if (auto status = flush(); !status) return status;
    return folder_.sync(descriptor_, name_);
  }
  const BackupFile& file() const { return file_; }
  bool is_there() const { return descriptor_.is_open(); }

 private:
  static constexpr std::size_t kBufferBytes = std::size_t{1024} * 1024;

  // Once it has failed, nothing more may be written behind what was left in the middle of a line.
  Status flush() {
    auto status = folder_.write(descriptor_, name_, buffer_);
    if (status) file_.bytes += buffer_.size();
    buffer_.clear();
    return status;
  }

  const BackupFolder& folder_;
  BackupFile file_;
  std::string name_;
  Descriptor descriptor_;
  std::string buffer_;
};

class Backup {
 public:
  Backup(Context& context, Client& client, const BackupFolder& folder, Source source)
      : context_(context), client_(client), folder_(folder), source_(std::move(source)) {
    report_.directory = folder.path();
  }

  // Takes what is in the directory, and refuses another cluster's.
  Status prepare();
  Status run();
  const BackupReport& report() const { return report_; }

 private:
  Status take_former(Manifest former);
  Status take_buckets();
  Status check_former();
  Status begin_run();
  std::uint32_t next_run(const std::vector<std::string>& names) const;
  Status take_bucket(const Bucket& bucket, Phase& phase);
  Status verify(const BackupFile& file, Phase& phase) const;
  Status end_run();
  Status tell_lost() const;

  Context& context_;
  Client& client_;
  const BackupFolder& folder_;
  const Source source_;
  Manifest manifest_;
  BackupContents former_;
  std::vector<BackupFile> written_;  // by this run
  BackupReport report_;
};

Status Backup::prepare() {
  auto former = folder_.read_manifest();
  if (!former) return fail(std::move(former).error());
  if (*former) {
    if (auto taken = take_former(**std::move(former)); !taken) return taken;
  }
  manifest_.cluster = source_.cluster;
  return take_buckets();
}

Status Backup::take_former(Manifest former) {
  if (former.cluster != source_.cluster && !context_.arguments.has("adopt")) {
    return fail(ErrorCode::wrong_cluster,
                fmt::format("{0} is a backup of cluster {1}, and this is cluster {2}: name another "
                            "directory, or, if this one goes on from that, type `kipu backup {3} "
                            "--adopt`",
                            printable(folder_.path()), former.cluster.id.to_string(),
                            source_.cluster.id.to_string(), as_typed(folder_.path())));
  }
  manifest_ = std::move(former);
  return {};
}

Status Backup::take_buckets() {
  for (const Bucket& bucket : source_.buckets) {
    const Bucket* former = manifest_.find_bucket(bucket.name);
    if (former == nullptr) {
      manifest_.buckets.push_back(bucket);
    } else if (*former != bucket) {
      return fail(ErrorCode::bucket_differs,
                  fmt::format("bucket '{}' is defined in another way in the backup {}: name "
                              "another directory for this cluster",
                              bucket.name, printable(folder_.path())));
    }
  }
  std::ranges::sort(manifest_.buckets, {}, &Bucket::name);
  return {};
}

Status Backup::run() {
  if (auto checked = check_former(); !checked) return checked;
  if (auto begun = begin_run(); !begun) return begun;
  {
    Phase phase(context_, "reading the cluster", std::nullopt);
    for (const Bucket& bucket : manifest_.buckets) {
      if (auto taken = take_bucket(bucket, phase); !taken) return taken;
    }
  }
  if (auto ended = end_run(); !ended) return ended;
  return tell_lost();
}

Status Backup::check_former() {
  std::uint64_t expected = 0;
  for (const BackupFile& file : manifest_.files) expected += file.tally.entries;
  Phase phase(context_, "checking the former backup", expected);
  auto checked = check_backup(folder_, manifest_, std::nullopt, phase);
  if (!checked) return fail(std::move(checked).error());
  former_ = *std::move(checked);
  return {};
}

// Lists what a run that was interrupted left, and that this one is under way.
Status Backup::begin_run() {
  for (const CheckedFile& file : former_.unlisted) {
    if (auto cut = folder_.cut(file.name, file.bytes); !cut) return cut;
    auto listed = *parse_backup_file_name(file.name);
    listed.bytes = file.bytes;
    listed.tally = file.tally;
    manifest_.files.push_back(std::move(listed));
  }
  std::erase_if(manifest_.runs, [this](const BackupRun& run) {
    return std::ranges::find(manifest_.files, run.number, &BackupFile::run) ==
           manifest_.files.end();
  });
  const auto names = folder_.names();
  if (!names) return fail(names.error());
  const std::uint32_t number = next_run(*names);
  for (BackupRun& run : manifest_.runs) {
    if (!run.ended) run.ended = wall_now();
  }
  manifest_.runs.push_back({number, source_.partitions, wall_now(), std::nullopt});
  return folder_.write_manifest(manifest_);
}

// A number that no file has, not even one that is not the backup's.
std::uint32_t Backup::next_run(const std::vector<std::string>& names) const {
  std::set<std::uint32_t> taken;
  for (const std::string& name : names) {
    if (const auto file = parse_backup_file_name(name)) taken.insert(file->run);
  }
  std::uint32_t number = manifest_.runs.empty() ? 1 : manifest_.runs.back().number + 1;
  while (taken.contains(number)) ++number;
  return number;
}

Status Backup::take_bucket(const Bucket& bucket, Phase& phase) {
  RunFile file(folder_, manifest_.runs.back().number, bucket.name);
  HeldEntries held(folder_, former_.of(bucket.name), source_.partitions);
  const bool is_there =
      std::ranges::find(source_.buckets, bucket.name, &Bucket::name) != source_.buckets.end();
  std::optional<ScannedEntries> scanned;
  if (is_there) {
    scanned.emplace(client_, options_for(context_, bucket.name), source_.partitions);
  }
  BucketBackup found{bucket.name, {}, 0, {}};
  auto status = join([&] { return scanned ? scanned->next() : std::optional<Placed>(); },
                     [&] { return held.next(); },
                     [&](Found where, const Entry& entry) -> Status {
                       found.held.add(entry);
                       if (where == Found::only_held) found.lost.add(entry);
                       if (where == Found::only_scanned) {
                         if (auto added = file.add(entry); !added) return added;
                       }
                       return phase.step();
                     });
  // What was read is kept, whatever stopped it.
  if (auto finished = file.finish(); !finished && status) status = finished;
  if (!status) return status;
  found.written = file.file().tally.entries;
  report_.written_bytes += file.file().bytes;
  report_.buckets.push_back(std::move(found));
  if (file.is_there()) written_.push_back(file.file());
  return {};
}

// Reads back what this run has written. What it found there it has read, line by line, already.
Status Backup::verify(const BackupFile& file, Phase& phase) const {
  const auto found = check_backup_file(folder_, file, source_.partitions, LastLine::whole,
                                       [&] { return phase.step(); });
  if (!found) return fail(found.error());
  if (found->bytes == file.bytes && found->tally == file.tally) return {};
  return fail(ErrorCode::corrupt,
              fmt::format("{} does not read as it was written: {} entries, digest {}, instead of "
                          "{}, digest {}: look after the disk, and name a directory on another",
                          folder_.path_of(file.name()), found->tally.entries, found->tally.digest(),
                          file.tally.entries, file.tally.digest()));
}

Status Backup::end_run() {
  if (auto synced = folder_.sync_names(); !synced) return synced;
  Phase phase(context_, "verifying", report_.written());
  for (const BackupFile& file : written_) {
    if (auto verified = verify(file, phase); !verified) return verified;
    manifest_.files.push_back(file);
  }
  manifest_.runs.back().ended = wall_now();
  return folder_.write_manifest(manifest_);
}

// In a cluster that has lost nothing there is everything that was ever backed up.
Status Backup::tell_lost() const {
  std::string lost;
  for (const BucketBackup& bucket : report_.buckets) {
    if (bucket.lost.entries == 0) continue;
    lost += fmt::format("{}{} of bucket '{}'", lost.empty() ? "" : ", ",
                        format_number(bucket.lost.entries), bucket.bucket);
  }
  if (lost.empty()) return {};
  return fail(
      ErrorCode::corrupt,
      fmt::format("the backup is done, and the cluster HAS LOST ENTRIES that an earlier one "
                  "holds: {}; `kipu restore {}` puts them back",
                  lost, as_typed(folder_.path())));
}

Status check_arguments(const Context& context) {
  if (context.operands()[0].empty()) {
    return fail(ErrorCode::invalid_argument, "a backup needs a directory");
  }
  if (context.arguments.has("bucket")) {
    return fail(ErrorCode::invalid_argument,
                "a backup is of every bucket: leave --bucket out (`kipu export --bucket NAME` "
                "writes one)");
  }
  return check_level(context);
}

}  // namespace

Result<Exit> run_backup(Context& context) {
  if (auto status = check_arguments(context); !status) return fail(std::move(status).error());
  auto client = open_client(context, Purpose::read);
  if (!client) return fail(client.error());
  auto source = ask_source(*client, options_for(context, {}));
  if (!source) return fail(std::move(source).error());
  note_interrupts();
  // A limit on the size of files is an error like a full disk, not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  const Progress watch(true);
  const auto folder = BackupFolder::open_to_write(context.operands()[0]);
  if (!folder) return fail(folder.error());
  Backup backup(context, *client, *folder, *std::move(source));
  if (auto prepared = backup.prepare(); !prepared) return fail(std::move(prepared).error());
  auto status = backup.run();
  if (!status && !interrupted()) return fail(with_way_on(std::move(status).error()));
  BackupReport report = backup.report();
  report.seconds = watch.seconds();
  report.interrupted = !status;
  report.way_on = over_same_cluster(
      context, fmt::format("`kipu backup {}{}` goes on", as_typed(report.directory),
                           context.arguments.has("adopt") ? " --adopt" : ""));
  show(context.out, report);
  return status ? Exit::done : Exit::interrupted;
}

}  // namespace kipu::cli

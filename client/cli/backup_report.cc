#include "client/cli/backup_report.h"

#include <fmt/format.h>

#include "client/cli/units.h"

namespace kipu::cli {
namespace {

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", format_number(count), count == 1 ? one : many);
}

std::string entries_of_buckets(std::uint64_t entries, std::size_t buckets) {
  return fmt::format("{} of {}", counted(entries, "entry", "entries"),
                     counted(buckets, "bucket", "buckets"));
}

}  // namespace

Tally BackupReport::held() const {
  Tally all;
  for (const BucketBackup& bucket : buckets) all.add(bucket.held);
  return all;
}

std::uint64_t BackupReport::written() const {
  std::uint64_t all = 0;
  for (const BucketBackup& bucket : buckets) all += bucket.written;
  return all;
}

void render_text(const BackupReport& report, const Style& style, std::string& out) {
  if (style.quiet) return;
  if (report.interrupted) {
    out += fmt::format("interrupted: what is done is kept; {}\n", report.way_on);
    return;
  }
  const Tally held = report.held();
  out += fmt::format("backed up {} in {:.1f} s: {} written ({}), {} there already\n",
                     entries_of_buckets(held.entries, report.buckets.size()), report.seconds,
                     format_number(report.written()), format_size(report.written_bytes),
                     format_number(held.entries - report.written()));
  out += fmt::format("verified: the files hold what was read, digest {}\n", held.digest());
}

void render_raw(const BackupReport& report, const Style& style, std::string& out) {
  render_text(report, style, out);
}

void render_json(const BackupReport& report, JsonWriter& json) {
  json.bytes("directory", report.directory);
  json.member("interrupted", report.interrupted);
  const Tally held = report.held();
  json.member("entries", held.entries).member("digest", held.digest());
  json.member("written", report.written()).member("written_bytes", report.written_bytes);
  json.member("seconds", report.seconds).key("buckets").begin_array();
  for (const BucketBackup& bucket : report.buckets) {
    json.begin_object().member("name", bucket.bucket).member("entries", bucket.held.entries);
    json.member("digest", bucket.held.digest()).member("written", bucket.written).end_object();
  }
  json.end_array();
}

void render_text(const RestoreReport& report, const Style& style, std::string& out) {
  if (style.quiet) return;
  const std::string what = entries_of_buckets(report.backup.entries, report.buckets);
  if (report.interrupted) {
    out += fmt::format("interrupted: {} written; run the same again, and it goes on\n",
                       counted(report.written, "entry", "entries"));
  } else if (report.only_checked) {
    out += fmt::format("checked {} in {}: all whole, digest {}\n", what,
                       counted(report.files, "file", "files"), report.backup.digest());
  } else {
    out += fmt::format("restored {} in {:.1f} s: {} written, {} there already\n", what,
                       report.seconds, format_number(report.written), format_number(report.there));
    out += fmt::format("verified: all of them are in the cluster, digest {}\n",
                       report.backup.digest());
  }
}

void render_raw(const RestoreReport& report, const Style& style, std::string& out) {
  render_text(report, style, out);
}

void render_json(const RestoreReport& report, JsonWriter& json) {
  json.bytes("directory", report.directory);
  json.member("interrupted", report.interrupted).member("only_checked", report.only_checked);
  json.member("buckets", report.buckets).member("files", report.files);
  json.member("entries", report.backup.entries).member("digest", report.backup.digest());
  if (!report.only_checked) {
    json.member("written", report.written).member("there_already", report.there);
  }
  json.member("seconds", report.seconds);
}

}  // namespace kipu::cli

#include "client/cli/backup_file.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "client/cli/json_record.h"
#include "kipu/partition.h"

namespace kipu::cli {
namespace {

// The largest pair, in base 64 or all escaped, with names and a stamp around it.
constexpr std::size_t kMaxLineBytes = std::size_t{8} * 1024 * 1024;
constexpr std::size_t kCheckChunk = std::size_t{1024} * 1024;

// Takes the lines of a file one by one, and knows what they came to.
class Checker {
 public:
  Checker(const BackupFile& file, std::uint32_t partitions) {
    found_.name = file.name();
    found_.bucket = file.bucket;
    found_.partitions = partitions;
  }

  // `line` with its newline.
  Status take(std::string_view line) {
    if (!line.ends_with('\n')) return fail(ErrorCode::malformed, "the line has no end");
    auto entry = parse_backup_line(line.substr(0, line.size() - 1), found_.bucket);
    if (!entry) return fail(std::move(entry).error());
    const auto partition = partition_of(entry->bucket, entry->key, found_.partitions);
    const Placed placed{partition.number, *std::move(entry)};
    if (!order_.take(placed)) return fail(ErrorCode::malformed, "the entry is out of order");
    const std::uint64_t begin = found_.bytes;
    found_.bytes += line.size();
    if (found_.sections.empty() || found_.sections.back().partition != placed.partition) {
      found_.sections.push_back({placed.partition, {begin, begin}});
    }
    found_.sections.back().lines.end = found_.bytes;
    found_.tally.add(placed.entry);
    return {};
  }

  const CheckedFile& found() const { return found_; }
  CheckedFile finish(std::uint64_t size) && {
    found_.torn_bytes = size - found_.bytes;
    return std::move(found_);
  }

 private:
  CheckedFile found_;
  Ascending order_;
};

}  // namespace

bool is_before(const Placed& a, const Placed& b) {
  const EntryId of_a = a.entry.id();
  const EntryId of_b = b.entry.id();
  return std::tie(a.partition, a.entry.key, of_a) < std::tie(b.partition, b.entry.key, of_b);
}

bool Ascending::take(const Placed& next) {
  const EntryId id = next.entry.id();
  if (!is_first_ &&
      std::tie(partition_, key_, id_) >= std::tie(next.partition, next.entry.key, id)) {
    return false;
  }
  is_first_ = false;
  partition_ = next.partition;
  key_ = next.entry.key;
  id_ = id;
  return true;
}

LineCursor::LineCursor(const BackupFolder& folder, std::string name, std::vector<Extent> extents,
                       std::size_t chunk)
    : folder_(&folder), name_(std::move(name)), extents_(std::move(extents)), chunk_(chunk) {}

Result<std::optional<std::string_view>> LineCursor::next() {
  while (true) {
    const std::size_t newline = buffer_.find('\n', at_ + scanned_);
    if (newline != std::string::npos) return take(newline + 1 - at_);
    scanned_ = buffer_.size() - at_;
    if (scanned_ > kMaxLineBytes) {
      return fail(ErrorCode::corrupt, fmt::format("{}: a line is longer than any entry can be",
                                                  folder_->path_of(name_)));
    }
    if (offset_ + scanned_ == end_) {
      if (scanned_ > 0) return take(scanned_);
      if (next_extent_ == extents_.size()) return std::optional<std::string_view>();
      offset_ = extents_[next_extent_].begin;
      end_ = extents_[next_extent_++].end;
      continue;
    }
    if (auto status = fill(); !status) return fail(std::move(status).error());
  }
}

std::string_view LineCursor::take(std::size_t bytes) {
  const std::string_view line(buffer_.data() + at_, bytes);
  at_ += bytes;
  offset_ += bytes;
  scanned_ = 0;
  return line;
}

Status LineCursor::fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  const std::uint64_t from = offset_ + buffer_.size();
  const std::size_t before = buffer_.size();
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_, end_ - from));
  if (auto status = folder_->read(name_, from, wanted, buffer_); !status) return status;
  if (buffer_.size() > before) return {};
  return fail(ErrorCode::corrupt,
              fmt::format("{} became shorter while it was read", folder_->path_of(name_)));
}

Result<Entry> parse_backup_line(std::string_view line, std::string_view bucket) {
  auto record = parse_json_record(line);
  if (!record) return fail(std::move(record).error());
  if (!record->bucket || !record->stamp || !record->kind || !record->digest) {
    return fail(ErrorCode::malformed, "no bucket, stamp, kind or digest");
  }
  Entry entry = make_entry(std::string(bucket), std::move(record->key), *record->stamp,
                           *record->kind, std::move(record->values));
  if (*record->bucket == bucket && entry.digest == *record->digest) return entry;
  return fail(ErrorCode::bad_digest, "the digest is not that of the entry");
}

Result<CheckedFile> check_backup_file(const BackupFolder& folder, const BackupFile& file,
                                      std::uint32_t partitions, LastLine last,
                                      const std::function<Status()>& tell) {
  const auto size = folder.size_of(file.name());
  if (!size) return fail(size.error());
  LineCursor lines(folder, file.name(), {{0, *size}}, kCheckChunk);
  Checker checker(file, partitions);
  while (true) {
    const auto line = lines.next();
    if (!line) return fail(line.error());
    if (!*line) return std::move(checker).finish(*size);
    // Only what a writer left when it was stopped: a line that lacks its end.
    if (last == LastLine::perhaps_torn && !(*line)->ends_with('\n')) {
      return std::move(checker).finish(*size);
    }
    if (auto taken = checker.take(**line); !taken) {
      return fail(ErrorCode::corrupt,
                  fmt::format("{} line {}: {}", folder.path_of(file.name()),
                              checker.found().tally.entries + 1, taken.error().message));
    }
    if (auto told = tell(); !told) return fail(std::move(told).error());
  }
}

}  // namespace kipu::cli

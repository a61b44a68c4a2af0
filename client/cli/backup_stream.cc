#include "client/cli/backup_stream.h"

#include <algorithm>

#include <fmt/format.h>

namespace kipu::cli {
namespace {

// What all runs of lines that are merged may buffer, about.
constexpr std::size_t kBufferBytes = std::size_t{32} * 1024 * 1024;
constexpr std::size_t kLeastChunk = std::size_t{4} * 1024;
constexpr std::size_t kMostChunk = std::size_t{256} * 1024;

// As std::push_heap wants it for the least to be on top.
constexpr auto kIsLater = [](const auto& a, const auto& b) {
  return is_before(b->first, a->first);
};

void extend(std::vector<Extent>& extents, Extent next) {
  if (!extents.empty() && extents.back().end == next.begin) {
    extents.back().end = next.end;
  } else {
    extents.push_back(next);
  }
}

}  // namespace

FileFeed::FileFeed(const BackupFolder& folder, const CheckedFile& file,
                   std::uint32_t target_partitions)
    : folder_(&folder), file_(&file), target_partitions_(target_partitions) {}

Result<std::optional<std::uint32_t>> FileFeed::next_partition() {
  while (ready_.empty()) {
    if (next_section_ == file_->sections.size()) return std::optional<std::uint32_t>();
    if (target_partitions_ <= file_->partitions) {
      gather();
    } else if (auto status = split(); !status) {
      return fail(std::move(status).error());
    }
  }
  return ready_.begin()->first;
}

std::vector<std::vector<Extent>> FileFeed::take() {
  Runs runs = std::move(ready_.begin()->second);
  ready_.erase(ready_.begin());
  return runs;
}

// One of the target's partitions is made of whole sections, each a run of its own.
void FileFeed::gather() {
  const std::uint32_t ratio = file_->partitions / target_partitions_;
  const std::uint32_t partition = file_->sections[next_section_].partition / ratio;
  Runs& runs = ready_[partition];
  while (next_section_ < file_->sections.size() &&
         file_->sections[next_section_].partition / ratio == partition) {
    runs.push_back({file_->sections[next_section_++].lines});
  }
}

// A section holds several of the target's partitions, mixed: it is read once to find the lines of
// each. Keys of one partition stand together more often than not, since their lines do.
Status FileFeed::split() {
  const Extent section = file_->sections[next_section_++].lines;
  LineCursor lines(*folder_, file_->name, {section}, kMostChunk);
  std::uint64_t begin = section.begin;
  while (true) {
    const auto line = lines.next();
    if (!line) return fail(line.error());
    if (!*line) return {};
    const auto entry = parse_backup_line((*line)->substr(0, (*line)->size() - 1), file_->bucket);
    if (!entry) {
      return fail(ErrorCode::corrupt,
                  fmt::format("{} changed while it was read", folder_->path_of(file_->name)));
    }
    Runs& runs = ready_[partition_of(entry->bucket, entry->key, target_partitions_).number];
    if (runs.empty()) runs.emplace_back();
    extend(runs.front(), {begin, lines.offset()});
    begin = lines.offset();
  }
}

HeldEntries::HeldEntries(const BackupFolder& folder, const std::vector<CheckedFile>& files,
                         std::uint32_t target_partitions)
    : folder_(&folder) {
  for (const CheckedFile& file : files) feeds_.emplace_back(folder, file, target_partitions);
}

Result<std::optional<Placed>> HeldEntries::next() {
  while (true) {
    if (heap_.empty()) {
      if (auto status = open_next_partition(); !status) return fail(std::move(status).error());
      if (heap_.empty()) return std::optional<Placed>();
    }
    std::ranges::pop_heap(heap_, kIsLater);
    std::unique_ptr<Run> run = std::move(heap_.back());
    heap_.pop_back();
    Placed least = std::move(run->first);
    if (auto status = push(std::move(run)); !status) return fail(std::move(status).error());
    // The same entry may stand in two files.
    if (!order_.take(least)) continue;
    return std::optional<Placed>(std::move(least));
  }
}

Status HeldEntries::open_next_partition() {
  std::optional<std::uint32_t> least;
  for (FileFeed& feed : feeds_) {
    const auto next = feed.next_partition();
    if (!next) return fail(next.error());
    if (*next && (!least || **next < *least)) least = *next;
  }
  if (!least) return {};
  return open_runs(*least);
}

Status HeldEntries::open_runs(std::uint32_t partition) {
  partition_ = partition;
  std::vector<std::pair<std::string, std::vector<Extent>>> runs;
  for (FileFeed& feed : feeds_) {
    const auto next = feed.next_partition();
    if (!next) return fail(next.error());
    if (*next != partition) continue;
    for (auto& extents : feed.take()) runs.emplace_back(feed.file().name, std::move(extents));
  }
  const std::size_t chunk = std::clamp(kBufferBytes / runs.size(), kLeastChunk, kMostChunk);
  for (auto& [name, extents] : runs) {
    LineCursor lines(*folder_, std::move(name), std::move(extents), chunk);
    if (auto status = push(std::make_unique<Run>(Run{std::move(lines), {}})); !status) {
      return status;
    }
  }
  return {};
}

// Puts a run back into the heap, if it has another line.
Status HeldEntries::push(std::unique_ptr<Run> run) {
  const auto line = run->lines.next();
  if (!line) return fail(line.error());
  if (!*line) return {};
  const std::string& bucket = feeds_.front().file().bucket;
  auto entry = parse_backup_line((*line)->substr(0, (*line)->size() - 1), bucket);
  if (!entry) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} changed while it was read", folder_->path_of(run->lines.name())));
  }
  run->first = {partition_, *std::move(entry)};
  heap_.push_back(std::move(run));
  std::ranges::push_heap(heap_, kIsLater);
  return {};
}

ScannedEntries::ScannedEntries(Client& client, const KeysOptions& options, std::uint32_t partitions)
    : range_(client.entries(options)), partitions_(partitions) {}

Result<std::optional<Placed>> ScannedEntries::next() {
  if (at_) {
    ++*at_;
  } else {
    at_ = range_.begin();
  }
  if (*at_ == range_.end()) return std::optional<Placed>();
  const Result<Entry>& entry = **at_;
  if (!entry) return fail(entry.error());
  Placed placed{partition_of(entry->bucket, entry->key, partitions_).number, *entry};
  if (!order_.take(placed)) {
    return fail(ErrorCode::internal, "the cluster gives entries out of their order");
  }
  return std::optional<Placed>(std::move(placed));
}

Status join(const PlacedSource& scanned, const PlacedSource& held, const JoinVisitor& visit) {
  auto there = scanned();
  auto here = held();
  while (true) {
    if (!there) return fail(std::move(there).error());
    if (!here) return fail(std::move(here).error());
    if (!*there && !*here) return {};
    const bool take_there = *there && (!*here || !is_before(**here, **there));
    const bool take_here = *here && (!*there || !is_before(**there, **here));
    const Found found = take_there && take_here ? Found::on_both_sides
                        : take_there            ? Found::only_scanned
                                                : Found::only_held;
    const Entry& entry = take_there ? (*there)->entry : (*here)->entry;
    if (auto status = visit(found, entry); !status) return status;
    if (take_there) there = scanned();
    if (take_here) here = held();
  }
}

}  // namespace kipu::cli

#include "storage/log_index.h"

#include <algorithm>
#include <limits>
#include <span>

#include "base/check.h"
#include "storage/range.h"

namespace kipu::storage {
namespace {

// The record where `log` stands; none at its end, or where it cannot be read.
std::optional<LogRecord> record_at(const LogSource& log) {
  if (!log.is_valid()) return std::nullopt;
  const Result<LogRecord> record = log.record();
  return record ? std::optional(*record) : std::nullopt;
}

// Moves `log` to the record that follows `after`, if that is known: each run's first record in
// turn, then within the run.
Result<bool> stand_behind(LogSource& log, const LogRecord& oldest, const Position& after) {
  log.seek(oldest.place);
  while (log.is_valid()) {
    Result<LogRecord> record = log.record();
    if (!record) return fail(std::move(record.error()));
    if (record->previous == after) return true;
    LogPlace next{record->place.run_index + 1, 0};
    const bool is_its_run = record->position.run == after.run;
    if (is_its_run && after.counter < record->position.counter) return false;
    if (is_its_run) next = {record->place.run_index, after.counter + 1};
    if (next <= record->place) return false;
    log.seek(next);
    if (!is_its_run) continue;
    if (!log.is_valid()) break;
    record = log.record();
    if (!record) return fail(std::move(record.error()));
    return record->previous == after;
  }
  if (Status whole = log.status(); !whole) return fail(std::move(whole.error()));
  return false;
}

// The entries of the record where `log` stands that are of the query's partitions.
Result<std::vector<Entry>> entries_at(const LogSource& log, const FetchQuery& query) {
  const Result<std::vector<RecordKey>> names = log.names();
  if (!names) return fail(names.error());
  std::vector<Entry> entries;
  for (const RecordKey& name : *names) {
    if (!std::binary_search(query.partitions.begin(), query.partitions.end(), name.partition)) {
      continue;
    }
    Result<Entry> entry = log.entry(name);
    if (!entry) return fail(std::move(entry.error()));
    entries.push_back(std::move(*entry));
  }
  return entries;
}

std::size_t bytes_of(const std::vector<Entry>& entries) {
  std::size_t bytes = 0;
  for (const Entry& entry : entries) bytes += entry.message_bytes();
  return bytes;
}

// Takes commits from where `log` stands, as long as each follows the one before it.
Status follow(LogSource& log, const FetchQuery& query, Fetched& fetched) {
  PageBudget budget(std::numeric_limits<std::uint32_t>::max(), query.max_bytes);
  std::size_t bytes = 0;
  for (std::size_t visited = 0; log.is_valid() && visited < kMaxVisitedAtOnce; ++visited) {
    if (bytes >= kMaxVisitedBytes || (visited > 0 && log.is_late())) break;
    const Result<LogRecord> record = log.record();
    if (!record) return fail(record.error());
    if (record->previous != fetched.through) break;
    Result<std::vector<Entry>> entries = entries_at(log, query);
    if (!entries) return fail(std::move(entries.error()));
    if (!entries->empty()) {
      if (!budget.take(bytes_of(*entries))) break;
      fetched.commits.push_back({record->position, std::move(*entries)});
    }
    fetched.through = record->position;
    bytes += record->bytes;
    if (fetched.through == fetched.head) break;
    log.next();
  }
  return log.status();
}

}  // namespace

Result<Fetched> fetch_log(LogSource& log, const LogBounds& bounds, const FetchQuery& query) {
  Fetched fetched;
  fetched.head = bounds.head;
  fetched.through = query.after;
  if (query.after == bounds.head) return fetched;
  Result<bool> found = bounds.oldest ? stand_behind(log, *bounds.oldest, query.after) : false;
  if (!found) return fail(std::move(found.error()));
  if (!*found) {
    fetched.trimmed = true;
    fetched.through = {};
    return fetched;
  }
  if (Status whole = follow(log, query, fetched); !whole) return fail(std::move(whole.error()));
  return fetched;
}

void LogIndex::load(LogSource& log) {
  log.seek_last();
  const std::optional<LogRecord> last = record_at(log);
  if (!last || !log.status()) {
    if (log.is_valid() || !log.status()) bounds_.head = {run_, 0};
    return;
  }
  run_index_ = std::max(run_index_, last->place.run_index + 1);
  bounds_.head = last->position;
  bounds_.next_number = last->number + 1;
  bounds_.next_offset = last->offset + last->bytes;
  log.seek({});
  const std::optional<LogRecord> oldest = record_at(log);
  // What cannot be read is as good as trimmed.
  bounds_.oldest = oldest && log.status() ? oldest : last;
}

LogIndex::Step LogIndex::plan(const Change& change, LogSource& log) {
  Step step;
  step.after = bounds_;
  const std::optional<LogRecord> added = add(change, step);
  trim(change, added, log, step);
  return step;
}

std::optional<LogRecord> LogIndex::add(const Change& change, Step& step) const {
  if (!change.position) return std::nullopt;
  const Position& position = *change.position;
  KIPU_CHECK(position.run == run_);
  KIPU_CHECK(bounds_.head.run != run_ || bounds_.head.counter < position.counter);
  KIPU_CHECK_OP(change.logged, <=, change.entries.size());
  LogBounds& after = step.after;
  LogRecord record{
      {run_index_, position.counter}, position, after.head, after.next_number, after.next_offset};
  std::string value;
  append_log_head(value, record);
  for (const PlacedEntry& placed : std::span(change.entries).first(change.logged)) {
    const Entry& entry = placed.entry;
    append_log_name(value, placed.partition, entry.bucket, entry.key, entry.id());
  }
  record.bytes = encode_log_key(record.place).size() + value.size();
  step.added.emplace(record.place, std::move(value));
  after.head = position;
  after.next_number += 1;
  after.next_offset += record.bytes;
  if (!after.oldest) after.oldest = record;
  return record;
}

void LogIndex::trim(const Change& change, const std::optional<LogRecord>& added, LogSource& log,
                    Step& step) {
  if (!bounds_.oldest) return;
  const std::optional<LogPlace> through = place_of(change.trim_through, log);
  const auto goes = [&](const LogRecord& record) {
    return record.position != step.after.head && is_surplus(record, through, step.after);
  };
  if (!goes(*bounds_.oldest)) return;
  log.seek(bounds_.oldest->place);
  std::optional<LogRecord> at = record_at(log);
  while (at && goes(*at) && step.trimmed.size() < kMaxTrimmedAtOnce) {
    step.trimmed.push_back(at->place);
    log.next();
    at = record_at(log);
  }
  if (!at && !log.is_valid() && log.status()) at = added;
  if (at) {
    step.after.oldest = at;
  } else {
    step.trimmed.clear();  // something cannot be read: all of it stays
  }
}

bool LogIndex::is_surplus(const LogRecord& record, const std::optional<LogPlace>& through,
                          const LogBounds& bounds) const {
  return (through && record.place <= *through) ||
         bounds.next_number - record.number > limits_.records ||
         bounds.next_offset - record.offset > limits_.bytes;
}

std::optional<LogPlace> LogIndex::place_of(const std::optional<Position>& position,
                                           LogSource& log) {
  if (!position) return std::nullopt;
  const std::optional<std::uint64_t> index = index_of(position->run, log);
  if (!index) return std::nullopt;
  return LogPlace{*index, position->counter};
}

std::optional<std::uint64_t> LogIndex::index_of(std::uint64_t run, LogSource& log) {
  if (run == run_) return run_index_;
  const LogRecord& oldest = *bounds_.oldest;
  if (run == oldest.position.run) return oldest.place.run_index;
  if (looked_up_ && looked_up_->first == run) return looked_up_->second;
  log.seek(oldest.place);
  std::optional<LogRecord> at = record_at(log);
  while (at && at->position.run != run) {
    const LogPlace next{at->place.run_index + 1, 0};
    log.seek(next);
    at = record_at(log);
    if (at && at->place < next) at.reset();
  }
  looked_up_.emplace(run, at ? std::optional(at->place.run_index) : std::nullopt);
  return looked_up_->second;
}

}  // namespace kipu::storage

// What a store's log keeps, trims and gives to those who missed it; the same in every store. The
// store lends its records as a LogSource.
//
// The log is a chain: each record names the one before it. Records are taken away at its old end
// only, and one of those that comes back, as LevelDB does not rule out, hangs on nothing: a fetch
// that meets it gets no further than that record, and is told next that the log is trimmed there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/entry.h"
#include "base/query.h"
#include "base/result.h"
#include "storage/log_record.h"
#include "storage/store.h"

namespace kipu::storage {

// So many records are trimmed by one merge at most.
inline constexpr std::size_t kMaxTrimmedAtOnce = 256;
// So many records, and about so many bytes of them, are visited by one fetch at most, whether or
// not they concern who asks.
inline constexpr std::size_t kMaxVisitedAtOnce = 1024;
inline constexpr std::size_t kMaxVisitedBytes = std::size_t{4} * 1024 * 1024;

// Walks the records of a log in the order of their places. It sees the log as it was when it was
// first moved.
class LogSource {
 public:
  LogSource() = default;
  LogSource(const LogSource&) = delete;
  LogSource& operator=(const LogSource&) = delete;
  virtual ~LogSource() = default;

  virtual void seek(const LogPlace& place) = 0;  // to the first record there or behind
  virtual void seek_last() = 0;
  virtual void next() = 0;
  [[nodiscard]] virtual bool is_valid() const = 0;
  // Of the record where it stands; REQUIRES: is_valid().
  [[nodiscard]] virtual Result<LogRecord> record() const = 0;
  [[nodiscard]] virtual Result<std::vector<RecordKey>> names() const = 0;
  // `unreadable` if it passed over something.
  [[nodiscard]] virtual Status status() const = 0;
  // The entry of that name; `unreadable` also if there is none.
  [[nodiscard]] virtual Result<Entry> entry(const RecordKey& name) const = 0;
  // Whether reading has taken so long that it should end with what it has got.
  [[nodiscard]] virtual bool is_late() { return false; }
};

// From where to where a log goes, and what there was before.
struct LogBounds {
  std::optional<LogRecord> oldest;  // none: the log is empty
  Position head;                    // the last record, or what the next one names as previous
  std::uint64_t next_number = 0;
  std::uint64_t next_offset = 0;
};

// Thread rule: one thread at a time. A plain value: a copy goes its own way.
class LogIndex {
 public:
  // `run` is this run of the store, and `run_index` how many came before.
  LogIndex(const LogLimits& limits, std::uint64_t run, std::uint64_t run_index)
      : limits_(limits), run_(run), run_index_(run_index) {}

  // Takes up what `log` holds of earlier runs. If its last record cannot be read, nobody can tell
  // what came before this run: the head becomes a position of this run that no commit ever has, so
  // that all who stood anywhere else are told that the log is trimmed.
  void load(LogSource& log);

  // What a merge does to the log.
  struct Step {
    std::optional<std::pair<LogPlace, std::string>> added;
    std::vector<LogPlace> trimmed;
    LogBounds after;
  };
  // REQUIRES: the change's position, if any, is of this run, and greater than any before it.
  [[nodiscard]] Step plan(const Change& change, LogSource& log);
  // That is durable now.
  void apply(const Step& step) { bounds_ = step.after; }

  const LogBounds& bounds() const { return bounds_; }

 private:
  std::optional<LogRecord> add(const Change& change, Step& step) const;
  void trim(const Change& change, const std::optional<LogRecord>& added, LogSource& log,
            Step& step);
  bool is_surplus(const LogRecord& record, const std::optional<LogPlace>& through,
                  const LogBounds& bounds) const;
  std::optional<LogPlace> place_of(const std::optional<Position>& position, LogSource& log);
  std::optional<std::uint64_t> index_of(std::uint64_t run, LogSource& log);

  LogLimits limits_;
  std::uint64_t run_;
  std::uint64_t run_index_;
  LogBounds bounds_;
  // The last run that was looked for in the log, and its index there.
  std::optional<std::pair<std::uint64_t, std::optional<std::uint64_t>>> looked_up_;
};

// Store::fetch(), of a log with those bounds. It may have got longer since they were read.
[[nodiscard]] Result<Fetched> fetch_log(LogSource& log, const LogBounds& bounds,
                                        const FetchQuery& query);

}  // namespace kipu::storage

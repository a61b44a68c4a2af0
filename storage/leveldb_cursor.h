// An iterator over the database, in our types, and the time that a read may take.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include <fmt/format.h>
#include <leveldb/db.h>

#include "base/limits.h"
#include "base/result.h"

namespace kipu::storage {

[[nodiscard]] inline std::string_view view(const leveldb::Slice& slice) {
  return {slice.data(), slice.size()};
}

[[nodiscard]] inline leveldb::Slice as_slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

[[nodiscard]] inline leveldb::ReadOptions verified_reads() {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  return options;
}

[[nodiscard]] inline Status as_read_status(const leveldb::Status& status) {
  if (status.ok()) return {};
  return fail(ErrorCode::unreadable,
              fmt::format("the store cannot read its data: {}", status.ToString()));
}

// How long a read has taken. Not asked of the clock at every entry.
class ReadTime {
 public:
  bool is_over() {
    if (++asked_ % kBetween != 0) return false;
    return std::chrono::steady_clock::now() - began_ >= limits::kMaxReadTime;
  }

 private:
  static constexpr std::uint32_t kBetween = 8;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::uint32_t asked_ = 0;
};

// Where it comes upon something that it cannot read it skips that, or ends: only status() tells, so
// every read asks it before it returns anything.
class RecordCursor {
 public:
  explicit RecordCursor(leveldb::DB& db) : iterator_(db.NewIterator(verified_reads())) {}

  void seek(std::string_view to) { iterator_->Seek(as_slice(to)); }
  // To the last record before `end`.
  void seek_before(std::string_view end) {
    iterator_->Seek(as_slice(end));
    if (iterator_->Valid()) {
      iterator_->Prev();
    } else {
      iterator_->SeekToLast();
    }
  }
  void next() { iterator_->Next(); }
  void previous() { iterator_->Prev(); }

  bool is_valid() const { return iterator_->Valid(); }
  std::string_view key() const { return view(iterator_->key()); }
  std::string_view value() const { return view(iterator_->value()); }
  Status status() const { return as_read_status(iterator_->status()); }

 private:
  std::unique_ptr<leveldb::Iterator> iterator_;
};

}  // namespace kipu::storage

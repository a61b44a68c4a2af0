// What reads return: ranges that fetch pages as they are walked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "base/entry.h"
#include "base/result.h"

namespace kipu {

// One value of a key.
struct Item {
  EntryId id;  // of its entry: the cursor to go on after
  EntryKind kind = EntryKind::append;
  std::uint32_t index = 0;  // within its entry
  std::string value;        // empty for a removal, which only a history shows
};

// A lazy single-pass range of Result<T>: each element is a value, or the error that ended the
// range, which is then the last. Nothing is asked for before begin(). The page after the one being
// walked is asked for when the walk comes to its second element, so that the first can be shown
// before anything else is fetched. A range may outlive its client (it then ends with `closed`); one
// that goes away early cancels what it asked for.
//
// Thread rule: one thread at a time walks a range.
template <class T>
class Range {
 public:
  // Returns the next element, or nothing at the end. Called until it returns an error or nothing.
  using Source = std::function<std::optional<Result<T>>()>;

  class Iterator {
   public:
    using value_type = Result<T>;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const Result<T>*;
    using reference = const Result<T>&;

    Iterator() = default;
    explicit Iterator(Range* range) : range_(range) {}
    reference operator*() const { return *range_->current_; }
    pointer operator->() const { return &*range_->current_; }
    Iterator& operator++() {
      range_->advance();
      return *this;
    }
    void operator++(int) { range_->advance(); }
    friend bool operator==(const Iterator& at, std::default_sentinel_t) { return at.at_end(); }

   private:
    bool at_end() const { return range_ == nullptr || !range_->current_; }
    Range* range_ = nullptr;
  };

  explicit Range(Source source) : source_(std::move(source)) {}
  Range(Range&&) noexcept = default;
  Range& operator=(Range&&) noexcept = default;
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
  ~Range() = default;

  // Fetches the first element. Call once; the range must outlive the iterator.
  Iterator begin() {
    advance();
    return Iterator(this);
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  void advance() {
    const bool ended = current_ && !current_->has_value();
    current_ = ended ? std::nullopt : source_();
  }

  Source source_;
  std::optional<Result<T>> current_;
};

using ItemRange = Range<Item>;
using KeyRange = Range<std::string>;
using EntryRange = Range<Entry>;

}  // namespace kipu

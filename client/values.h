// The values of a key, one at a time out of pages: what Client::values walks.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/entry.h"
#include "base/query.h"
#include "client/pages.h"
#include "kipu/client.h"
#include "kipu/ranges.h"

namespace kipu::client {

// The id right before `id` in the order of reading, so that a read after it begins at `id`;
// nothing if there is none. No entry need have it.
[[nodiscard]] std::optional<EntryId> id_before(const EntryId& id, bool reverse);

// How many items an entry shows: its values; a removal, which has none, shows itself.
[[nodiscard]] std::uint64_t items_of(const Entry& entry);

class ValueSource {
 public:
  ValueSource(std::shared_ptr<Loop> loop, std::string key, ReadOptions options);

  // The next item, the error that ended the walk, or nothing at its end.
  std::optional<Result<Item>> next();

 private:
  // Where a read of the last n begins.
  struct Tail {
    std::vector<Entry> entries;  // the tail itself, in order of reading, if one page held it
    bool held = true;
    std::optional<EntryId> after;  // else: read on from here
    std::uint64_t skip = 0;        // items of the first entry that are not part of it
  };

  Status begin();
  Status begin_newest();
  Status begin_tail();
  [[nodiscard]] Result<Tail> find_tail(std::uint64_t items);
  bool probe_page(std::vector<Entry> entries, std::uint64_t items, std::uint64_t& seen,
                  Tail& tail) const;
  [[nodiscard]] PageCall call() const;
  bool past_cursor(const Entry& entry) const;
  bool next_entry();
  bool next_page();
  Item take_item();
  void ask_ahead();

  const std::shared_ptr<Loop> loop_;
  const std::string key_;
  const ReadOptions options_;

  bool begun_ = false;
  bool ended_ = false;
  std::optional<Error> error_;
  std::uint64_t left_ = UINT64_MAX;         // items that may still be shown
  std::uint64_t skip_ = 0;                  // items to pass over first
  std::unique_ptr<Pages<PageCall>> pages_;  // none: what entries_ holds is all
  std::vector<Entry> entries_;              // the page being walked
  std::size_t entry_ = 0;                   // the one being walked is before this
  std::vector<std::string_view> values_;    // of that one, in order of reading
  std::size_t value_ = 0;
};

}  // namespace kipu::client

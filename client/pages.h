// The pages of one read, one after the other, with at most one asked for ahead.
//
// Thread rule: one thread.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/query.h"
#include "client/calls.h"
#include "client/machine.h"

namespace kipu::client {

inline Call call_of(const PageQuery& query) {
  return PageCall{query};
}
inline Call call_of(const ScanQuery& query) {
  return ScanCall{query};
}
inline void go_on_after(PageQuery& query, const Entry& last) {
  query.after = last.id();
}
inline void go_on_after(ScanQuery& query, const Entry& last) {
  query.after = ScanQuery::Position{last.key, last.id()};
}

template <class Query>
class Pages {
 public:
  // `loop` outlives this object.
  Pages(Loop& loop, const CallOptions& options, Query query)
      : loop_(&loop), options_(options), query_(std::move(query)) {}

  // Asks for the page that next() will return, if there is one and it was not asked for.
  void ask_ahead() {
    if (ended_ || ticket_) return;
    ticket_ = std::make_unique<Ticket>(*loop_, call_of(query_), options_);
  }

  // The next page, or the error that ended the read, or nothing after the last of either.
  std::optional<Result<Page>> next() {
    if (ended_) return std::nullopt;
    ask_ahead();
    auto page = unwrap<Page>(ticket_->wait());
    ticket_.reset();
    ended_ = !page || page->complete;
    if (ended_) return page;
    if (page->entries.empty()) {
      ended_ = true;
      return fail(ErrorCode::internal, "a page is empty, and yet others follow it");
    }
    go_on_after(query_, page->entries.back());
    return page;
  }

  bool ended() const { return ended_; }

 private:
  Loop* loop_;
  CallOptions options_;
  Query query_;  // of the page to come
  std::unique_ptr<Ticket> ticket_;
  bool ended_ = false;
};

}  // namespace kipu::client

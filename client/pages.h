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

inline void go_on_after(PageQuery& query, const Entry& last) {
  query.after = last.id();
}
inline void go_on_after(ScanQuery& query, const Entry& last) {
  query.after = ScanQuery::Position{last.key, last.id()};
}

// PagedCall: a PageCall or a ScanCall.
template <class PagedCall>
class Pages {
 public:
  // `loop` outlives this object.
  Pages(Loop& loop, const CallOptions& options, PagedCall call)
      : loop_(&loop), options_(options), call_(std::move(call)) {}

  // Asks for the page that next() will return, if there is one and it was not asked for.
  void ask_ahead() {
    if (ended_ || ticket_) return;
    ticket_ = std::make_unique<Ticket>(*loop_, Call(call_), options_);
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
    go_on_after(call_.query, page->entries.back());
    return page;
  }

  bool ended() const { return ended_; }

 private:
  Loop* loop_;
  CallOptions options_;
  PagedCall call_;  // for the page to come
  std::unique_ptr<Ticket> ticket_;
  bool ended_ = false;
};

}  // namespace kipu::client

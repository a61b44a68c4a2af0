#include "examples/files/tree.h"

#include <span>
#include <utility>

namespace files {
namespace {

using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;
using kipu::Status;

constexpr std::size_t kLeastListRefs = 256;
// One id in 1024 ends a list.
constexpr unsigned kEndsLists = 0x3ff;
// More than any file needs: 256 refs to a list at least make 2^64 chunks at this depth.
constexpr std::size_t kMaxDepth = 9;

bool ends_list(const std::vector<Ref>& refs) {
  if (refs.size() < kLeastListRefs) return false;
  if (refs.size() >= kMaxListRefs) return true;
  const Sum& id = refs.back().id;
  const unsigned low = id[0] | static_cast<unsigned>(id[1]) << 8U;
  return refs.back().kind != RefKind::hole && (low & kEndsLists) == 0;
}

}  // namespace

Status TreeBuilder::add(const Ref& ref, std::size_t level) {
  if (levels_.size() == level) levels_.emplace_back();
  std::vector<Ref>& refs = levels_[level];
  if (ref.kind == RefKind::hole && !refs.empty() && refs.back().kind == RefKind::hole) {
    refs.back().length += ref.length;
    return {};
  }
  refs.push_back(ref);
  return ends_list(refs) ? close(level) : Status{};
}

Status TreeBuilder::close(std::size_t level) {
  const std::vector<Ref> refs = std::exchange(levels_[level], {});
  Ref list{RefKind::list, 0, {}};
  for (const Ref& ref : refs) list.length += ref.length;
  std::string bytes = encode_list(refs);
  list.id = sha256(bytes);
  if (auto stored = store_(list.id, std::move(bytes)); !stored) return stored;
  return add(list, level + 1);
}

Result<std::vector<Ref>> TreeBuilder::finish() {
  if (levels_.empty()) return std::vector<Ref>{};
  for (std::size_t level = 0;; ++level) {
    const bool top = level + 1 == levels_.size();
    if (top && levels_[level].size() <= kMaxOwnRefs) return std::move(levels_[level]);
    if (levels_[level].empty()) continue;
    if (auto closed = close(level); !closed) return fail(std::move(closed).error());
  }
}

TreeWalker::TreeWalker(std::vector<Ref> refs, Fetch fetch) : fetch_(std::move(fetch)) {
  levels_.push_back({std::move(refs)});
}

Result<std::optional<Ref>> TreeWalker::next() {
  while (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.at == level.refs.size()) {
      levels_.pop_back();
      continue;
    }
    const Ref ref = level.refs[level.at++];
    if (ref.kind != RefKind::list) return ref;
    if (auto descended = descend(ref); !descended) return fail(std::move(descended).error());
  }
  return std::nullopt;
}

Status TreeWalker::descend(const Ref& list) {
  if (levels_.size() > kMaxDepth) {
    return fail(ErrorCode::corrupt, "lists of chunks stand deeper than any file needs");
  }
  auto bytes = fetch_(list);
  if (!bytes) return fail(std::move(bytes).error());
  auto refs = decode_list(*bytes, list.length);
  if (!refs) {
    return fail(refs.error().code, "list " + hex(list.id) + ": " + refs.error().message);
  }
  levels_.push_back({std::move(*refs)});
  return {};
}

}  // namespace files

#include "examples/files/sender.h"

#include <memory>
#include <utility>

#include "examples/files/codec.h"

namespace files {

using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;

void ChunkSender::submit(std::string content, RefKind kind, Done done) {
  const std::size_t bytes = content.size();
  budget_.take(bytes);
  pool_.submit([this, bytes, kind, done = std::move(done),
                content = std::make_shared<std::string>(std::move(content))]() mutable {
    process(*content, kind, std::move(done));
    content.reset();
    budget_.give_back(bytes);
  });
}

void ChunkSender::process(const std::string& content, RefKind kind, Done done) {
  const Ref ref{kind, content.size(), sha256(content)};
  if (must_wait(ref.id, done)) return;
  const auto stored = is_stored(ref);
  if (!stored) {
    finish(ref.id, fail(stored.error()));
  } else if (*stored) {
    finish(ref.id, Sent{ref.id, 0, false});
  } else {
    send(ref.id, content);
  }
}

bool ChunkSender::must_wait(const Sum& id, Done& done) {
  const std::lock_guard lock(mutex_);
  const auto [at, first] = under_way_.try_emplace(id);
  at->second.push_back(std::move(done));
  return !first;
}

Result<bool> ChunkSender::is_stored(const Ref& ref) {
  auto there = store_.has_chunk(ref.id);
  if (!there || !*there || !verify_) return there;
  const auto content = store_.fetch_chunk(ref);
  if (content) return true;
  if (content.error().code == ErrorCode::corrupt) return false;
  return fail(content.error());
}

void ChunkSender::send(const Sum& id, std::string_view content) {
  const auto frame = compress(content);
  if (!frame) return finish(id, fail(frame.error()));
  const std::uint64_t bytes = frame->size();
  store_.send_chunk(id, *frame, [this, id, bytes](kipu::Status stored) {
    if (!stored) return finish(id, fail(std::move(stored).error()));
    progress_.bytes_moved += bytes;
    finish(id, Sent{id, bytes, true});
  });
}

void ChunkSender::finish(const Sum& id, const Result<Sent>& sent) {
  std::vector<Done> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting = std::move(under_way_.extract(id).mapped());
  }
  Result<Sent> told = sent;
  for (const Done& done : waiting) {
    done(told);
    if (told) told = Sent{id, 0, false};  // new to one of them only
  }
}

}  // namespace files

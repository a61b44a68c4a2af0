#include "examples/files/sender.h"

#include <utility>

#include "examples/files/codec.h"

namespace files {

using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;

// The bytes of a chunk, which count as held until it goes.
class ChunkSender::Chunk {
 public:
  Chunk(Budget& budget, std::string bytes, RefKind kind)
      : content(std::move(bytes)), ref{kind, content.size(), sha256(content)}, budget_(budget) {}
  ~Chunk() { budget_.give_back(content.size()); }
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;

  const std::string content;
  const Ref ref;

 private:
  Budget& budget_;
};

// All room there is, once every chunk has gone.
ChunkSender::~ChunkSender() {
  budget_.take(bytes_);
}

void ChunkSender::submit(std::string content, RefKind kind, Done done) {
  budget_.take(content.size());
  pool_.submit([this, kind, done = std::move(done), content = std::move(content)]() mutable {
    auto chunk = std::make_shared<const Chunk>(budget_, std::move(content), kind);
    if (!must_wait(chunk->ref.id, std::move(done))) look_up(std::move(chunk));
  });
}

bool ChunkSender::must_wait(const Sum& id, Done done) {
  const std::lock_guard lock(mutex_);
  const auto [at, first] = under_way_.try_emplace(id);
  at->second.push_back(std::move(done));
  return !first;
}

void ChunkSender::look_up(ChunkHandle chunk) {
  Questions::Step step{};
  {
    const std::lock_guard lock(mutex_);
    step = questions_.next();
    if (step == Questions::Step::wait) {
      waiting_.push_back(std::move(chunk));
      return;
    }
  }
  step == Questions::Step::ask ? ask(std::move(chunk)) : send(*chunk);
}

void ChunkSender::ask(ChunkHandle chunk) {
  const Sum id = chunk->ref.id;
  store_.has_chunk(
      id, [this, chunk = std::move(chunk)](const Result<bool>& there) { on_answer(chunk, there); });
}

// On the client's thread, which must not be kept.
void ChunkSender::on_answer(ChunkHandle chunk, const Result<bool>& there) {
  {
    const std::lock_guard lock(mutex_);
    there ? questions_.answered(*there) : questions_.failed();
  }
  look_up_waiting();
  if (!there) {
    finish(chunk->ref.id, fail(there.error()));
  } else if (!*there) {
    pool_.go_on([this, chunk = std::move(chunk)] { send(*chunk); });
  } else if (verify_) {
    pool_.go_on([this, chunk = std::move(chunk)] { check(*chunk); });
  } else {
    finish(chunk->ref.id, Sent{chunk->ref.id});
  }
}

void ChunkSender::look_up_waiting() {
  while (true) {
    ChunkHandle chunk;
    Questions::Step step{};
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return;
      step = questions_.next();
      if (step == Questions::Step::wait) return;
      chunk = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (step == Questions::Step::ask) {
      ask(std::move(chunk));
    } else {
      pool_.go_on([this, chunk = std::move(chunk)] { send(*chunk); });
    }
  }
}

// A chunk that is there: whether it is what its name says.
void ChunkSender::check(const Chunk& chunk) {
  const auto content = store_.fetch_chunk(chunk.ref);
  if (content) return finish(chunk.ref.id, Sent{chunk.ref.id});
  if (content.error().code == ErrorCode::corrupt) return send(chunk);
  finish(chunk.ref.id, fail(content.error()));
}

void ChunkSender::send(const Chunk& chunk) {
  const Sum id = chunk.ref.id;
  const auto frame = compress(chunk.content);
  if (!frame) return finish(id, fail(frame.error()));
  const std::uint64_t bytes = frame->size();
  store_.send_chunk(id, *frame, [this, id, bytes](kipu::Status stored) {
    if (!stored) return finish(id, fail(std::move(stored).error()));
    progress_.bytes_moved += bytes;
    finish(id, Sent{id, true, bytes});
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
    if (told) told = Sent{id};  // sent for one of them only
  }
}

}  // namespace files

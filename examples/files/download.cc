#include "examples/files/download.h"

#include <algorithm>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "examples/files/local.h"
#include "examples/files/text.h"
#include "examples/files/tree.h"

namespace files {
namespace {

using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;
using kipu::Status;

// How many chunks of one file are asked for ahead.
constexpr std::size_t kWindow = 32;
// Of a hole, which may be longer than anybody waits.
constexpr std::uint64_t kHashedAtOnce = std::uint64_t{16} << 20U;

struct Piece {
  Ref ref;
  std::future<Result<std::string>> content;  // not valid: a hole
};

class VersionReader {
 public:
  VersionReader(const DownloadParts& parts, const Version& version, const Sink& sink)
      : parts_(parts),
        version_(version),
        sink_(sink),
        walker_(version.refs, [this](const Ref& list) { return parts_.store.fetch_chunk(list); }) {}
  // What is under way holds bytes of the budget.
  ~VersionReader() {
    while (!window_.empty()) (void)take_first();
  }
  VersionReader(const VersionReader&) = delete;
  VersionReader& operator=(const VersionReader&) = delete;

  Status run();

 private:
  Status ask_ahead();
  bool ask_for(const Ref& ref);
  Result<std::string> take_first();
  Status write_first();
  Status pass_hole(std::uint64_t length);
  Status check_wanted() const;

  const DownloadParts& parts_;
  const Version& version_;
  const Sink& sink_;
  TreeWalker walker_;
  std::optional<Ref> next_;  // what the walk came to, and is not yet asked for
  bool walked_ = false;
  std::deque<Piece> window_;
  std::uint64_t offset_ = 0;
  Sha256 whole_;
};

Status VersionReader::run() {
  while (true) {
    if (auto wanted = check_wanted(); !wanted) return wanted;
    if (auto asked = ask_ahead(); !asked) return asked;
    if (window_.empty()) break;
    if (auto written = write_first(); !written) return written;
  }
  if (offset_ == version_.size && whole_.finish() == version_.content) return {};
  return fail(ErrorCode::corrupt,
              "its chunks are there and yet its SHA-256 is another: its list of "
              "chunks is not what was uploaded");
}

Status VersionReader::ask_ahead() {
  while (window_.size() < kWindow) {
    if (!next_ && !walked_) {
      auto ref = walker_.next();
      if (!ref) return fail(std::move(ref).error());
      next_ = *ref;
      walked_ = !next_;
    }
    if (!next_ || !ask_for(*next_)) return {};
    next_.reset();
  }
  return {};
}

// False if there is no room yet. Waiting for room while holding some could wait for ever.
bool VersionReader::ask_for(const Ref& ref) {
  if (ref.kind == RefKind::hole) {
    window_.push_back({ref, {}});
    return true;
  }
  if (!parts_.budget.try_take(ref.length)) {
    if (!window_.empty()) return false;
    parts_.budget.take(ref.length);
  }
  const auto promise = std::make_shared<std::promise<Result<std::string>>>();
  parts_.pool.submit(
      [&store = parts_.store, ref, promise] { promise->set_value(store.fetch_chunk(ref)); });
  window_.push_back({ref, promise->get_future()});
  return true;
}

// The content of the first chunk under way; of a hole, nothing. Its room is given back with it, for
// one thread holds one chunk at a time.
Result<std::string> VersionReader::take_first() {
  Piece piece = std::move(window_.front());
  window_.pop_front();
  if (!piece.content.valid()) return std::string();
  auto content = piece.content.get();
  parts_.budget.give_back(piece.ref.length);
  return content;
}

Status VersionReader::write_first() {
  const Ref ref = window_.front().ref;
  const auto content = take_first();
  if (!content) return fail(content.error());
  offset_ += ref.length;
  if (ref.kind == RefKind::hole) return pass_hole(ref.length);
  whole_.update(*content);
  parts_.progress.bytes_done += ref.length;
  return sink_(offset_ - ref.length, *content);
}

Status VersionReader::pass_hole(std::uint64_t length) {
  while (length > 0) {
    if (auto wanted = check_wanted(); !wanted) return wanted;
    const std::uint64_t piece = std::min(length, kHashedAtOnce);
    whole_.update_zeros(piece);
    parts_.progress.bytes_done += piece;
    length -= piece;
  }
  return {};
}

Status VersionReader::check_wanted() const {
  if (!parts_.interrupted) return {};
  return fail(ErrorCode::cancelled, "interrupted: nothing was written");
}

Result<std::string> read_target(const DownloadParts& parts, const Version& version) {
  std::string target;
  auto read = read_version(parts, version, [&](std::uint64_t, std::string_view bytes) {
    target += bytes;
    return Status{};
  });
  if (!read) return fail(std::move(read).error());
  return target;
}

}  // namespace

Status read_version(const DownloadParts& parts, const Version& version, const Sink& sink) {
  parts.progress.bytes_found += version.size;
  auto read = VersionReader(parts, version, sink).run();
  if (read) return read;
  return fail(read.error().code,
              fmt::format("{}: {}", in_quotes(version.name), read.error().message));
}

Status download(const DownloadParts& parts, const Version& version, const std::string& root,
                const std::string& name, bool replace) {
  auto target = Target::open(root, name, replace);
  if (!target) return fail(std::move(target).error());
  if (version.type == FileType::directory) return target->commit_directory(version);
  if (version.type == FileType::symlink) {
    const auto leads_to = read_target(parts, version);
    if (!leads_to) return fail(leads_to.error());
    return target->commit_symlink(version, *leads_to);
  }
  auto read = read_version(parts, version, [&](std::uint64_t offset, std::string_view bytes) {
    return target->write(offset, bytes);
  });
  if (!read) return read;
  return target->commit(version);
}

}  // namespace files

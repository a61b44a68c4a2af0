#include "examples/files/upload.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <future>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "examples/files/chunker.h"
#include "examples/files/local.h"
#include "examples/files/text.h"
#include "examples/files/tree.h"

namespace files {
namespace {

using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;
using kipu::Status;

// How many chunks of one file may be under way: what keeps their order.
constexpr std::size_t kWindow = 256;
// Of a hole, which may be longer than anybody waits.
constexpr std::uint64_t kHashedAtOnce = std::uint64_t{16} << 20U;

// Bytes of the file in their order: a chunk under way, or a hole.
struct Piece {
  std::uint64_t length = 0;
  std::future<Result<Sent>> sent;  // not valid: a hole
};

class FileUpload {
 public:
  FileUpload(const UploadParts& parts, std::string path, std::string name)
      : parts_(parts), path_(std::move(path)), tree_([this](const Sum&, std::string bytes) {
          lists_.push_back(submit(std::move(bytes), RefKind::list));
          return Status{};
        }) {
    version_.name = std::move(name);
    uploaded_.name = version_.name;
  }
  // What is under way refers to the sender, which may go after us.
  ~FileUpload() {
    for (const Piece& piece : window_) {
      if (piece.sent.valid()) piece.sent.wait();
    }
    for (const auto& list : lists_) list.wait();
  }
  FileUpload(const FileUpload&) = delete;
  FileUpload& operator=(const FileUpload&) = delete;

  Result<Uploaded> run(Links links);

 private:
  Status describe(const struct stat& facts);
  Status read_regular(const Descriptor& file, const struct stat& before);
  Status check_unchanged(const Descriptor& file, const struct stat& before) const;
  Status read_extent(int file, Extent extent);
  Status fill(int file, Extent& extent);
  Status read_symlink(int link);
  Status check_wanted() const;
  Status add_hole(std::uint64_t length);
  Status add_chunk(std::string content);
  Status add_piece(Piece piece);
  Status settle_first();
  Status settle_lists();
  std::future<Result<Sent>> submit(std::string content, RefKind kind);
  Result<Uploaded> finish();

  const UploadParts& parts_;
  const std::string path_;
  Version version_;
  Uploaded uploaded_;
  Sha256 whole_;
  std::string buffer_;  // what is read and not yet cut
  std::deque<Piece> window_;
  std::deque<std::future<Result<Sent>>> lists_;
  TreeBuilder tree_;
};

Result<Uploaded> FileUpload::run(Links links) {
  const int follow = links == Links::keep ? O_NOFOLLOW : 0;
  const auto look = open_path(path_, O_PATH | follow);
  if (!look) return fail(look.error());
  struct stat facts{};
  if (::fstat(look->get(), &facts) != 0) return fail(system_error("look at", path_, errno));
  if (auto described = describe(facts); !described) return fail(std::move(described).error());
  Status read;
  if (version_.type == FileType::symlink) {
    read = read_symlink(look->get());
  } else if (version_.type == FileType::regular) {
    // Not blocking: in between, a pipe may have taken the file's place.
    const auto file = open_path(path_, O_RDONLY | O_NONBLOCK | follow);
    if (!file) return fail(file.error());
    read = read_regular(*file, facts);
  }
  if (!read) return fail(std::move(read).error());
  return finish();
}

Status FileUpload::describe(const struct stat& facts) {
  if (S_ISREG(facts.st_mode)) {
    version_.type = FileType::regular;
    version_.size = static_cast<std::uint64_t>(facts.st_size);
  } else if (S_ISLNK(facts.st_mode)) {
    version_.type = FileType::symlink;
  } else if (S_ISDIR(facts.st_mode)) {
    version_.type = FileType::directory;
  } else {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} is a device, a pipe or a socket: only files, links and folders can "
                            "be stored",
                            in_quotes(path_)));
  }
  version_.mode = facts.st_mode & 07777U;
  version_.seconds = facts.st_mtim.tv_sec;
  version_.nanoseconds = static_cast<std::uint32_t>(facts.st_mtim.tv_nsec);
  parts_.progress.bytes_found += version_.size;
  return {};
}

Status FileUpload::read_regular(const Descriptor& file, const struct stat& before) {
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  std::uint64_t at = 0;
  while (at < version_.size) {
    const auto extent = next_extent(file.get(), at, version_.size);
    const std::uint64_t hole = (extent ? extent->offset : version_.size) - at;
    if (hole > 0) {
      if (auto added = add_hole(hole); !added) return added;
    }
    if (!extent) break;
    if (auto read = read_extent(file.get(), *extent); !read) return read;
    at = extent->offset + extent->length;
  }
  return check_unchanged(file, before);
}

Status FileUpload::check_unchanged(const Descriptor& file, const struct stat& before) const {
  struct stat after{};
  if (::fstat(file.get(), &after) != 0) return fail(system_error("look at", path_, errno));
  char more = 0;
  const bool longer = ::pread(file.get(), &more, 1, static_cast<off_t>(version_.size)) == 1;
  const bool same = after.st_ino == before.st_ino && after.st_size == before.st_size &&
                    after.st_mtim.tv_sec == before.st_mtim.tv_sec &&
                    after.st_mtim.tv_nsec == before.st_mtim.tv_nsec;
  if (same && !longer) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} changed while it was read, so no version was stored: upload it again",
                          in_quotes(path_)));
}

Status FileUpload::read_extent(int file, Extent extent) {
  while (extent.length > 0 || !buffer_.empty()) {
    if (auto filled = fill(file, extent); !filled) return filled;
    std::size_t cut = 0;
    // What is cut off here is known to be a chunk: enough follows it, or nothing at all.
    while (cut < buffer_.size() &&
           (extent.length == 0 || buffer_.size() - cut >= kChunkSizes.most)) {
      const std::size_t length = first_chunk(std::string_view(buffer_).substr(cut));
      if (auto added = add_chunk(buffer_.substr(cut, length)); !added) return added;
      cut += length;
    }
    buffer_.erase(0, cut);
  }
  return {};
}

// Reads on, up to twice the longest chunk or the extent's end.
Status FileUpload::fill(int file, Extent& extent) {
  std::size_t have = buffer_.size();
  const std::size_t most = 2 * kChunkSizes.most;
  buffer_.resize(have + std::min<std::uint64_t>(extent.length, most - have));
  while (have < buffer_.size()) {
    const ssize_t got = ::pread(file, buffer_.data() + have, buffer_.size() - have,
                                static_cast<off_t>(extent.offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error("read", path_, errno));
    if (got == 0) {
      return fail(
          ErrorCode::invalid_argument,
          fmt::format("{} became shorter while it was read: upload it again", in_quotes(path_)));
    }
    have += static_cast<std::size_t>(got);
    extent.offset += static_cast<std::uint64_t>(got);
    extent.length -= static_cast<std::uint64_t>(got);
  }
  return {};
}

Status FileUpload::read_symlink(int link) {
  auto leads_to = read_link(link, path_);
  if (!leads_to) return fail(std::move(leads_to).error());
  version_.size = leads_to->size();
  parts_.progress.bytes_found += version_.size;
  return add_chunk(std::move(*leads_to));
}

Status FileUpload::check_wanted() const {
  if (!parts_.interrupted) return {};
  return fail(ErrorCode::cancelled,
              fmt::format("interrupted at {}: uploading it again goes on with what is missing",
                          in_quotes(path_)));
}

Status FileUpload::add_hole(std::uint64_t length) {
  for (std::uint64_t left = length; left > 0;) {
    if (auto wanted = check_wanted(); !wanted) return wanted;
    const std::uint64_t piece = std::min(left, kHashedAtOnce);
    whole_.update_zeros(piece);
    parts_.progress.bytes_done += piece;
    left -= piece;
  }
  return add_piece({length, {}});
}

Status FileUpload::add_chunk(std::string content) {
  if (auto wanted = check_wanted(); !wanted) return wanted;
  whole_.update(content);
  const std::uint64_t length = content.size();
  auto sent = submit(std::move(content), RefKind::data);
  ++uploaded_.chunks;
  auto added = add_piece({length, std::move(sent)});
  parts_.progress.bytes_done += length;
  return added;
}

std::future<Result<Sent>> FileUpload::submit(std::string content, RefKind kind) {
  const auto promise = std::make_shared<std::promise<Result<Sent>>>();
  parts_.sender.submit(std::move(content), kind,
                       [promise](Result<Sent> sent) { promise->set_value(std::move(sent)); });
  return promise->get_future();
}

Status FileUpload::add_piece(Piece piece) {
  window_.push_back(std::move(piece));
  return window_.size() < kWindow ? Status{} : settle_first();
}

Status FileUpload::settle_first() {
  Piece piece = std::move(window_.front());
  window_.pop_front();
  if (!piece.sent.valid()) return tree_.add({RefKind::hole, piece.length, {}});
  const auto sent = piece.sent.get();
  if (!sent) {
    return fail(
        sent.error().code,
        fmt::format("a chunk of {} could not be stored, and uploading it again goes on with "
                    "what is missing: {}",
                    in_quotes(path_), sent.error().message));
  }
  if (sent->sent) ++uploaded_.sent_chunks;
  uploaded_.sent_bytes += sent->bytes;
  return tree_.add({RefKind::data, piece.length, sent->id});
}

Status FileUpload::settle_lists() {
  while (!lists_.empty()) {
    const auto sent = lists_.front().get();
    lists_.pop_front();
    if (!sent) return fail(sent.error());
    uploaded_.sent_bytes += sent->bytes;
  }
  return {};
}

// The version is appended last, when everything that it names is stored.
Result<Uploaded> FileUpload::finish() {
  while (!window_.empty()) {
    if (auto settled = settle_first(); !settled) return fail(std::move(settled).error());
  }
  auto refs = tree_.finish();
  if (!refs) return fail(std::move(refs).error());
  if (auto settled = settle_lists(); !settled) return fail(std::move(settled).error());
  version_.refs = std::move(*refs);
  version_.content = whole_.finish();
  uploaded_.type = version_.type;
  uploaded_.size = version_.size;
  const auto last = parts_.store.last_version(version_.name);
  // What cannot be read as a version is answered by a new one.
  if (!last && last.error().code != ErrorCode::corrupt) return fail(last.error());
  if (last && *last && (*last)->version == version_) {
    uploaded_.unchanged = true;
    uploaded_.stamp = (*last)->stamp;
    return uploaded_;
  }
  const auto stamp = parts_.store.append_version(version_);
  if (!stamp) return fail(stamp.error());
  uploaded_.stamp = *stamp;
  return uploaded_;
}

}  // namespace

Result<Uploaded> upload(const UploadParts& parts, const std::string& path, const std::string& name,
                        Links links) {
  return FileUpload(parts, path, name).run(links);
}

}  // namespace files

// kipu-files-bench FILE: how fast FILE goes into a cluster and out again, beside what that is made
// of, all in one run and with the same chunks:
//
//   copy      cut, hash and compress FILE into another file, synced; and back
//   store     append the compressed chunks, with nothing before it; and read them, and no more
//   files     upload, upload again, download: what kipu-files does
//
// KIPU_BROKER names the cluster. Everything goes into buckets of its own (bench-TIME.*).
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/limits.h"
#include "examples/files/chunker.h"
#include "examples/files/codec.h"
#include "examples/files/download.h"
#include "examples/files/local.h"
#include "examples/files/sender.h"
#include "examples/files/text.h"
#include "examples/files/upload.h"

namespace files {
namespace {

using kipu::ErrorCode;
using kipu::fail;
using kipu::Status;

constexpr std::size_t kThreads = 8;
constexpr std::size_t kBudget = std::size_t{48} << 20U;

// A chunk as the copy has it.
struct Frame {
  Ref ref;
  std::uint64_t offset = 0;  // in the copy
  std::size_t bytes = 0;
};

// The first error of many threads.
class Outcome {
 public:
  void note(const Status& status) {
    if (status) return;
    const std::lock_guard lock(mutex_);
    if (status_) status_ = status;
  }
  Status status() const { return status_; }

 private:
  std::mutex mutex_;  // guards status_ until the threads have ended
  Status status_;
};

Status full_write(int file, std::string_view bytes, std::uint64_t offset) {
  const auto written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  if (written == static_cast<ssize_t>(bytes.size())) return {};
  return fail(system_error("write", "the copy", errno));
}

kipu::Result<std::string> full_read(int file, std::uint64_t offset, std::size_t count) {
  std::string bytes(count, '\0');
  const auto got = ::pread(file, bytes.data(), count, static_cast<off_t>(offset));
  if (got < 0) return fail(system_error("read", "the file", errno));
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

class Bench {
 public:
  Bench(kipu::Client& client, std::string file, std::filesystem::path scratch)
      : client_(client),
        store_(client, fmt::format("bench-{}", std::time(nullptr))),
        file_(std::move(file)),
        scratch_(std::move(scratch)) {}

  Status run() {
    size_ = std::filesystem::file_size(file_);
    fmt::print("{} ({} bytes)\n\n{:<34}  {:>8}  {:>11}\n", file_, format_number(size_), "", "time",
               "of the file");
    if (auto made = make_buckets(); !made) return made;
    const std::vector<std::pair<const char*, std::function<Status()>>> steps{
        {"copy: cut, hash, compress, sync", [this] { return copy_in(); }},
        {"store: append the same frames", [this] { return append_frames(); }},
        {"files: upload", [this] { return upload_file(false); }},
        {"files: upload again, unchanged", [this] { return upload_file(true); }},
        {"copy: read, decompress, hash, write", [this] { return copy_out(); }},
        {"store: read the same frames", [this] { return read_frames(); }},
        {"files: download", [this] { return download_file(); }},
    };
    for (const auto& [name, step] : steps) {
      if (auto done = time(name, step); !done) return done;
    }
    fmt::print("\n{} chunks, compressed to {}\n", format_number(frames_.size()),
               format_size(copied_));
    return {};
  }

 private:
  Status time(const char* name, const std::function<Status()>& step) {
    const auto start = std::chrono::steady_clock::now();
    auto done = step();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (!done) return done;
    fmt::print("{:<34}  {:>6.2f} s  {:>9}/s\n", name, took.count(),
               format_size(static_cast<std::uint64_t>(static_cast<double>(size_) / took.count())));
    std::fflush(stdout);
    return {};
  }

  Status make_buckets() {
    if (auto made = store_.make_buckets(); !made) return made;
    kipu::Bucket raw;
    raw.name = raw_ = fmt::format("bench-{}.raw", std::time(nullptr));
    raw.max_pair_bytes = kipu::limits::kLargestMaxPairBytes;
    const auto made = client_.create_bucket(raw);
    return made ? Status{} : Status(fail(made.error()));
  }

  // One thread reads and cuts, others hash and compress: as an upload does.
  Status copy_in() {
    const auto in = open_path(file_, O_RDONLY);
    if (!in) return fail(in.error());
    copy_ = Descriptor(::open((scratch_ / "copy").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    if (!copy_.valid()) return fail(system_error("make", "the copy", errno));
    Outcome outcome;
    {
      Budget budget(kBudget);
      Pool pool(kThreads);
      for (std::uint64_t at = 0; at < size_;) {
        const auto read = full_read(in->get(), at, 2 * kChunkSizes.most);
        if (!read) return fail(read.error());
        std::string_view left = *read;
        while (left.size() >= kChunkSizes.most || (!left.empty() && at + left.size() == size_)) {
          const std::size_t length = first_chunk(left);
          budget.take(length);
          pool.submit([&, content = std::string(left.substr(0, length))] {
            outcome.note(copy_chunk(content));
            budget.give_back(content.size());
          });
          left.remove_prefix(length);
          at += length;
        }
      }
    }
    if (::fsync(copy_.get()) != 0) return fail(system_error("sync", "the copy", errno));
    return outcome.status();
  }

  Status copy_chunk(const std::string& content) {
    const auto frame = compress(content);
    if (!frame) return fail(frame.error());
    Frame made{{RefKind::data, content.size(), sha256(content)}, 0, frame->size()};
    {
      const std::lock_guard lock(mutex_);
      made.offset = std::exchange(copied_, copied_ + frame->size());
      frames_.push_back(made);
    }
    return full_write(copy_.get(), *frame, made.offset);
  }

  Status append_frames() {
    Outcome outcome;
    kipu::AppendOptions options;
    options.bucket = raw_;
    for (const Frame& frame : frames_) {
      const auto bytes = full_read(copy_.get(), frame.offset, frame.bytes);
      if (!bytes) return fail(bytes.error());
      client_.append_async(bytes_of(frame.ref.id), kipu::Values{*bytes}, options,
                           [&](const kipu::Result<kipu::Stamp>& stamp, const auto& /*stamp*/) {
                             outcome.note(stamp ? Status{} : Status(fail(stamp.error())));
                           });
    }
    client_.flush();
    return outcome.status();
  }

  Status upload_file(bool again) {
    ChunkSender sender(store_, progress_, {kThreads, kBudget}, false);
    const auto uploaded = upload({store_, sender, progress_, stop_}, file_, "f", Links::follow);
    if (!uploaded) return fail(uploaded.error());
    if (uploaded->unchanged == again) return {};
    return fail(ErrorCode::internal, "an upload found what it should not have, or did not");
  }

  Status copy_out() {
    const Descriptor out(
        ::open((scratch_ / "out").c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600));
    if (!out.valid()) return fail(system_error("make", "the file", errno));
    Outcome outcome;
    {
      Pool pool(kThreads);
      std::uint64_t offset = 0;
      for (const Frame& frame : frames_) {
        pool.submit([&, offset] { outcome.note(copy_back(frame, out.get(), offset)); });
        offset += frame.ref.length;
      }
    }
    return outcome.status();
  }

  Status copy_back(const Frame& frame, int out, std::uint64_t offset) {
    const auto bytes = full_read(copy_.get(), frame.offset, frame.bytes);
    if (!bytes) return fail(bytes.error());
    const auto content = decompress(*bytes, frame.ref.length);
    if (!content) return fail(content.error());
    if (sha256(*content) != frame.ref.id) return fail(ErrorCode::corrupt, "the copy is altered");
    return full_write(out, *content, offset);
  }

  Status read_frames() {
    Outcome outcome;
    {
      Pool pool(kThreads);
      for (const Frame& frame : frames_) {
        pool.submit([&] { outcome.note(read_frame(frame)); });
      }
    }
    return outcome.status();
  }

  Status read_frame(const Frame& frame) {
    kipu::ReadOptions options;
    options.bucket = raw_;
    const auto item = client_.first(bytes_of(frame.ref.id), options);
    if (!item) return fail(item.error());
    if (*item && (*item)->value.size() == frame.bytes) return {};
    return fail(ErrorCode::internal, "a frame is not what was appended");
  }

  Status download_file() {
    const auto stored = store_.last_version("f");
    if (!stored) return fail(stored.error());
    Budget budget(kBudget);
    Pool pool(kThreads);
    return download({store_, pool, budget, progress_, stop_}, (*stored)->version, scratch_.native(),
                    "down", true);
  }

  kipu::Client& client_;
  FileStore store_;
  const std::string file_;
  const std::filesystem::path scratch_;
  std::string raw_;
  std::uint64_t size_ = 0;
  Descriptor copy_;
  std::mutex mutex_;  // guards what follows while chunks are copied
  std::vector<Frame> frames_;
  std::uint64_t copied_ = 0;
  Progress progress_;
  const std::atomic<bool> stop_ = false;
};

int run(const std::string& file) {
  kipu::ClientOptions options;
  if (const char* broker = std::getenv("KIPU_BROKER")) options.brokers = {broker};
  options.timeout = std::chrono::seconds(60);
  auto client = kipu::Client::connect(options);
  if (!client) return fmt::print(stderr, "kipu-files-bench: {}\n", client.error().message), 3;
  std::string scratch = file + ".bench-XXXXXX";
  if (::mkdtemp(scratch.data()) == nullptr) return 2;
  const auto done = Bench(*client, file, scratch).run();
  std::filesystem::remove_all(scratch);
  if (!done) fmt::print(stderr, "kipu-files-bench: {}\n", done.error().message);
  return done ? 0 : 1;
}

}  // namespace
}  // namespace files

int main(int argc, char** argv) {
  if (argc == 2) return files::run(argv[1]);
  fmt::print(stderr, "usage: kipu-files-bench FILE\n");
  return 2;
}

// kipu-files-bench FILE [ROUNDS]: how fast FILE goes into a cluster and out again, beside what that
// is made of, all in one run and with the same chunks:
//
//   copy      cut, hash and compress FILE into another file, synced; and back
//   store     append the compressed chunks, with nothing before it; and read them, and no more
//   files     upload, upload again, download: what kipu-files does
//
// Whatever comes second pays for what the first has left the store to tidy up, so `store` and
// `files` take turns in coming first. Medians are shown, with the least and the most.
//
// KIPU_BROKER names the cluster. Everything goes into buckets of its own (bench-TIME-ROUND.*).
#include <algorithm>
#include <array>
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

double median(std::vector<double> numbers) {
  std::ranges::sort(numbers);
  return numbers[numbers.size() / 2];
}

// The steps in the order in which they are shown.
enum Step : std::size_t { copy_in, append, upload_new, upload_again, copy_out, read, fetch };
constexpr std::size_t kSteps = fetch + 1;

class Bench {
 public:
  Bench(kipu::Client& client, std::string file, std::filesystem::path scratch)
      : client_(client), file_(std::move(file)), scratch_(std::move(scratch)) {}

  Status run(std::uint64_t rounds) {
    size_ = std::filesystem::file_size(file_);
    for (std::uint64_t round = 0; round < rounds; ++round) {
      if (auto done = run_round(round); !done) return done;
    }
    show(rounds);
    return {};
  }

 private:
  Status run_round(std::uint64_t round) {
    if (auto made = make_buckets(round); !made) return made;
    const bool store_first = round % 2 == 0;
    const auto in = store_first ? std::vector<Step>{copy_in, append, upload_new, upload_again}
                                : std::vector<Step>{copy_in, upload_new, append, upload_again};
    const auto out = store_first ? std::vector<Step>{copy_out, read, fetch}
                                 : std::vector<Step>{copy_out, fetch, read};
    for (const auto& steps : {in, out}) {
      for (const Step step : steps) {
        if (auto done = time(step); !done) return done;
      }
    }
    return {};
  }

  Status time(Step step) {
    const auto start = std::chrono::steady_clock::now();
    auto done = perform(step);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    took_[step].push_back(took.count());
    return done;
  }

  Status perform(Step step) {
    switch (step) {
      case copy_in:
        return copy_file();
      case append:
        return append_frames();
      case upload_new:
        return upload_file(false);
      case upload_again:
        return upload_file(true);
      case copy_out:
        return copy_frames_out();
      case read:
        return read_frames();
      case fetch:
        return download_file();
    }
    return fail(ErrorCode::internal, "no such step");
  }

  void show(std::uint64_t rounds) const {
    constexpr std::array<const char*, kSteps> kNames{"copy: cut, hash, compress, sync",
                                                     "store: append the same frames",
                                                     "files: upload",
                                                     "files: upload again, unchanged",
                                                     "copy: read, decompress, hash, write",
                                                     "store: read the same frames",
                                                     "files: download"};
    fmt::print("{} ({} bytes), {} chunks, compressed to {}; medians of {} rounds\n\n", file_,
               format_number(size_), format_number(frames_.size()), format_size(copied_), rounds);
    for (std::size_t step = 0; step < kSteps; ++step) {
      const auto [least, most] = std::ranges::minmax(took_[step]);
      fmt::print("{:<36} {:>7.2f} s  ({:.2f} to {:.2f})  {:>7.1f} MiB/s\n", kNames[step],
                 median(took_[step]), least, most,
                 static_cast<double>(size_) / median(took_[step]) / (1U << 20U));
    }
    fmt::print("\nan upload takes {:.2f} of copying, and {:.2f} of appending\n",
               ratio(upload_new, copy_in), ratio(upload_new, append));
    fmt::print("a download takes {:.2f} of copying, and {:.2f} of reading\n",
               ratio(fetch, copy_out), ratio(fetch, read));
  }

  // Of what was measured in the same round.
  double ratio(Step one, Step other) const {
    std::vector<double> ratios;
    ratios.reserve(took_[one].size());
    for (std::size_t round = 0; round < took_[one].size(); ++round) {
      ratios.push_back(took_[one][round] / took_[other][round]);
    }
    return median(std::move(ratios));
  }

  Status make_buckets(std::uint64_t round) {
    const std::string name = fmt::format("bench-{}-{}", std::time(nullptr), round);
    store_.emplace(client_, name);
    if (auto made = store_->make_buckets(); !made) return made;
    kipu::Bucket raw;
    raw.name = raw_ = name + ".raw";
    raw.max_pair_bytes = kipu::limits::kLargestMaxPairBytes;
    const auto made = client_.create_bucket(raw);
    return made ? Status{} : Status(fail(made.error()));
  }

  // One thread reads and cuts, others hash and compress: as an upload does.
  Status copy_file() {
    frames_.clear();
    copied_ = 0;
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
    ChunkSender sender(*store_, progress_, {kThreads, kBudget}, false);
    const auto uploaded = upload({*store_, sender, progress_, stop_}, file_, "f", Links::follow);
    if (!uploaded) return fail(uploaded.error());
    if (uploaded->unchanged == again) return {};
    return fail(ErrorCode::internal, "an upload found what it should not have, or did not");
  }

  Status copy_frames_out() {
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
    const auto stored = store_->last_version("f");
    if (!stored) return fail(stored.error());
    Budget budget(kBudget);
    Pool pool(kThreads);
    return download({*store_, pool, budget, progress_, stop_}, (*stored)->version,
                    scratch_.native(), "down", true);
  }

  kipu::Client& client_;
  std::optional<FileStore> store_;  // of the round
  const std::string file_;
  const std::filesystem::path scratch_;
  std::string raw_;
  std::uint64_t size_ = 0;
  std::array<std::vector<double>, kSteps> took_;  // in seconds, by round
  Descriptor copy_;
  std::mutex mutex_;  // guards what follows while chunks are copied
  std::vector<Frame> frames_;
  std::uint64_t copied_ = 0;
  Progress progress_;
  const std::atomic<bool> stop_ = false;
};

int run(const std::string& file, std::uint64_t rounds) {
  kipu::ClientOptions options;
  if (const char* broker = std::getenv("KIPU_BROKER")) options.brokers = {broker};
  options.timeout = std::chrono::seconds(60);
  options.in_flight_bytes = kInFlightBytes;
  auto client = kipu::Client::connect(options);
  if (!client) return fmt::print(stderr, "kipu-files-bench: {}\n", client.error().message), 3;
  std::string scratch = file + ".bench-XXXXXX";
  if (::mkdtemp(scratch.data()) == nullptr) return 2;
  const auto done = Bench(*client, file, scratch).run(rounds);
  std::filesystem::remove_all(scratch);
  if (!done) fmt::print(stderr, "kipu-files-bench: {}\n", done.error().message);
  return done ? 0 : 1;
}

}  // namespace
}  // namespace files

int main(int argc, char** argv) {
  const auto rounds = files::parse_number(argc == 3 ? argv[2] : "3");
  const bool named = (argc == 2 || argc == 3) && argv[1][0] != '-';
  if (named && rounds && *rounds > 0) return files::run(argv[1], *rounds);
  fmt::print(stderr, "usage: kipu-files-bench FILE [ROUNDS], with the cluster in KIPU_BROKER\n");
  return 2;
}

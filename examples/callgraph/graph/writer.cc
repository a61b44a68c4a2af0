#include "examples/callgraph/graph/writer.h"

#include <random>

#include <fmt/format.h>

#include "examples/callgraph/graph/parallel.h"
#include "examples/callgraph/graph/writer_impl.h"

namespace callgraph {
namespace {

std::uint64_t random_number() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

kipu::Status make_graph(kipu::Client& client, const std::string& bucket) {
  kipu::Bucket wanted;
  wanted.name = bucket;
  wanted.max_pair_bytes = kipu::limits::kLargestMaxPairBytes;
  const auto made = client.create_bucket(wanted, patient<kipu::CallOptions>(bucket));
  if (!made) return kipu::fail(made.error());
  const auto there = client.exists(kGraphKey, patient<kipu::CallOptions>(bucket));
  if (!there) return kipu::fail(there.error());
  if (*there) return {};
  // Two writers may both come here: the older entry counts.
  const auto id = fmt::format("{:016x}", random_number());
  const auto stamp = client.append(kGraphKey, id, patient<kipu::AppendOptions>(bucket));
  if (!stamp) return kipu::fail(stamp.error());
  return {};
}

}  // namespace

GraphWriter::GraphWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GraphWriter::GraphWriter(GraphWriter&&) noexcept = default;
GraphWriter& GraphWriter::operator=(GraphWriter&&) noexcept = default;
GraphWriter::~GraphWriter() = default;

kipu::Result<GraphWriter> GraphWriter::open(kipu::Client& client, std::string_view graph) {
  auto bucket = bucket_of(graph);
  if (!bucket) return kipu::fail(std::move(bucket.error()));
  if (auto made = make_graph(client, *bucket); !made) return kipu::fail(std::move(made.error()));
  return GraphWriter(std::make_unique<Impl>(client, std::move(*bucket)));
}

kipu::Result<std::map<std::string, FileRecord>> GraphWriter::current_files() {
  return impl_->current_files();
}

kipu::Result<std::vector<Applied>> GraphWriter::apply(std::span<const Change> changes) {
  return impl_->apply(changes);
}

kipu::Result<Applied> GraphWriter::commit(const SourceFile& file, const FileFacts& facts) {
  const Change change{Change::Kind::commit, file, facts};
  auto done = impl_->apply({&change, 1});
  if (!done) return kipu::fail(std::move(done.error()));
  return done->front();
}

kipu::Result<Applied> GraphWriter::add_facts(const SourceFile& file, const FileFacts& facts) {
  const Change change{Change::Kind::add, file, facts};
  auto done = impl_->apply({&change, 1});
  if (!done) return kipu::fail(std::move(done.error()));
  return done->front();
}

kipu::Result<Applied> GraphWriter::remove(const std::string& path) {
  Change change{Change::Kind::remove, {}, {}};
  change.file.path = path;
  auto done = impl_->apply({&change, 1});
  if (!done) return kipu::fail(std::move(done.error()));
  return done->front();
}

GraphWriter::Impl::Impl(kipu::Client& client, std::string bucket)
    : reading_(client, std::move(bucket)), writer_(random_number()) {}

kipu::Result<std::map<std::string, FileRecord>> GraphWriter::Impl::current_files() {
  auto paths = reading_.paths();
  if (!paths) return kipu::fail(std::move(paths.error()));
  std::mutex mutex;  // guards `files`
  std::map<std::string, FileRecord> files;
  auto read = in_parallel(paths->size(), [&](std::size_t i) -> kipu::Status {
    auto history = reading_.history((*paths)[i]);
    if (!history) return kipu::fail(std::move(history.error()));
    const auto view = history->at(kipu::StampTime::last());
    if (!view.exists()) return {};
    FileRecord record{view.head().file, view.newest()->stamp, view.includes()};
    const std::lock_guard lock(mutex);
    files.emplace((*paths)[i], std::move(record));
    return {};
  });
  if (!read) return kipu::fail(std::move(read.error()));
  return files;
}

}  // namespace callgraph

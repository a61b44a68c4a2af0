#include "tests/client/fake_cluster.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/random.h"
#include "bus/process_bus.h"
#include "client/open.h"
#include "cluster/map.h"
#include "schema/codec.h"
#include "storage/memory_store.h"

namespace kipu::test {
namespace {

using schema::MessageKind;

constexpr std::string_view kEndpoint = "fake://broker";
constexpr std::chrono::seconds kPatience{30};

std::unique_ptr<storage::Store> make_store() {
  Rng rng(1);
  return storage::make_memory_store(rng);
}

schema::ClusterMap make_map(FakeCluster::Shape shape) {
  Rng rng(2);
  std::vector<schema::Worker> workers;
  for (std::uint32_t number = 1; number <= shape.workers; ++number) {
    schema::Worker worker;
    worker.id = WorkerId{number};
    worker.store = StoreId{Uuid::random(rng)};
    workers.push_back(worker);
  }
  return cluster::first_map(ClusterId{Uuid::random(rng)}, MapVersion{1, 1, 1}, std::move(workers),
                            1, shape.partitions);
}

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "fake cluster: %s\n", result.error().message.c_str());
  std::abort();
}

}  // namespace

FakeCluster::FakeCluster() : FakeCluster(Shape{}) {}

FakeCluster::FakeCluster(Shape shape)
    : bus_(bus::make_process_bus()),
      socket_(must(bus_->bind_router(std::string(kEndpoint)))),
      poller_(bus_->make_poller().value()),
      store_(make_store()),
      map_(make_map(shape)) {
  poller_->add(*socket_);
  thread_ = std::thread([this] { run(); });
}

FakeCluster::~FakeCluster() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  poller_->wake();
  thread_.join();
}

ClientOptions FakeCluster::options() const {
  ClientOptions options;
  options.brokers = {std::string(kEndpoint)};
  options.timeout = kPatience;
  return options;
}

Client FakeCluster::connect() {
  return connect(options());
}

Client FakeCluster::connect(const ClientOptions& options) {
  return must(client::open(*bus_, options, nullptr));
}

void FakeCluster::hold(MessageKind kind) {
  const std::lock_guard lock(mutex_);
  holds_[kind] = true;
}

void FakeCluster::release() {
  {
    const std::lock_guard lock(mutex_);
    holds_.clear();
  }
  poller_->wake();
}

void FakeCluster::refuse(Refuse refuse) {
  const std::lock_guard lock(mutex_);
  refuse_ = std::move(refuse);
}

void FakeCluster::wait_for_workers(std::string waiting_for) {
  const std::lock_guard lock(mutex_);
  waiting_for_ = waiting_for;
  refuse_ = [text = std::move(waiting_for)](const schema::Message& request) {
    const bool answered = request.envelope.kind == MessageKind::status;
    return answered ? std::nullopt
                    : std::optional<Error>({ErrorCode::unavailable, "waiting for " + text});
  };
}

std::size_t FakeCluster::seen(MessageKind kind) const {
  const std::lock_guard lock(mutex_);
  const auto found = seen_.find(kind);
  return found == seen_.end() ? 0 : found->second;
}

bool FakeCluster::wait_for(MessageKind kind, std::size_t count) const {
  std::unique_lock lock(mutex_);
  return arrived_.wait_for(lock, kPatience, [&] {
    const auto found = seen_.find(kind);
    return found != seen_.end() && found->second >= count;
  });
}

void FakeCluster::run() {
  while (true) {
    poller_->wait(std::chrono::seconds(1));
    std::vector<bus::Incoming> requests;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      if (holds_.empty()) requests = std::exchange(held_, {});
    }
    for (const bus::Incoming& request : requests) answer(request);
    requests.clear();
    socket_->receive(requests, 1024);
    for (bus::Incoming& request : requests) take(std::move(request));
  }
}

void FakeCluster::take(bus::Incoming request) {
  const MessageKind kind = request.message.envelope.kind;
  {
    const std::lock_guard lock(mutex_);
    ++seen_[kind];
    arrived_.notify_all();
    if (holds_.contains(kind)) {
      held_.push_back(std::move(request));
      return;
    }
  }
  answer(request);
}

void FakeCluster::answer(const bus::Incoming& request) {
  Reply reply = reply_to(request.message);
  if (!request.message.envelope.expects_reply) return;
  schema::Envelope envelope;
  envelope.kind = reply.kind;
  envelope.request_id = request.message.envelope.request_id;
  // A client that has gone meanwhile needs no answer.
  (void)socket_->send(request.from, {envelope, std::move(reply.body)});
}

FakeCluster::Reply FakeCluster::reply_to(const schema::Message& request) {
  Refuse refuse;
  {
    const std::lock_guard lock(mutex_);
    refuse = refuse_;
  }
  const auto refusal = refuse ? refuse(request) : std::nullopt;
  if (refusal) return {MessageKind::error, schema::encode(schema::ErrorReply{*refusal})};
  const std::string_view body = request.body.view();
  switch (request.envelope.kind) {
    case MessageKind::client_hello:
      return {MessageKind::map, schema::encode(map_)};
    case MessageKind::bucket_create:
      return create_bucket(request);
    case MessageKind::ping:
      return {MessageKind::pong, {}};
    case MessageKind::status:
      return status();
    case MessageKind::append:
      return append(request);
    case MessageKind::page:
      return {MessageKind::page_reply,
              schema::encode(must(store_->page(must(schema::decode<PageQuery>(body)))))};
    case MessageKind::count:
      return {MessageKind::count_reply,
              schema::encode(must(store_->count(must(schema::decode<CountQuery>(body)))))};
    case MessageKind::keys:
      return {MessageKind::keys_reply,
              schema::encode(must(store_->keys(must(schema::decode<KeysQuery>(body)))))};
    case MessageKind::scan:
      return {MessageKind::page_reply,
              schema::encode(must(store_->scan(must(schema::decode<ScanQuery>(body)))))};
    default:
      return {MessageKind::error,
              schema::encode(schema::ErrorReply{{ErrorCode::unsupported, "no such request"}})};
  }
}

FakeCluster::Reply FakeCluster::status() const {
  ClusterStatus status;
  status.cluster = map_.cluster;
  const std::lock_guard lock(mutex_);
  status.waiting_for = waiting_for_;
  status.phase = waiting_for_.empty() ? ClusterPhase::in_force : ClusterPhase::birth;
  if (waiting_for_.empty()) status.in_force = map_.version;
  return {MessageKind::status_reply, schema::encode(status)};
}

FakeCluster::Reply FakeCluster::append(const schema::Message& request) {
  auto body = must(schema::decode<schema::AppendRequest>(request.body.view()));
  const auto partitions = static_cast<std::uint32_t>(map_.placement.size());
  storage::Change change;
  for (Entry& entry : body.entries) {
    const auto partition = cluster::partition_of(entry.bucket, entry.key, partitions);
    if (body.tell_present) {
      change.asked.push_back(static_cast<std::uint32_t>(change.entries.size()));
    }
    change.entries.push_back({partition, std::move(entry)});
  }
  storage::Merged merged = storage::merge_and_tell(*store_, change);
  must(merged.status.map([] { return 0; }));
  schema::AppendReply reply;
  reply.holders = 1;
  reply.present = std::move(merged.present);
  return {MessageKind::append_reply, schema::encode(reply)};
}

FakeCluster::Reply FakeCluster::create_bucket(const schema::Message& request) {
  const auto body = must(schema::decode<schema::BucketCreate>(request.body.view()));
  if (cluster::find_bucket(map_, body.bucket.name) == nullptr) {
    map_.buckets.push_back(body.bucket);
    std::sort(map_.buckets.begin(), map_.buckets.end(),
              [](const Bucket& a, const Bucket& b) { return a.name < b.name; });
    ++map_.version.epoch;
  }
  return {MessageKind::map, schema::encode(map_)};
}

}  // namespace kipu::test

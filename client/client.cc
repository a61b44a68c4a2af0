#include "kipu/client.h"

#include <chrono>
#include <string>
#include <utility>
#include <variant>

#include "base/descriptors.h"
#include "base/standard_streams.h"
#include "client/calls.h"
#include "client/listing.h"
#include "client/loop.h"
#include "client/once.h"
#include "client/open.h"
#include "client/shared_bus.h"
#include "client/values.h"
#include "cluster/map.h"

namespace kipu {
namespace {

using client::AppendCall;
using client::Appended;
using client::Completion;

AppendCall append_call(std::string_view key, EntryKind kind, Values values,
                       const AppendOptions& options) {
  AppendCall call;
  call.bucket = options.bucket;
  call.key = key;
  call.kind = kind;
  call.values = std::move(values);
  call.stamp = options.stamp;
  call.level = options.level;
  return call;
}

Result<Stamp> stamp_of(Completion completion) {
  const std::optional<Stamp> stamp = completion.stamp;
  auto appended = client::unwrap<Appended>(std::move(completion));
  if (appended) return appended->stamp;
  Error error = std::move(appended).error();
  if (error.code == ErrorCode::outcome_unknown && stamp) {
    error.message += "; the same again with stamp " + stamp->to_string() + " settles it";
  }
  return fail(std::move(error));
}

std::optional<bool> was_there_of(const Completion& completion) {
  if (!completion.reply) return std::nullopt;
  const auto* appended = std::get_if<Appended>(&*completion.reply);
  return appended != nullptr ? appended->was_there : std::nullopt;
}

Result<Stamp> append_and_wait(Client::Loop& loop, AppendCall call, const CallOptions& options) {
  return stamp_of(client::Ticket(loop, std::move(call), options).wait());
}

// What it counts for in in_flight_bytes.
std::size_t bytes_of(const AppendCall& call) {
  constexpr std::size_t kOverhead = 256;  // what an entry takes here beside its bytes, about
  return call.key.size() + call.values.packed().size() + kOverhead;
}

void append_and_call_back(Client::Loop& loop, AppendCall call, const CallOptions& options,
                          Client::AppendCallback done) {
  const std::size_t bytes = bytes_of(call);
  loop.submit_counted(std::move(call), options, bytes,
                      [done = std::move(done)](Completion completion) {
                        const std::optional<Stamp> stamp = completion.stamp;
                        done(stamp_of(std::move(completion)), stamp);
                      });
}

AppendCall call_of(Entry entry, const CallOptions& options) {
  AppendCall call;
  call.bucket = std::move(entry.bucket);
  call.key = std::move(entry.key);
  call.kind = entry.kind;
  call.values = std::move(entry.values);
  call.stamp = entry.stamp;
  call.level = options.level;
  return call;
}

// A source as std::function wants it: copyable.
template <class T, class Source>
Range<T> range_over(std::shared_ptr<Source> source) {
  return Range<T>([source = std::move(source)] { return source->next(); });
}

Result<std::optional<Item>> only_item(ItemRange range) {
  auto at = range.begin();
  if (at == range.end()) return std::nullopt;
  if (!*at) return fail(at->error());
  return **at;
}

// How many values a key of a wmrm bucket has: those of its newest entry.
Result<CountResult> count_newest(Client& client, std::string_view key, ReadOptions options) {
  options.first.reset();
  options.last.reset();
  CountResult count;
  for (const auto& item : client.values(key, options)) {
    if (!item) return fail(item.error());
    ++count.values;
    count.entries = 1;
  }
  return count;
}

Result<CountResult> count_all(Client::Loop& loop, std::string_view key, const ReadOptions& options,
                              const std::function<void(const CountResult&)>& so_far) {
  CountQuery query;
  query.bucket = options.bucket;
  query.key = key;
  query.since = options.since;
  query.until = options.until;
  query.after = options.after;
  query.level = options.level;
  CountResult total;
  while (true) {
    auto part = client::ask<Count>(loop, client::CountCall{query}, options);
    if (!part) return fail(std::move(part).error());
    total.entries += part->entries;
    total.values += part->values;
    if (!part->next_after) return total;
    if (so_far) so_far(total);
    query.after = part->next_after;
  }
}

// What tells whether a key is there: its newest entry, which may be a removal; or a count that
// stops at the first entry, so that no value has to travel.
Result<client::Call> existence_call(Client::Loop& loop, std::string_view key,
                                    const CallOptions& options) {
  if (key.empty()) return fail(ErrorCode::empty_key, "a key has at least one byte");
  if (auto valid = client::check_read_level(options); !valid) {
    return fail(std::move(valid).error());
  }
  const auto bucket = client::find_bucket(loop, options);
  if (!bucket) return fail(bucket.error());
  const auto about = [&](auto query) {
    query.bucket = options.bucket;
    query.key = key;
    query.max_entries = 1;
    query.level = options.level;
    return query;
  };
  if (bucket->mode == BucketMode::worm) return client::CountCall{about(CountQuery{})};
  PageQuery newest = about(PageQuery{});
  newest.reverse = true;
  return client::PageCall{std::move(newest)};
}

Result<bool> existence_of(Completion completion) {
  if (!completion.reply) return fail(std::move(completion.reply).error());
  if (const auto* count = std::get_if<Count>(&*completion.reply)) return count->entries > 0;
  const auto page = client::unwrap<Page>(std::move(completion));
  if (!page) return fail(page.error());
  return !page->entries.empty() && page->entries.front().kind != EntryKind::remove;
}

}  // namespace

Result<Client> client::open(bus::Bus& bus, const ClientOptions& options,
                            std::shared_ptr<void> keeper) {
  auto loop = Loop::start(bus, options, std::move(keeper));
  if (!loop) return fail(std::move(loop).error());
  Client made(std::move(*loop));
  CallOptions first;
  first.timeout = options.connect_timeout;
  auto ring = made.ring(first);
  if (ring) return made;
  // ZeroMQ does not say why it cannot connect, and tries for ever.
  if (auto room = check_descriptors(1, "a connection"); !room) return fail(std::move(room).error());
  return fail(std::move(ring).error());
}

Result<ClusterStatus> client::ask_status(bus::Bus& bus, const ClientOptions& options) {
  auto loop = Loop::start(bus, options, nullptr);
  if (!loop) return fail(std::move(loop).error());
  Client asking(std::move(*loop));
  CallOptions first;
  first.timeout = options.connect_timeout;
  auto status = asking.status(first);
  // The answer may come before the one to the hello, which would be refused.
  if (status && options.cluster && status->cluster != *options.cluster) {
    return fail(ErrorCode::wrong_cluster,
                "the broker is of cluster " + status->cluster.id.to_string() +
                    ", and not of cluster " + options.cluster->id.to_string());
  }
  return status;
}

Result<ClusterStatus> Client::ask_status(const ClientOptions& options) {
  return client::ask_status(client::shared_bus(), options);
}

Result<Client> Client::connect(const ClientOptions& options) {
  if (auto opened = open_standard_descriptors(); !opened) return fail(std::move(opened).error());
  return client::open(client::shared_bus(), options, nullptr);
}

Client::Client(std::shared_ptr<Loop> loop) : loop_(std::move(loop)) {}

Client::Client(Client&&) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
  if (this == &other) return *this;
  if (loop_) loop_->close();
  loop_ = std::move(other.loop_);
  return *this;
}

// Ranges may share the loop still; they end with `closed`.
Client::~Client() {
  if (loop_) loop_->close();
}

Result<Stamp> Client::append(std::string_view key, std::string_view value,
                             const AppendOptions& options) {
  return append(key, Values{value}, options);
}

Result<Stamp> Client::append(std::string_view key, Values values, const AppendOptions& options) {
  return append_and_wait(*loop_, append_call(key, EntryKind::append, std::move(values), options),
                         options);
}

void Client::append_async(std::string_view key, Values values, const AppendOptions& options,
                          AppendCallback done) {
  append_and_call_back(*loop_, append_call(key, EntryKind::append, std::move(values), options),
                       options, std::move(done));
}

void Client::flush() {
  loop_->flush();
}

Result<Stamp> Client::put(std::string_view key, std::string_view value,
                          const AppendOptions& options) {
  return append_and_wait(*loop_, append_call(key, EntryKind::put, Values{value}, options), options);
}

Result<Stamp> Client::remove(std::string_view key, const AppendOptions& options) {
  return append_and_wait(*loop_, append_call(key, EntryKind::remove, {}, options), options);
}

void Client::write_async(Entry entry, const CallOptions& options, AppendCallback done) {
  append_and_call_back(*loop_, call_of(std::move(entry), options), options, std::move(done));
}

void Client::import_async(Entry entry, const CallOptions& options, ImportCallback done) {
  AppendCall call = call_of(std::move(entry), options);
  call.tell_present = true;
  const std::size_t bytes = bytes_of(call);
  loop_->submit_counted(std::move(call), options, bytes,
                        [done = std::move(done)](Completion completion) {
                          const auto was_there = was_there_of(completion);
                          const auto stamp = stamp_of(std::move(completion));
                          if (!stamp) return done(fail(stamp.error()));
                          done(Imported{*stamp, was_there});
                        });
}

ItemRange Client::values(std::string_view key, const ReadOptions& options) {
  return range_over<Item>(std::make_shared<client::ValueSource>(loop_, std::string(key), options));
}

Result<std::optional<Item>> Client::first(std::string_view key, const ReadOptions& options) {
  ReadOptions one = options;
  one.first = 1;
  one.last.reset();
  return only_item(values(key, one));
}

Result<std::optional<Item>> Client::last(std::string_view key, const ReadOptions& options) {
  ReadOptions one = options;
  one.first.reset();
  one.last = 1;
  return only_item(values(key, one));
}

Result<CountResult> Client::count(std::string_view key, const ReadOptions& options,
                                  const std::function<void(const CountResult&)>& so_far) {
  if (key.empty()) return fail(ErrorCode::empty_key, "a key has at least one byte");
  if (options.from_worker) {
    return fail(ErrorCode::invalid_argument, "a count is not of one worker: walk its values");
  }
  if (auto valid = client::check_read_level(options); !valid) {
    return fail(std::move(valid).error());
  }
  const auto bucket = client::find_bucket(*loop_, options);
  if (!bucket) return fail(bucket.error());
  if (bucket->mode == BucketMode::wmrm && !options.history) {
    return count_newest(*this, key, options);
  }
  return count_all(*loop_, key, options, so_far);
}

Result<bool> Client::exists(std::string_view key, const CallOptions& options) {
  auto call = existence_call(*loop_, key, options);
  if (!call) return fail(std::move(call).error());
  return existence_of(client::Ticket(*loop_, std::move(*call), options).wait());
}

void Client::exists_async(std::string_view key, const CallOptions& options, ExistsCallback done) {
  auto call = existence_call(*loop_, key, options);
  if (!call) return done(fail(std::move(call).error()));
  loop_->submit(std::move(*call), options, [done = std::move(done)](Completion completion) {
    done(existence_of(std::move(completion)));
  });
}

KeyRange Client::keys(const KeysOptions& options) {
  return range_over<std::string>(std::make_shared<client::KeySource>(loop_, options));
}

EntryRange Client::entries(const KeysOptions& options) {
  return range_over<Entry>(std::make_shared<client::EntrySource>(loop_, options));
}

Result<Bucket> Client::create_bucket(const Bucket& bucket, const CallOptions& options) {
  if (auto valid = cluster::validate(bucket); !valid) return fail(std::move(valid).error());
  auto map = client::ask<client::MapReply>(*loop_, client::BucketCreateCall{bucket}, options);
  if (!map) return fail(std::move(map).error());
  loop_->learn(**map);
  if (const Bucket* made = cluster::find_bucket(**map, bucket.name)) return *made;
  return fail(ErrorCode::internal, "the map does not have the bucket that was made");
}

Result<std::vector<Bucket>> Client::buckets(const CallOptions& options) {
  const auto map = client::fetch_map(*loop_, options);
  if (!map) return fail(map.error());
  return (*map)->buckets;
}

Result<Bucket> Client::bucket(std::string_view name, const CallOptions& options) {
  CallOptions named = options;
  named.bucket = name;
  return client::find_bucket(*loop_, named);
}

Result<Once> Client::once(std::string_view name, const OnceContent& content,
                          const CallOptions& options) {
  return client::begin_once(*this, name, content, options);
}

Result<Once> Client::once(std::string_view name, const CallOptions& options) {
  return once(name, [](const auto& /*take*/) { return Status(); }, options);
}

Result<PingResult> Client::ping(const CallOptions& options) {
  const auto pong = client::ask<client::Pong>(*loop_, client::PingCall{}, options);
  if (!pong) return fail(pong.error());
  return PingResult{pong->round_trip, loop_->cluster()};
}

Result<ClusterStatus> Client::status(const CallOptions& options) {
  return client::ask<ClusterStatus>(*loop_, client::StatusCall{}, options);
}

Result<Ring> Client::ring(const CallOptions& options) {
  const auto map = client::fetch_map(*loop_, options);
  if (!map) return fail(map.error());
  return Ring{(*map)->placement};
}

}  // namespace kipu

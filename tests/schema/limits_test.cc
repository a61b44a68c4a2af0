// The limits of base/limits.h, as decoding keeps them; and that what we send fits within them.
#include <string>

#include <gtest/gtest.h>

#include "schema/codec.h"
#include "tests/schema/samples.h"

namespace kipu::schema {
namespace {

using samples::sample;

// As worker::Config has it.
constexpr std::size_t kMaxCommitBytes = std::size_t{2} * 1024 * 1024;

template <class T>
::testing::AssertionResult accepted(const T& message) {
  const auto received = decode<T>(encode(message).view());
  if (!received) return ::testing::AssertionFailure() << received.error().message;
  if (!(*received == message)) return ::testing::AssertionFailure() << "another message";
  return ::testing::AssertionSuccess();
}

template <class T>
::testing::AssertionResult refused(const T& message) {
  const auto received = decode<T>(encode(message).view());
  if (received) return ::testing::AssertionFailure() << "accepted";
  if (received.error().code != ErrorCode::malformed) {
    return ::testing::AssertionFailure() << error_name(received.error().code);
  }
  return ::testing::AssertionSuccess();
}

// Sets one text of a message to the limit, which is accepted, and to one byte more.
template <class T>
void expect_limit(std::string& (*text_in)(T&), std::size_t limit) {
  T message = sample<T>();
  text_in(message) = std::string(limit, 'x');
  EXPECT_TRUE(accepted(message));
  text_in(message) += 'x';
  EXPECT_TRUE(refused(message));
}

TEST(LimitsTest, BoundKeys) {
  constexpr std::size_t kLimit = limits::kMaxKeyBytes;
  expect_limit<AppendRequest>([](auto& m) -> auto& { return m.entries[0].key; }, kLimit);
  expect_limit<PageQuery>([](auto& m) -> auto& { return m.key; }, kLimit);
  expect_limit<CountQuery>([](auto& m) -> auto& { return m.key; }, kLimit);
  expect_limit<KeysQuery>([](auto& m) -> auto& { return m.prefix; }, kLimit);
  expect_limit<KeysQuery>([](auto& m) -> auto& { return *m.after; }, kLimit);
  expect_limit<KeysPage>([](auto& m) -> auto& { return m.keys[0]; }, kLimit);
  expect_limit<KeysPage>([](auto& m) -> auto& { return *m.next_after; }, kLimit);
  expect_limit<ScanQuery>([](auto& m) -> auto& { return m.prefix; }, kLimit);
  expect_limit<ScanQuery>([](auto& m) -> auto& { return m.after->key; }, kLimit);
}

TEST(LimitsTest, BoundBucketNames) {
  constexpr std::size_t kLimit = limits::kMaxBucketNameBytes;
  expect_limit<AppendRequest>([](auto& m) -> auto& { return m.entries[0].bucket; }, kLimit);
  expect_limit<BucketCreate>([](auto& m) -> auto& { return m.bucket.name; }, kLimit);
  expect_limit<ClusterMap>([](auto& m) -> auto& { return m.buckets[0].name; }, kLimit);
  expect_limit<PageQuery>([](auto& m) -> auto& { return m.bucket; }, kLimit);
  expect_limit<CountQuery>([](auto& m) -> auto& { return m.bucket; }, kLimit);
  expect_limit<KeysQuery>([](auto& m) -> auto& { return m.bucket; }, kLimit);
  expect_limit<ScanQuery>([](auto& m) -> auto& { return m.bucket; }, kLimit);
}

TEST(LimitsTest, BoundEndpointsAndZones) {
  expect_limit<WorkerHello>([](auto& m) -> auto& { return m.endpoints.stream; },
                            limits::kMaxEndpointBytes);
  expect_limit<WorkerHello>([](auto& m) -> auto& { return m.endpoints.peer; },
                            limits::kMaxEndpointBytes);
  expect_limit<WorkerHello>([](auto& m) -> auto& { return m.zone; }, limits::kMaxZoneBytes);
}

TEST(LimitsTest, BoundHowManyEntriesARequestAndAPageHave) {
  AppendRequest request;
  request.entries.resize(limits::kMaxBatchEntries);
  EXPECT_TRUE(accepted(request));
  request.entries.emplace_back();
  EXPECT_TRUE(refused(request));
  Page page;
  page.entries.resize(limits::kMaxPageEntries);
  EXPECT_TRUE(accepted(page));
  page.entries.emplace_back();
  EXPECT_TRUE(refused(page));
}

TEST(LimitsTest, BoundTheBytesOfABatch) {
  const Entry half = make_entry("default", "key", Stamp{}, EntryKind::append,
                                {std::string(limits::kMaxBatchBytes / 2, 'x')});
  EXPECT_TRUE(accepted(AppendRequest{{}, Level::one, {half}}));
  EXPECT_TRUE(refused(AppendRequest{{}, Level::one, {half, half}}));
}

TEST(LimitsTest, BoundTheHealthOfAWorker) {
  auto beat = sample<Heartbeat>();
  beat.health.lags.resize(limits::kMaxWorkers);
  beat.health.why_not_whole = std::string(limits::kMaxMessageTextBytes, 'x');
  beat.health.unreadable.what = std::string(limits::kMaxMessageTextBytes, 'x');
  EXPECT_TRUE(accepted(beat));
  beat.health.why_not_whole += 'x';
  beat.health.unreadable.what += 'x';
  const auto received = decode<Heartbeat>(encode(beat).view());
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->health.why_not_whole.size(), limits::kMaxMessageTextBytes);
  EXPECT_EQ(received->health.unreadable.what.size(), limits::kMaxMessageTextBytes);
}

TEST(LimitsTest, BoundThePartsOfAMap) {
  ClusterMap map;
  map.placement.resize(limits::kMaxPartitions);
  map.placement[0].resize(limits::kMaxWorkers);
  EXPECT_TRUE(accepted(map));
  map.placement[0].emplace_back();
  EXPECT_TRUE(refused(map));
  map.placement[0].clear();
  map.placement.emplace_back();
  EXPECT_TRUE(refused(map));
  map = ClusterMap{};
  map.workers.resize(limits::kMaxWorkers + 1);
  EXPECT_TRUE(refused(map));
  map = ClusterMap{};
  map.buckets.resize(limits::kMaxBuckets + 1);
  EXPECT_TRUE(refused(map));
}

TEST(LimitsTest, RefuseABodyOfMoreThanItsLimitBeforeParsingIt) {
  Page page;
  page.entries.resize(5);
  const std::string value(limits::kLargestMaxPairBytes, 'x');
  for (Entry& entry : page.entries) entry.values = {value};
  EXPECT_GT(encode(page).size(), limits::kMaxBodyBytes);
  EXPECT_TRUE(refused(page));
}

TEST(LimitsTest, RefuseAnEnvelopeOfMoreThanItsLimit) {
  const std::string bytes(limits::kMaxEnvelopeBytes + 8, '\0');
  const auto received = decode<Envelope>(bytes);
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, ErrorCode::malformed);
}

TEST(LimitsTest, ReadTooLargeAPageAsTheLargest) {
  auto query = sample<PageQuery>();
  query.max_entries = query.max_bytes = ~std::uint32_t{0};
  const auto received = decode<PageQuery>(encode(query).view());
  ASSERT_TRUE(received);
  EXPECT_EQ(received->max_entries, limits::kMaxPageEntries);
  EXPECT_EQ(received->max_bytes, limits::kMaxPageBytes);
  auto fetch = sample<Fetch>();
  fetch.max_bytes = ~std::uint32_t{0};
  EXPECT_EQ(decode<Fetch>(encode(fetch).view())->max_bytes, limits::kMaxPageBytes);
}

TEST(LimitsTest, RefuseUnknownEnumerators) {
  auto envelope = sample<Envelope>();
  envelope.kind = static_cast<MessageKind>(9);
  EXPECT_TRUE(refused(envelope));
  auto reply = sample<ErrorReply>();
  reply.error.code = static_cast<ErrorCode>(999);
  EXPECT_TRUE(refused(reply));
  auto request = sample<AppendRequest>();
  request.level = static_cast<Level>(5);
  EXPECT_TRUE(refused(request));
  request = sample<AppendRequest>();
  request.entries[0].kind = static_cast<EntryKind>(0);
  EXPECT_TRUE(refused(request));
  auto create = sample<BucketCreate>();
  create.bucket.mode = static_cast<BucketMode>(3);
  EXPECT_TRUE(refused(create));
  auto map = sample<ClusterMap>();
  map.workers[0].state = static_cast<WorkerState>(4);
  EXPECT_TRUE(refused(map));
  auto status = sample<ClusterStatus>();
  status.workers[0].liveness = static_cast<Liveness>(3);
  EXPECT_TRUE(refused(status));
}

// What only tells more may be of a later version: the rest of a status is worth reading.
TEST(LimitsTest, TakeAPhaseThatOnlyALaterVersionKnows) {
  auto status = sample<ClusterStatus>();
  status.phase = static_cast<ClusterPhase>(9);
  const auto received = decode<ClusterStatus>(encode(status).view());
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->phase, ClusterPhase::unsaid);
  EXPECT_EQ(received->workers, status.workers);
}

TEST(LimitsTest, LeaveOutAReportOfProcessesThatIsTooLong) {
  auto status = sample<ClusterStatus>();
  status.processes = std::string(limits::kMaxProcessesBytes, 'x');
  EXPECT_TRUE(accepted(status));
  status.processes += 'x';
  const auto received = decode<ClusterStatus>(encode(status).view());
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->processes, "");
}

TEST(LimitsTest, RefuseReadsThatNobodyWouldAnswer) {
  const auto with_level_none = [](auto query) {
    query.level = Level::none;
    return query;
  };
  EXPECT_TRUE(refused(with_level_none(sample<PageQuery>())));
  EXPECT_TRUE(refused(with_level_none(sample<CountQuery>())));
  EXPECT_TRUE(refused(with_level_none(sample<KeysQuery>())));
  EXPECT_TRUE(refused(with_level_none(sample<ScanQuery>())));
  auto request = sample<PeerRead>();
  request.query = with_level_none(sample<KeysQuery>());
  EXPECT_TRUE(refused(request));
}

TEST(LimitsTest, CutTheTextOfAnErrorBetweenCharacters) {
  ErrorReply reply{{ErrorCode::internal, "x"}};
  while (reply.error.message.size() <= limits::kMaxMessageTextBytes) reply.error.message += "ü";
  const auto received = decode<ErrorReply>(encode(reply).view());
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->error.message.size(), limits::kMaxMessageTextBytes - 1);
  EXPECT_EQ(received->error.message.substr(received->error.message.size() - 2), "ü");
}

TEST(LimitsTest, CutTheTimesThatCannotTravel) {
  auto envelope = sample<Envelope>();
  envelope.remaining = std::chrono::nanoseconds(-1);
  EXPECT_EQ(decode<Envelope>(encode(envelope).view())->remaining, Duration::zero());
  envelope.remaining = Duration::max();
  EXPECT_EQ(decode<Envelope>(encode(envelope).view())->remaining,
            std::chrono::floor<std::chrono::microseconds>(Duration::max()));
  auto beat = sample<Heartbeat>();
  beat.health.wall = WallTime(std::chrono::milliseconds(-5));
  EXPECT_EQ(decode<Heartbeat>(encode(beat).view())->health.wall, WallTime{});
  beat.health.wall = WallTime::max();
  EXPECT_EQ(decode<Heartbeat>(encode(beat).view())->health.wall, StampTime::last().wall());
}

// The largest messages that we send.

TEST(LargestMessageTest, OfRefusalsFitsABody) {
  AppendReply reply;
  const Error longest{ErrorCode::too_large, std::string(limits::kMaxMessageTextBytes, 'x')};
  for (std::uint32_t i = 0; i < limits::kMaxBatchEntries; ++i) {
    reply.refusals.push_back({i, longest});
  }
  const Buffer bytes = encode(reply);
  EXPECT_LE(bytes.size(), limits::kMaxBodyBytes);
  const auto received = decode<AppendReply>(bytes.view());
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->refusals.size(), reply.refusals.size());
  EXPECT_GE(received->refusals.back().error.message.size(), 200U);
}

TEST(LargestMessageTest, OfEntriesFitsABody) {
  const std::string name(limits::kMaxBucketNameBytes, 'b');
  AppendRequest request;
  std::size_t bytes = 0;
  const Entry entry = make_entry(name, "k", Stamp{}, EntryKind::append, {""});
  while (request.entries.size() < limits::kMaxBatchEntries && bytes < limits::kMaxBatchBytes) {
    request.entries.push_back(entry);
    bytes += entry.message_bytes();
  }
  if (bytes > limits::kMaxBatchBytes) request.entries.pop_back();
  EXPECT_LE(encode(request).size(), limits::kMaxBodyBytes);
  EXPECT_TRUE(accepted(request));
}

// A commit of the smallest entries, with what travels beside them.
TEST(LargestMessageTest, OfACommitFitsABundle) {
  const Entry entry = make_entry("b", "k", Stamp{}, EntryKind::remove, {});
  Bundle bundle;
  bundle.entries.assign(kMaxCommitBytes / entry.message_bytes(), entry);
  EXPECT_LE(encode(bundle).size(), limits::kMaxBodyBytes);
  EXPECT_TRUE(accepted(bundle));
  EXPECT_TRUE(accepted(Fetched{false, {{{1, 1}, bundle.entries}}, {1, 1}, {1, 1}}));
}

TEST(LargestMessageTest, OfManyCommitsFitsABody) {
  const Entry entry = make_entry("b", "k", Stamp{}, EntryKind::remove, {});
  Fetched fetched;
  for (std::size_t bytes = 0; bytes < limits::kMaxPageBytes; bytes += entry.message_bytes()) {
    fetched.commits.push_back({{1, 1}, {entry}});
  }
  EXPECT_LE(encode(fetched).size(), limits::kMaxBodyBytes);
  EXPECT_TRUE(accepted(fetched));
}

TEST(LargestMessageTest, OfAStatusFitsABody) {
  ClusterStatus status;
  WorkerStatus worker;
  worker.health.why_not_whole = std::string(limits::kMaxMessageTextBytes, 'x');
  worker.health.unreadable.what = std::string(limits::kMaxMessageTextBytes, 'x');
  worker.health.lags.resize(limits::kMaxWorkers - 1);
  status.workers.assign(limits::kMaxWorkers, worker);
  status.processes = std::string(limits::kMaxProcessesBytes, 'x');
  const Buffer bytes = encode(status);
  EXPECT_LE(bytes.size(), limits::kMaxBodyBytes);
  const auto received = decode<ClusterStatus>(bytes.view());
  ASSERT_TRUE(received) << received.error().message;
  ASSERT_EQ(received->workers.size(), status.workers.size());
  EXPECT_GE(received->workers.back().health.lags.size(), 80U);
  EXPECT_GE(received->workers.back().health.why_not_whole.size(), 500U);
  EXPECT_GE(received->workers.back().health.unreadable.what.size(), 500U);
}

TEST(LargestMessageTest, OfTheStatusOfAnOrdinaryClusterIsNotCut) {
  ClusterStatus status;
  WorkerStatus worker;
  worker.health.why_not_whole = std::string(1000, 'x');
  worker.health.unreadable.what = std::string(1000, 'x');
  worker.health.lags.resize(255);
  status.workers.assign(256, worker);
  EXPECT_TRUE(accepted(status));
}

TEST(LargestMessageTest, OfOneEntryFitsABody) {
  Values values;
  const std::string value(limits::kLargestMaxPairBytes / limits::kMaxValuesPerEntry, 'v');
  for (std::uint32_t i = 1; i < limits::kMaxValuesPerEntry; ++i) values.push_back(value);
  values.push_back("");
  const Entry entry = make_entry(std::string(limits::kMaxBucketNameBytes, 'b'), "k", Stamp{},
                                 EntryKind::append, values);
  ASSERT_TRUE(validate(entry));
  EXPECT_TRUE(accepted(Page{{entry}, true}));
}

TEST(LargestMessageTest, OfAMapFitsABody) {
  ClusterMap map;
  for (std::size_t i = 0; i < limits::kMaxBuckets; ++i) {
    map.buckets.push_back({std::string(limits::kMaxBucketNameBytes, 'b')});
  }
  Worker worker;
  worker.endpoints = {std::string(limits::kMaxEndpointBytes, 's'),
                      std::string(limits::kMaxEndpointBytes, 'p')};
  worker.zone = std::string(limits::kMaxZoneBytes, 'z');
  map.workers.assign(limits::kMaxWorkers, worker);
  map.placement.assign(limits::kMaxPartitions, Replicas(3, WorkerId{1}));
  EXPECT_LT(encode(map).size(), limits::kMaxBodyBytes);
  EXPECT_TRUE(accepted(map));
  EXPECT_TRUE(accepted(WorkerHello{{}, {}, worker.endpoints, 1, worker.zone, map}));
}

TEST(LargestMessageTest, OfAMapWithTheUsualPartitionsIsSmall) {
  ClusterMap map;
  map.placement.assign(limits::kDefaultPartitions, Replicas(1, WorkerId{1}));
  EXPECT_LT(encode(map).size(), 8U * 1024U);
}

// Versions.

TEST(EnvelopeTest, OfAnotherVersionSaysWhichAndWhatItAsked) {
  auto sent = sample<Envelope>();
  sent.version = 2;
  sent.kind = static_cast<MessageKind>(1000);
  const auto received = decode<Envelope>(encode(sent).view());
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->version, 2);
  EXPECT_EQ(received->request_id, sent.request_id);
  EXPECT_EQ(received->kind, sent.kind);
}

TEST(EnvelopeTest, OfAnotherVersionMayHaveOtherFieldsBehindTheFirst) {
  auto sent = sample<Envelope>();
  sent.version = 9;
  std::string bytes(encode(sent).view());
  // One segment of one root pointer and the struct: all behind the first two words is unknown.
  for (std::size_t at = 32; at < bytes.size(); ++at) bytes[at] = '\xff';
  const auto received = decode<Envelope>(bytes);
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->version, 9);
  EXPECT_EQ(received->request_id, sent.request_id);
}

TEST(EnvelopeTest, IsSmall) {
  EXPECT_EQ(encode(sample<Envelope>()).size(), 48U);
}

}  // namespace
}  // namespace kipu::schema

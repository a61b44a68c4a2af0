// docs/protocol.md is what other implementations are written from: its tables must be true.
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/entry.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/query.h"
#include "base/stamp.h"
#include "schema/codec.h"
#include "schema/map_checksum.h"
#include "tests/schema/protocol_tables.h"
#include "tests/schema/samples.h"

namespace kipu::schema {
namespace {

using tests::from_hex;
using tests::Row;
using tests::to_hex;

std::vector<Row> table(const std::string& name) {
  auto rows = tests::table(KIPU_PROTOCOL_DOCUMENT, name);
  EXPECT_FALSE(rows.empty()) << "no table " << name;
  return rows;
}

std::uint64_t hex64(const std::string& hex) {
  return std::stoull(hex, nullptr, 16);
}

TEST(ProtocolDocumentTest, HasTrueHashes) {
  for (const Row& row : table("hash")) {
    EXPECT_EQ(hash64(from_hex(row.at(0))), hex64(row.at(1))) << row.at(0);
  }
}

TEST(ProtocolDocumentTest, HasTrueDigests) {
  for (const Row& row : table("digest")) {
    auto values = Values::parse(from_hex(row.at(5)));
    ASSERT_TRUE(values) << row.at(5);
    const Stamp stamp{StampTime(hex64(row.at(2))), hex64(row.at(3))};
    const auto kind = static_cast<EntryKind>(std::stoi(row.at(4)));
    const Entry entry = make_entry(row.at(0), from_hex(row.at(1)), stamp, kind, *values);
    EXPECT_TRUE(validate(entry));
    EXPECT_EQ(entry.digest.bits, hex64(row.at(6))) << row.at(1);
  }
}

TEST(ProtocolDocumentTest, HasTrueStamps) {
  for (const Row& row : table("stamp")) {
    const WallTime wall{std::chrono::milliseconds(std::stoll(row.at(0)))};
    const StampTime time = StampTime::at(wall).plus(std::stoull(row.at(1)));
    EXPECT_EQ(time.bits(), hex64(row.at(3)));
    EXPECT_EQ((Stamp{time, hex64(row.at(2))}).to_string(), row.at(4));
  }
}

TEST(ProtocolDocumentTest, ListsEveryErrorWithItsRemedy) {
  const std::map<std::string, Remedy> remedies{{"fix", Remedy::fix_request},
                                               {"retry", Remedy::retry},
                                               {"ask again", Remedy::ask_again},
                                               {"alert", Remedy::alert}};
  std::map<unsigned long, Row> listed;
  for (const Row& row : table("errors")) listed[std::stoul(row.at(0))] = row;
  for (std::uint16_t number = 0; number < 1000; ++number) {
    const auto code = error_code_from_number(number);
    ASSERT_EQ(code.has_value(), listed.contains(number)) << number;
    if (!code) continue;
    EXPECT_EQ(listed[number].at(1), error_name(*code));
    EXPECT_EQ(remedies.at(listed[number].at(2)), remedy(*code)) << number;
  }
}

TEST(ProtocolDocumentTest, ListsTheLimits) {
  const std::map<std::string, std::size_t> limits{
      {"key", limits::kMaxKeyBytes},
      {"bucket name", limits::kMaxBucketNameBytes},
      {"buckets", limits::kMaxBuckets},
      {"values of an entry", limits::kMaxValuesPerEntry},
      {"pair, by default", limits::kDefaultMaxPairBytes},
      {"pair, at most", limits::kLargestMaxPairBytes},
      {"partitions", limits::kMaxPartitions},
      {"partitions, by default", limits::kDefaultPartitions},
      {"workers", limits::kMaxWorkers},
      {"weight of a worker", limits::kMaxWeight},
      {"zone", limits::kMaxZoneBytes},
      {"endpoint", limits::kMaxEndpointBytes},
      {"envelope", limits::kMaxEnvelopeBytes},
      {"body", limits::kMaxBodyBytes},
      {"batch of appends", limits::kMaxBatchBytes},
      {"entries of a batch", limits::kMaxBatchEntries},
      {"page", limits::kMaxPageBytes},
      {"entries or keys of a page", limits::kMaxPageEntries},
      {"entries of one count", limits::kMaxCountEntries},
      {"text of an error", limits::kMaxMessageTextBytes},
      {"report of the processes", limits::kMaxProcessesBytes}};
  std::map<std::string, std::size_t> listed;
  for (const Row& row : table("limits")) listed[row.at(0)] = std::stoul(row.at(1));
  EXPECT_EQ(listed, limits);
}

TEST(ProtocolDocumentTest, ListsEveryKindOfMessage) {
  std::map<unsigned long, std::string> listed;
  for (const char* name : {"kinds for clients", "kinds for workers", "kinds between workers"}) {
    for (const Row& row : table(name)) listed[std::stoul(row.at(0))] = row.at(1);
  }
  for (std::uint16_t number = 0; number < 1000; ++number) {
    Envelope envelope;
    envelope.kind = static_cast<MessageKind>(number);
    EXPECT_EQ(decode<Envelope>(encode(envelope).view()).has_value(), listed.contains(number))
        << number;
  }
}

TEST(ProtocolDocumentTest, HasTheChecksumOfItsMap) {
  const auto rows = table("map checksum");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(checksum_of(samples::sample<ClusterMap>()), hex64(rows[0].at(0)));
}

TEST(ProtocolDocumentTest, HasTheDigestsOfItsResults) {
  std::map<std::string, std::uint64_t> digests;
  for (const Row& row : table("result digests")) digests[row.at(0)] = hex64(row.at(1));
  EXPECT_EQ(digest_of(samples::sample<Page>()), digests["Page"]);
  EXPECT_EQ(digest_of(samples::sample<Count>()), digests["Count"]);
  EXPECT_EQ(digest_of(samples::sample<KeysPage>()), digests["KeysPage"]);
}

// Frames: the wire format itself. A difference here is a new version of the protocol.

template <class T>
void expect_frame(const std::map<std::string, std::string>& frames, const std::string& name,
                  const T& message) {
  const auto written = to_hex(encode(message).view());
  ASSERT_TRUE(frames.contains(name)) << "| `" << name << "` | `" << written << "` |";
  EXPECT_EQ(frames.at(name), written) << name;
  const auto read = decode<T>(from_hex(frames.at(name)));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(*read == message) << name;
}

// What a build sends that knows nothing of telling what was there: nobody asks, and nobody says.
TEST(ProtocolDocumentTest, ReadsAppendsOfABuildThatTellsNothing) {
  const auto request = decode<AppendRequest>(
      from_hex("000000001d0000000000000001000200020000000000000004000000030000000d0000007700"
               "00000300000000000000eeffc000000000000700000000000000080000000400030000000068"
               "e5cf8b01420000000000000055440c8699bc996a010000000000000025000000420000002500"
               "00002a00000025000000aa000000050000000000000006000000000000008b2b642f76b86372"
               "03000000000000001d0000002a0000001d000000120000001d0000000200000064656661756c"
               "74006672756974000000050000006170706c65000000000400000070656172000000646f6373"
               "0000000000ff000000000000"));
  ASSERT_TRUE(request) << request.error().message;
  AppendRequest expected = samples::sample<AppendRequest>();
  expected.tell_present = false;
  EXPECT_EQ(*request, expected);
  const auto reply = decode<AppendReply>(
      from_hex("0000000009000000000000000100010001000000000000000100000017000000040000000100"
               "0100010000000900000001000000c200000072656d6f766520696e206120776f726d20627563"
               "6b657400"));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->refusals, samples::sample<AppendReply>().refusals);
  EXPECT_EQ(reply->present, std::nullopt);
}

TEST(ProtocolDocumentTest, HasTheFramesThatAreSent) {
  std::map<std::string, std::string> frames;
  for (const Row& row : table("frames")) frames[row.at(0)] = row.at(1);
  using samples::sample;
  expect_frame(frames, "Envelope", sample<Envelope>());
  expect_frame(frames, "ErrorReply", sample<ErrorReply>());
  expect_frame(frames, "ClientHello", sample<ClientHello>());
  expect_frame(frames, "ClusterMap", sample<ClusterMap>());
  expect_frame(frames, "BucketCreate", sample<BucketCreate>());
  expect_frame(frames, "AppendRequest", sample<AppendRequest>());
  expect_frame(frames, "AppendReply", sample<AppendReply>());
  expect_frame(frames, "PageQuery", sample<PageQuery>());
  expect_frame(frames, "Page", sample<Page>());
  expect_frame(frames, "CountQuery", sample<CountQuery>());
  expect_frame(frames, "Count", sample<Count>());
  expect_frame(frames, "KeysQuery", sample<KeysQuery>());
  expect_frame(frames, "KeysPage", sample<KeysPage>());
  expect_frame(frames, "ScanQuery", sample<ScanQuery>());
}

// Between brokers and workers, and what only `status` reads: a digest of the frame will do.
TEST(WireTest, IsWhatItWasBetweenBrokerAndWorkers) {
  using samples::sample;
  const auto digest = [](const auto& message) { return hash64(encode(message).view()); };
  EXPECT_EQ(digest(sample<ClusterStatus>()), 0xf84ed7d73a5555bdU);
  EXPECT_EQ(digest(sample<WorkerHello>()), 0x2ccbf13aed66209eU);
  EXPECT_EQ(digest(sample<WorkerWelcome>()), 0x06e9e8ac4b868a8cU);
  EXPECT_EQ(digest(sample<Heartbeat>()), 0xf7ea87b5e3d2bafeU);
  EXPECT_EQ(digest(sample<HeartbeatReply>()), 0xe06833b41e15d94dU);
  EXPECT_EQ(digest(sample<MapStored>()), 0x6c731837ddb1cec2U);
}

// From a broker of the build before, which lacks what was added since.
TEST(WireTest, AStatusWithoutPhaseIsRead) {
  const std::string former =
      "0000000018000000000000000400040003000000010000000400000000000000000000000000000000a493d60000"
      "0000"
      "0c000000020000001000000003000000190000007a0000001d0000002f0000000100000000000000010000000000"
      "0000"
      "0300000000000000eeffc00000000000070000000000000032206f66203320776f726b6572730000040000000300"
      "0200"
      "01000000010000000400000009000000020000000000000004000000020000000000000000000000070000000000"
      "0000"
      "0800000000000000";
  const auto status = decode<ClusterStatus>(from_hex(former));
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->phase, ClusterPhase::unsaid);
  EXPECT_TRUE(status->wanted.is_none());
  EXPECT_EQ(status->processes, "");
  EXPECT_EQ(status->waiting_for, "2 of 3 workers");
  EXPECT_EQ(status->workers.at(0).store, (StoreId{Uuid{7, 8}}));
}

TEST(WireTest, IsWhatItWasBetweenWorkers) {
  using samples::sample;
  const auto digest = [](const auto& message) { return hash64(encode(message).view()); };
  EXPECT_EQ(digest(sample<Beacon>()), 0x7cbce1496b452433U);
  EXPECT_EQ(digest(sample<Bundle>()), 0xca957cb04b421b67U);
  EXPECT_EQ(digest(sample<Standing>()), 0x83a3f6ce5730d3f4U);
  EXPECT_EQ(digest(sample<Fetch>()), 0x0181cccd5b3dc901U);
  EXPECT_EQ(digest(sample<Fetched>()), 0xd8f57e3619f2679eU);
  EXPECT_EQ(digest(sample<PeerRead>()), 0x26774a57eb8a58ebU);
  EXPECT_EQ(digest(sample<PeerReadReply>()), 0xb2b092bd5a213fd4U);
  EXPECT_EQ(digest(sample<PeerMerge>()), 0x9d6ec99f95af593bU);
}

}  // namespace
}  // namespace kipu::schema

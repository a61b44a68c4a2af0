// Entries that break a rule: each is refused by name, and the sound ones beside it are stored.
#include <algorithm>

#include "bus/clock.h"
#include "cluster/map.h"
#include "tests/process/protocol/abused_cluster.h"

namespace kipu::test {
namespace {

using schema::MessageKind;

class EntryAbuseTest : public AbusedCluster {
 protected:
  // What the worker that coordinates the key says to it, alone.
  static std::optional<ErrorCode> refusal_of(RawClient& raw, const schema::ClusterMap& map,
                                             const Entry& entry) {
    const Status status = raw.append(map, entry);
    if (status) return std::nullopt;
    return status.error().code;
  }
  static Entry remade(Entry entry) {
    entry.digest = digest_of(entry);
    return entry;
  }
  static Entry with_kind(std::string bucket, EntryKind kind, Values values) {
    Entry entry = entry_now("key", "value");
    entry.bucket = std::move(bucket);
    entry.kind = kind;
    entry.values = std::move(values);
    return remade(entry);
  }
};

TEST_F(EntryAbuseTest, IsRefusedByItsName) {
  RawClient raw(*bus, cluster->frontend());
  Entry wrong_digest = entry_now("key", "value");
  ++wrong_digest.digest.bits;
  Entry altered = entry_now("key", "value");
  altered.values = Values{"other"};
  Entry future = entry_now("key", "value");
  future.stamp.time = StampTime::at(bus::read_clocks().wall + std::chrono::hours(1));
  const std::string too_much(limits::kDefaultMaxPairBytes - 2, 'x');  // with its key, 1 too many
  const std::vector<std::pair<Entry, ErrorCode>> cases{
      {entry_now("", "value"), ErrorCode::empty_key},
      {entry_now("key", too_much), ErrorCode::too_large},
      {with_kind("nowhere", EntryKind::append, {"value"}), ErrorCode::unknown_bucket},
      {with_kind("no/name", EntryKind::append, {"value"}), ErrorCode::invalid_argument},
      {with_kind("default", EntryKind::append, {}), ErrorCode::invalid_argument},
      {with_kind("default", EntryKind::put, {"value"}), ErrorCode::wrong_mode},
      {with_kind("default", EntryKind::remove, {}), ErrorCode::wrong_mode},
      {with_kind("settings", EntryKind::append, {"value"}), ErrorCode::wrong_mode},
      {with_kind("settings", EntryKind::put, {"one", "two"}), ErrorCode::invalid_argument},
      {with_kind("settings", EntryKind::remove, {"value"}), ErrorCode::invalid_argument},
      {wrong_digest, ErrorCode::bad_digest},
      {altered, ErrorCode::bad_digest},
      {remade(future), ErrorCode::clock_skew}};
  for (const auto& [entry, code] : cases) {
    EXPECT_EQ(refusal_of(raw, map, entry), code)
        << entry.bucket << ' ' << static_cast<int>(entry.kind) << ' ' << error_name(code);
  }
}

TEST_F(EntryAbuseTest, IsRefusedWhereItDoesNotBelong) {
  RawClient raw(*bus, cluster->frontend());
  const Entry entry = entry_now("key", "value");
  const auto partition = cluster::partition_of(entry.bucket, entry.key,
                                               static_cast<std::uint32_t>(map.placement.size()));
  WorkerId wrong{1};
  while (cluster::is_replica(map, partition, wrong)) ++wrong.number;
  const schema::AppendRequest body{map.version, Level::one, {entry}};
  const auto reply = raw.ask(request(MessageKind::append, wrong, body));
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->envelope.kind, MessageKind::append_reply);
  const auto answer = schema::decode<schema::AppendReply>(reply->body.view());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->holders, 0U);
  ASSERT_EQ(answer->refusals.size(), 1U);
  EXPECT_EQ(answer->refusals[0].error.code, ErrorCode::wrong_worker);
}

TEST_F(EntryAbuseTest, LeavesItsNeighboursAlone) {
  RawClient raw(*bus, cluster->frontend());
  const Entry first = entry_now("neighbours", "first");
  const Entry last = entry_now("neighbours", "last");
  Entry bad = entry_now("neighbours", "bad");
  ++bad.digest.bits;
  const auto partition = cluster::partition_of("default", "neighbours",
                                               static_cast<std::uint32_t>(map.placement.size()));
  const schema::AppendRequest body{map.version, Level::one, {first, bad, last}};
  const auto reply = raw.ask(request(MessageKind::append, partition, body));
  ASSERT_TRUE(reply);
  const auto answer = schema::decode<schema::AppendReply>(reply->body.view());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->holders, 1U);
  ASSERT_EQ(answer->refusals.size(), 1U);
  EXPECT_EQ(answer->refusals[0].index, 1U);
  EXPECT_EQ(answer->refusals[0].error.code, ErrorCode::bad_digest);
  before.push_back(first);
  before.push_back(last);
}

TEST_F(EntryAbuseTest, IsMalformedPastALimitOfDecoding) {
  Peer peer(cluster->frontend());
  const Entry long_key = entry_now(std::string(limits::kMaxKeyBytes + 1, 'k'), "value");
  Values values;
  for (std::uint32_t at = 0; at <= limits::kMaxValuesPerEntry; ++at) values.push_back("");
  const Entry many_values =
      make_entry("default", "key", entry_now("", "").stamp, EntryKind::append, std::move(values));
  const std::vector<Entry> many(limits::kMaxBatchEntries + 1, entry_now("key", "value"));
  const std::vector<std::pair<std::vector<Entry>, ErrorCode>> cases{
      {{long_key}, ErrorCode::malformed},
      {{many_values}, ErrorCode::too_large},
      {many, ErrorCode::malformed}};
  for (const auto& [entries, code] : cases) {
    const schema::AppendRequest body{map.version, Level::one, entries};
    peer.send(frames_of(envelope_of(MessageKind::append, 9, PartitionId{0}), bytes_of(body)));
    const auto reply = peer.receive();
    ASSERT_TRUE(reply);
    if (code == ErrorCode::malformed) {
      EXPECT_EQ(code_of(*reply), code);
      continue;
    }
    const auto answer = schema::decode<schema::AppendReply>(reply->body.view());
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->refusals.size(), 1U);
    EXPECT_EQ(answer->refusals[0].error.code, code);
  }
}

// Whatever bit of an append is flipped on its way: what is stored is what was written, or nothing.
TEST_F(EntryAbuseTest, StoresNothingThatWasNotWritten) {
  Peer peer(cluster->frontend());
  const Entry entry = entry_now("flipped", "value");
  const auto partition =
      cluster::partition_of("default", "flipped", static_cast<std::uint32_t>(map.placement.size()));
  schema::AppendRequest request{map.version, Level::one, {entry}};
  request.map = MapVersion{};  // a flipped bit must not make the worker wait for a newer map
  const std::string sound = bytes_of(request);
  const std::size_t bits = sound.size() * 8;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    std::string body = sound;
    body[bit / 8] = static_cast<char>(body[bit / 8] ^ (1 << (bit % 8)));
    auto envelope = envelope_of(MessageKind::append, bit + 1, partition);
    envelope.remaining = std::chrono::seconds(1);
    peer.send(frames_of(envelope, body));
  }
  std::vector<bool> answered(bits, false);
  for (std::size_t left = bits; left > 0; --left) {
    const auto reply = peer.receive();
    ASSERT_TRUE(reply) << left << " are not answered";
    answered.at(reply->envelope.request_id - 1) = true;
  }
  EXPECT_EQ(std::count(answered.begin(), answered.end(), false), 0);
  // A bit of the level, say, or of padding, leaves the entry as it was.
  for (const Entry& each : stored()) {
    if (each == entry) before.push_back(each);
  }
}

}  // namespace
}  // namespace kipu::test

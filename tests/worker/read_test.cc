// Reads at a worker.
#include "tests/worker/machine_harness.h"

namespace kipu::worker::test {
namespace {

class WorkerReadTest : public MachineTest {
 protected:
  PageQuery page_of(const std::string& key) {
    PageQuery query;
    query.partition = cluster::partition_of("default", key, 8);
    query.bucket = "default";
    query.key = key;
    return query;
  }
  Read only_read() {
    EXPECT_EQ(effects_.reads.size(), 1U);
    auto reads = std::exchange(effects_.reads, {});
    return reads.empty() ? Read{} : reads[0];
  }
  template <class Query>
  ErrorCode error_of(MessageKind kind, const Query& query) {
    receive(kind, 1, query);
    EXPECT_TRUE(effects_.reads.empty());
    return only_error();
  }
};

TEST_F(WorkerReadTest, AnswersEachKindOfReadWithItsReply) {
  serve();
  const std::string key = key_of(true);
  receive(MessageKind::page, 1, page_of(key));
  const Page page{{append_of(key)}, true};
  machine().on_read(now_, only_read().id, ReadResult(page), effects_);
  EXPECT_EQ(only<Page>(MessageKind::page_reply), page);
  EXPECT_EQ(last_id(), 1U);

  CountQuery count;
  count.partition = page_of(key).partition;
  count.bucket = "default";
  count.key = key;
  receive(MessageKind::count, 2, count);
  machine().on_read(now_, only_read().id, ReadResult(Count{3, 4, std::nullopt}), effects_);
  EXPECT_EQ(only<Count>(MessageKind::count_reply).values, 4U);

  KeysQuery keys;
  keys.partitions = {PartitionId{0}, PartitionId{2}};
  keys.bucket = "default";
  receive(MessageKind::keys, 3, keys);
  machine().on_read(now_, only_read().id, ReadResult(KeysPage{{"a"}, std::nullopt}), effects_);
  EXPECT_EQ(only<KeysPage>(MessageKind::keys_reply).keys, std::vector<std::string>{"a"});

  ScanQuery scan;
  scan.partition = PartitionId{2};
  scan.bucket = "default";
  receive(MessageKind::scan, 4, scan);
  machine().on_read(now_, only_read().id, ReadResult(page), effects_);
  EXPECT_EQ(only<Page>(MessageKind::page_reply), page);
}

TEST_F(WorkerReadTest, PassesOnWhatTheStoreCouldNotRead) {
  serve();
  receive(MessageKind::page, 1, page_of(key_of(true)));
  machine().on_read(now_, only_read().id, fail(ErrorCode::unreadable, "bad block"), effects_);
  EXPECT_EQ(only_error(), ErrorCode::unreadable);
}

TEST_F(WorkerReadTest, BringsLimitsWithinThoseOfAPage) {
  serve();
  PageQuery query = page_of(key_of(true));
  query.max_entries = 0;
  query.max_bytes = ~0U;
  receive(MessageKind::page, 1, query);
  const auto read = std::get<PageQuery>(only_read().query);
  EXPECT_EQ(read.max_entries, 1U);
  EXPECT_EQ(read.max_bytes, limits::kMaxPageBytes);
}

TEST_F(WorkerReadTest, RefusesPartitionsOfOthers) {
  serve();
  EXPECT_EQ(error_of(MessageKind::page, page_of(key_of(false))), ErrorCode::wrong_worker);
  KeysQuery keys;
  keys.bucket = "default";
  keys.partitions = {PartitionId{0}, PartitionId{1}};
  EXPECT_EQ(error_of(MessageKind::keys, keys), ErrorCode::wrong_worker);
  ScanQuery scan;
  scan.bucket = "default";
  scan.partition = PartitionId{3};
  EXPECT_EQ(error_of(MessageKind::scan, scan), ErrorCode::wrong_worker);
}

TEST_F(WorkerReadTest, RefusesWhatWouldLookLikeAbsence) {
  serve();
  PageQuery unknown = page_of(key_of(true));
  unknown.bucket = "nowhere";
  EXPECT_EQ(error_of(MessageKind::page, unknown), ErrorCode::unknown_bucket);
  PageQuery misplaced = page_of(key_of(true));
  misplaced.partition.number = (misplaced.partition.number + 2) % 8;
  EXPECT_EQ(error_of(MessageKind::page, misplaced), ErrorCode::invalid_argument);
  ScanQuery outside;
  outside.bucket = "default";
  outside.partition = PartitionId{8};
  EXPECT_EQ(error_of(MessageKind::scan, outside), ErrorCode::invalid_argument);
  KeysQuery twice;
  twice.bucket = "default";
  twice.partitions = {PartitionId{2}, PartitionId{2}};
  EXPECT_EQ(error_of(MessageKind::keys, twice), ErrorCode::invalid_argument);
}

// The other acts on a newer map. An empty result would count as one: it would hide entries that a
// third replica has.
TEST_F(WorkerReadTest, AnswersNoOtherWorkerForABucketThatItDoesNotKnow) {
  serve();
  const std::string key = key_of(true, 0, "later");
  const PartitionId partition = cluster::partition_of("later", key, 8);
  PageQuery page;
  CountQuery count;
  page.partition = count.partition = partition;
  page.key = count.key = key;
  KeysQuery keys;
  keys.partitions = {partition};
  ScanQuery scan;
  scan.partition = partition;
  page.bucket = count.bucket = keys.bucket = scan.bucket = "later";
  for (const ReadQuery& query : std::vector<ReadQuery>{page, count, keys, scan}) {
    schema::Envelope envelope;
    envelope.kind = MessageKind::peer_read;
    envelope.request_id = 7;
    envelope.remaining = seconds(1);
    const schema::PeerRead asked{kOtherStore, version(2), true, query};
    machine().on_peer_message(now_, schema::make_message(envelope, asked), effects_);
    EXPECT_TRUE(effects_.reads.empty());
    ASSERT_EQ(effects_.to_peers.size(), 1U);
    const schema::Message& answer = effects_.to_peers[0].message;
    ASSERT_EQ(answer.envelope.kind, MessageKind::error);
    EXPECT_EQ(answer.envelope.request_id, 7U);
    EXPECT_EQ(schema::decode<schema::ErrorReply>(answer.body.view())->error.code,
              ErrorCode::unknown_bucket);
    effects_ = {};
  }
}

TEST_F(WorkerReadTest, BeginsReadsInOrderAFewAtOnce) {
  config_.reads_at_once = 1;
  serve();
  const auto first_of = [this](std::uint32_t entries) {
    PageQuery query = page_of(key_of(true));
    query.max_entries = entries;
    return query;
  };
  const auto entries_of = [](const Read& read) {
    return std::get<PageQuery>(read.query).max_entries;
  };
  for (std::uint32_t number = 1; number <= 3; ++number) {
    receive(MessageKind::page, number, first_of(number));
  }
  for (std::uint32_t number = 1; number <= 3; ++number) {
    const Read read = only_read();
    EXPECT_EQ(entries_of(read), number);
    machine().on_read(now_, read.id, ReadResult(Page{}), effects_);
    only<Page>(MessageKind::page_reply);
    EXPECT_EQ(last_id(), number);
  }
  EXPECT_TRUE(effects_.reads.empty());
  EXPECT_TRUE(machine().idle());
}

TEST_F(WorkerReadTest, DoesNotBeginWhatRanOutOfTimeWhileItWaited) {
  config_.reads_at_once = 1;
  serve();
  receive(MessageKind::page, 1, page_of(key_of(true)));
  receive(MessageKind::page, 2, page_of(key_of(true)), milliseconds(10));
  const Read first = only_read();
  pass(milliseconds(10));
  machine().on_read(now_, first.id, ReadResult(Page{}), effects_);
  EXPECT_TRUE(effects_.reads.empty());
  EXPECT_TRUE(machine().idle());
}

TEST_F(WorkerReadTest, BoundsReads) {
  config_.max_reads = 2;
  serve();
  receive(MessageKind::page, 1, page_of(key_of(true)));
  receive(MessageKind::page, 2, page_of(key_of(true)));
  receive(MessageKind::page, 3, page_of(key_of(true)));
  ASSERT_EQ(effects_.reads.size(), 2U);
  EXPECT_EQ(only_error(), ErrorCode::overloaded);
  machine().on_read(now_, effects_.reads[0].id, ReadResult(Page{}), effects_);
  sent();
  receive(MessageKind::page, 4, page_of(key_of(true)));
  EXPECT_EQ(effects_.reads.size(), 3U);
}

TEST_F(WorkerReadTest, HonoursTheRemainingTime) {
  serve();
  receive(MessageKind::page, 1, page_of(key_of(true)), Duration::zero());
  EXPECT_EQ(only_error(), ErrorCode::deadline_exceeded);
  receive(MessageKind::page, 2, page_of(key_of(true)), milliseconds(10));
  const ReadId id = only_read().id;
  pass(milliseconds(10));
  machine().on_read(now_, id, ReadResult(Page{}), effects_);
  EXPECT_TRUE(sent().empty());
}

TEST_F(WorkerReadTest, RefusesWithoutAMapInForceAndWhileDraining) {
  say_welcome();
  EXPECT_EQ(error_of(MessageKind::page, page_of(key_of(true))), ErrorCode::unavailable);
  put_in_force(1);
  grant(1);
  sent();
  receive(MessageKind::page, 1, page_of(key_of(true)));
  machine().drain(now_, effects_);
  EXPECT_FALSE(machine().idle());
  machine().on_read(now_, only_read().id, ReadResult(Page{}), effects_);
  only<Page>(MessageKind::page_reply);
  EXPECT_TRUE(machine().idle());
  EXPECT_EQ(error_of(MessageKind::page, page_of(key_of(true))), ErrorCode::unavailable);
}

}  // namespace
}  // namespace kipu::worker::test

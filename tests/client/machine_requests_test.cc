// How the client machine reads, makes buckets, and checks what it is answered.
#include <gtest/gtest.h>

#include "tests/client/machine_harness.h"

namespace kipu::client {
namespace {

using schema::MessageKind;

class ClientRequestTest : public testing::Test {
 protected:
  void SetUp() override { client.greet(map); }

  Entry entry(const std::string& key, std::uint64_t time, const std::string& value = "v") const {
    return make_entry("default", key, Stamp{StampTime(time << 16U), 5}, EntryKind::append, {value});
  }
  // How a read ends that is answered with `page`.
  Result<Reply> read(const PageCall& call, const Page& page) {
    const CallId id = client.start(call);
    client.answer(client.take(MessageKind::page), MessageKind::page_reply, page);
    return client.completion(id).reply;
  }
  ErrorCode code_of(const PageCall& call, const Page& page) {
    const Result<Reply> reply = read(call, page);
    EXPECT_FALSE(reply);
    return reply ? ErrorCode::internal : reply.error().code;
  }

  // The next page query, after the pause that a refusal is followed by.
  Outgoing next_page() {
    for (int i = 0; i < 200 && client.sent(MessageKind::page) == 0; ++i)
      client.pass(milliseconds(2));
    return client.take(MessageKind::page);
  }

  const schema::ClusterMap map = map_of(3);
  Harness client;
};

TEST_F(ClientRequestTest, SendsAPageQueryToThePartitionOfItsKey) {
  const CallId id = client.start(page_call("k"));
  const Outgoing sent = client.take(MessageKind::page);
  const PartitionId partition = cluster::partition_of("default", "k", 16);
  EXPECT_EQ(sent.message.envelope.destination, schema::Destination(partition));
  EXPECT_EQ(sent.message.envelope.remaining, seconds(1));
  EXPECT_EQ(schema::decode<PageQuery>(sent.message.body.view())->partition, partition);
  const Page page{{entry("k", 1), entry("k", 2)}, false};
  client.answer(sent, MessageKind::page_reply, page);
  EXPECT_EQ(client.reply<Page>(id), page);
  EXPECT_EQ(client.next_tick(), Instant::never());
}

TEST_F(ClientRequestTest, WritesAfterWhatItHasRead) {
  const Stamp ahead{StampTime::at(client.now().wall + seconds(5)), 5};
  ASSERT_TRUE(
      read(page_call("k"), {{make_entry("default", "k", ahead, EntryKind::append, {"v"})}, true}));
  client.append("k");
  EXPECT_GT(client.take_append().request.entries[0].stamp, ahead);
}

TEST_F(ClientRequestTest, RefusesAPageThatIsNotWhatWasWritten) {
  Page page{{entry("k", 1)}, true};
  page.entries[0].values = Values{"altered"};
  EXPECT_EQ(code_of(page_call("k"), page), ErrorCode::corrupt);
}

TEST_F(ClientRequestTest, RefusesAPageOfSomethingElse) {
  EXPECT_EQ(code_of(page_call("k"), {{entry("other", 1)}, true}), ErrorCode::corrupt);
  const Entry foreign =
      make_entry("elsewhere", "k", Stamp{StampTime(1), 1}, EntryKind::append, {"v"});
  EXPECT_EQ(code_of(page_call("k"), {{foreign}, true}), ErrorCode::corrupt);
  PageCall timed = page_call("k");
  timed.query.since = StampTime(std::uint64_t{5} << 16U);
  EXPECT_EQ(code_of(timed, {{entry("k", 4)}, true}), ErrorCode::corrupt);
  timed.query.until = StampTime(std::uint64_t{7} << 16U);
  EXPECT_EQ(code_of(timed, {{entry("k", 7)}, true}), ErrorCode::corrupt);
  EXPECT_TRUE(read(timed, {{entry("k", 5), entry("k", 6)}, true}));
}

TEST_F(ClientRequestTest, BlamesNoBrokerForADeadlineThatIsShorterThanItsSilenceMayBe) {
  const CallId page = client.start(page_call("k"), milliseconds(500));
  client.pass(milliseconds(500));
  EXPECT_EQ(client.error(page).code, ErrorCode::deadline_exceeded);
}

TEST_F(ClientRequestTest, RefusesAPageOutOfOrder) {
  EXPECT_EQ(code_of(page_call("k"), {{entry("k", 2), entry("k", 1)}, true}), ErrorCode::corrupt);
  EXPECT_EQ(code_of(page_call("k"), {{entry("k", 2), entry("k", 2)}, true}), ErrorCode::corrupt);
  PageCall after = page_call("k");
  after.query.after = entry("k", 5).id();
  EXPECT_EQ(code_of(after, {{entry("k", 5)}, true}), ErrorCode::corrupt);
  after.query.reverse = true;
  EXPECT_EQ(code_of(after, {{entry("k", 6)}, true}), ErrorCode::corrupt);
  EXPECT_TRUE(read(after, {{entry("k", 4), entry("k", 3)}, true}));
}

TEST_F(ClientRequestTest, RefusesAPageThatBreaksTheRulesOfPaging) {
  EXPECT_EQ(code_of(page_call("k"), {{}, false}), ErrorCode::malformed);
  PageCall one = page_call("k");
  one.query.max_entries = 1;
  EXPECT_EQ(code_of(one, {{entry("k", 1), entry("k", 2)}, true}), ErrorCode::malformed);
}

TEST_F(ClientRequestTest, RefusesAnAnswerOfAnotherKind) {
  const CallId id = client.start(page_call("k"));
  client.answer(client.take(MessageKind::page), MessageKind::count_reply, Count{});
  EXPECT_EQ(client.error(id).code, ErrorCode::malformed);
}

TEST_F(ClientRequestTest, RetriesAReadThatMayYetSucceedAndEndsOneThatCannot) {
  const CallId good = client.start(page_call("k"));
  for (const ErrorCode code :
       {ErrorCode::unavailable, ErrorCode::outcome_unknown, ErrorCode::overloaded}) {
    client.refuse(client.take(MessageKind::page), code);
    EXPECT_EQ(client.sent(MessageKind::page), 0U);
    client.pass(milliseconds(50));
  }
  client.answer(client.take(MessageKind::page), MessageKind::page_reply, Page{});
  EXPECT_TRUE(client.completion(good).reply);
  const CallId bad = client.start(page_call("k"));
  client.refuse(client.take(MessageKind::page), ErrorCode::unreadable, "a bad block");
  EXPECT_EQ(client.error(bad), (Error{ErrorCode::unreadable, "a bad block"}));
}

TEST_F(ClientRequestTest, AsksAgainWithTwiceTheTimeAndTakesALateAnswer) {
  const CallId id = client.start(page_call("k"), seconds(20));
  const Outgoing first = client.take(MessageKind::page);
  client.pass(seconds(1));
  client.greet(map);
  EXPECT_EQ(client.take(MessageKind::page).message.envelope.remaining, seconds(2));
  client.answer(first, MessageKind::page_reply, Page{});
  EXPECT_TRUE(client.completion(id).reply);
  EXPECT_EQ(client.next_tick(), Instant::never());
}

// Shortly before an attempt's time is up, a worker says that too few replicas have answered. Where
// all are slow, none ever would within the first second.
TEST_F(ClientRequestTest, AsksAgainWithTwiceTheTimeWhereReplicasDidNotAnswerInTime) {
  client.start(page_call("k"), seconds(60));
  Duration patience = seconds(1);
  for (int attempt = 0; attempt < 3; ++attempt) {
    const Outgoing sent = next_page();
    EXPECT_EQ(sent.message.envelope.remaining, patience);
    client.pass(patience - milliseconds(100));
    client.refuse(sent, ErrorCode::unavailable, "too few replicas answered");
    patience *= 2;
  }
}

TEST_F(ClientRequestTest, AsksAgainWithTheSameTimeWhereAnAnswerCameAtOnce) {
  client.start(page_call("k"), seconds(60));
  for (int attempt = 0; attempt < 4; ++attempt) {
    const Outgoing sent = next_page();
    EXPECT_EQ(sent.message.envelope.remaining, seconds(1));
    client.refuse(sent, ErrorCode::unavailable, "too few replicas live");
  }
}

TEST_F(ClientRequestTest, SaysWhyAReadDidNotComeInTime) {
  const CallId unanswered = client.start(page_call("k"), milliseconds(500));
  client.start(PingCall{});
  client.answer_empty(client.take(MessageKind::ping), MessageKind::pong);
  const CallId refused = client.start(page_call("k"), milliseconds(5));
  client.take(MessageKind::page);
  client.refuse(client.take(MessageKind::page), ErrorCode::unavailable, "w2 is down");
  client.pass(milliseconds(500));
  EXPECT_EQ(client.error(unanswered).code, ErrorCode::deadline_exceeded);
  EXPECT_EQ(client.error(refused).code, ErrorCode::unavailable);
  EXPECT_NE(client.error(refused).message.find("w2 is down"), std::string::npos);
  const CallId silent = client.start(page_call("k"), seconds(5));
  client.pass(seconds(5));
  EXPECT_EQ(client.error(silent).code, ErrorCode::unavailable);
}

TEST_F(ClientRequestTest, CountsInThePartitionOfTheKey) {
  CountCall call;
  call.query.bucket = "default";
  call.query.key = "k";
  call.query.after = entry("k", 3).id();
  const CallId id = client.start(call);
  const Count count{5, 9, entry("k", 8).id()};
  const Outgoing sent = client.take(MessageKind::count);
  EXPECT_EQ(sent.message.envelope.destination,
            schema::Destination(cluster::partition_of("default", "k", 16)));
  client.answer(sent, MessageKind::count_reply, count);
  EXPECT_EQ(client.reply<Count>(id), count);
  const CallId back = client.start(call);
  client.answer(client.take(MessageKind::count), MessageKind::count_reply,
                Count{5, 9, entry("k", 3).id()});
  EXPECT_EQ(client.error(back).code, ErrorCode::malformed);
}

TEST_F(ClientRequestTest, AsksAWorkerForTheKeysOfThePartitionsThatItCoordinates) {
  KeysCall call;
  call.worker = WorkerId{2};
  call.query.bucket = "default";
  call.query.prefix = "a";
  const CallId id = client.start(call);
  const Outgoing sent = client.take(MessageKind::keys);
  EXPECT_EQ(sent.message.envelope.destination, schema::Destination(WorkerId{2}));
  EXPECT_EQ(schema::decode<KeysQuery>(sent.message.body.view())->partitions,
            cluster::coordinated_by(map, WorkerId{2}));
  const KeysPage page{{"a", "ab"}, "ac"};
  client.answer(sent, MessageKind::keys_reply, page);
  EXPECT_EQ(client.reply<KeysPage>(id), page);
  for (const KeysPage& wrong : {KeysPage{{"b"}, {}}, KeysPage{{"ab", "a"}, {}},
                                KeysPage{{"ab"}, "aa"}, KeysPage{{""}, {}}}) {
    const CallId refused = client.start(call);
    client.answer(client.take(MessageKind::keys), MessageKind::keys_reply, wrong);
    EXPECT_FALSE(client.completion(refused).reply);
  }
}

TEST_F(ClientRequestTest, AnswersForAWorkerWithoutPartitionsByItself) {
  KeysCall call;
  call.worker = WorkerId{77};
  call.query.bucket = "default";
  EXPECT_EQ(client.reply<KeysPage>(client.start(call)), KeysPage{});
  EXPECT_TRUE(client.take_all().empty());
}

TEST_F(ClientRequestTest, ScansThePartitionThatTheCallerNames) {
  ScanCall call;
  call.query.bucket = "default";
  call.query.partition = cluster::partition_of("default", "k", 16);
  const CallId id = client.start(call);
  const Outgoing sent = client.take(MessageKind::scan);
  EXPECT_EQ(sent.message.envelope.destination, schema::Destination(call.query.partition));
  const Page page{{entry("k", 1), entry("k", 2)}, true};
  client.answer(sent, MessageKind::page_reply, page);
  EXPECT_EQ(client.reply<Page>(id), page);

  call.query.after = ScanQuery::Position{"k", entry("k", 2).id()};
  const CallId again = client.start(call);
  client.answer(client.take(MessageKind::scan), MessageKind::page_reply, page);
  EXPECT_EQ(client.error(again).code, ErrorCode::corrupt);

  call.query.partition.number = (call.query.partition.number + 1) % 16;
  call.query.after.reset();
  const CallId elsewhere = client.start(call);
  client.answer(client.take(MessageKind::scan), MessageKind::page_reply, page);
  EXPECT_EQ(client.error(elsewhere).code, ErrorCode::corrupt);

  call.query.partition.number = 16;
  EXPECT_EQ(client.error(client.start(call)).code, ErrorCode::invalid_argument);
}

TEST_F(ClientRequestTest, MakesABucketAndTakesTheMapThatHasIt) {
  Bucket bucket;
  bucket.name = "new";
  const CallId id = client.start(BucketCreateCall{bucket});
  const Outgoing sent = client.take(MessageKind::bucket_create);
  EXPECT_EQ(sent.message.envelope.destination, schema::Destination(schema::ToBroker{}));
  const schema::ClusterMap larger = map_of(3, 2, {bucket});
  client.answer(sent, MessageKind::map, larger);
  EXPECT_EQ(*client.reply<MapReply>(id), larger);
  client.start(AppendCall{"new", "k", EntryKind::append, {"v"}, std::nullopt, Level::one});
  EXPECT_EQ(client.sent(MessageKind::append), 1U);
}

TEST_F(ClientRequestTest, DoesNotSayThatABucketWasNotMadeWhereItMayHaveBeen) {
  Bucket bucket;
  bucket.name = "new";
  const CallId id = client.start(BucketCreateCall{bucket});
  client.pass(seconds(5));
  EXPECT_EQ(client.error(id).code, ErrorCode::outcome_unknown);
  bucket.name = "no name";
  EXPECT_EQ(client.error(client.start(BucketCreateCall{bucket})).code, ErrorCode::invalid_argument);
}

TEST_F(ClientRequestTest, AsksOnceForTheMapBeforeItCallsABucketUnknown) {
  PageCall call = page_call("k");
  call.query.bucket = "never";
  const CallId id = client.start(call);
  EXPECT_FALSE(client.completed(id));
  client.greet(map);
  EXPECT_EQ(client.error(id).code, ErrorCode::unknown_bucket);
}

TEST_F(ClientRequestTest, RetriesWhereTheWorkerDoesNotKnowABucketOfTheMap) {
  const CallId id = client.start(page_call("k"));
  client.refuse(client.take(MessageKind::page), ErrorCode::unknown_bucket);
  client.pass(milliseconds(10));
  client.answer(client.take(MessageKind::page), MessageKind::page_reply, Page{});
  EXPECT_TRUE(client.completion(id).reply);
}

TEST_F(ClientRequestTest, FetchesTheMapAfterAReadReachedTheWrongWorker) {
  KeysCall call;
  call.worker = WorkerId{1};
  call.query.bucket = "default";
  const CallId id = client.start(call);
  client.refuse(client.take(MessageKind::keys), ErrorCode::wrong_worker);
  client.pass(milliseconds(50));
  EXPECT_EQ(client.sent(MessageKind::keys), 0U);
  schema::ClusterMap moved = map_of(2, 2);
  for (schema::Replicas& replicas : moved.placement) replicas = {WorkerId{2}};
  client.greet(moved);
  EXPECT_EQ(client.reply<KeysPage>(id), KeysPage{});
}

TEST_F(ClientRequestTest, CancelsAReadWhetherOrNotItWasSent) {
  const CallId id = client.start(page_call("k"));
  client.cancel(id);
  EXPECT_EQ(client.error(id).code, ErrorCode::cancelled);
  client.answer(client.take(MessageKind::page), MessageKind::page_reply, Page{});
  EXPECT_EQ(client.next_tick(), Instant::never());
}

}  // namespace
}  // namespace kipu::client

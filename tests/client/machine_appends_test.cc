// How the client machine batches appends, takes answers and tries again.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "tests/client/machine_harness.h"

namespace kipu::client {
namespace {

using schema::MessageKind;
using Keys = std::vector<std::string>;

class ClientAppendTest : public testing::Test {
 protected:
  // One worker, so that all keys go the same way, and its map.
  void SetUp() override { client.greet(map_of(1)); }

  static Config config() {
    Config config;
    config.batch_entries = 4;
    config.batches_in_flight = 2;
    return config;
  }

  Harness client{config()};
};

// Of what is there already, another attempt may have stored it, unless that was refused.
TEST_F(ClientAppendTest, SaysWhatWasThereAsFarAsNoOtherAttemptMayHaveStoredIt) {
  enum class First { none, refused, silent };
  const auto was_there = [](First first, bool is_there) {
    Harness fresh{config()};
    fresh.greet(map_of(1));
    AppendCall call{"default", "k", EntryKind::append, Values{"v"}, {}, Level::bucket_default};
    call.tell_present = true;
    const CallId id = fresh.start(call, seconds(60));
    auto attempt = fresh.take_append();
    if (first == First::refused) fresh.refuse(attempt.outgoing, ErrorCode::overloaded);
    if (first != First::none) {
      fresh.pass(first == First::refused ? Duration(milliseconds(10)) : Duration(seconds(2)));
      if (first == First::silent) fresh.greet(map_of(1));  // it asks whether the broker is there
      attempt = fresh.take_append();
    }
    schema::AppendReply reply{1, {}, std::vector<std::uint32_t>{}};
    if (is_there) reply.present->push_back(0);
    fresh.answer(attempt.outgoing, MessageKind::append_reply, reply);
    return fresh.reply<Appended>(id).was_there;
  };
  for (const First first : {First::none, First::refused, First::silent}) {
    EXPECT_EQ(was_there(first, false), false);
  }
  EXPECT_EQ(was_there(First::none, true), true);
  EXPECT_EQ(was_there(First::refused, true), true);
  EXPECT_EQ(was_there(First::silent, true), std::nullopt);
}

TEST_F(ClientAppendTest, RefusesAtOnceAStampThatNoWorkerTakesInTime) {
  const Stamp far{StampTime::at(client.now().wall + std::chrono::hours(48)), 1};
  const CallId id = client.start(
      AppendCall{"default", "k", EntryKind::append, Values{"v"}, far, Level::bucket_default});
  EXPECT_EQ(client.error(id).code, ErrorCode::clock_skew);
  EXPECT_TRUE(client.take_all().empty());
}

TEST_F(ClientAppendTest, StampsEntriesInTheOrderOfTheirCalls) {
  client.append("a");
  const auto first = client.take_append();
  for (const char* key : {"b", "c", "d", "e"}) client.append(key);
  const auto second = client.take_append();
  EXPECT_EQ(Harness::keys_of(second), (Keys{"b", "c", "d", "e"}));
  Stamp before = first.request.entries[0].stamp;
  for (const Entry& entry : second.request.entries) {
    EXPECT_TRUE(validate(entry));
    EXPECT_LT(before, entry.stamp);
    EXPECT_EQ(before.writer, entry.stamp.writer);
    before = entry.stamp;
  }
}

TEST_F(ClientAppendTest, StampsByTheWallClockAgainOnceThatWasSetRight) {
  const auto stamp_of_next = [&](bool is_taken) {
    client.append("k", "v", milliseconds(1));
    const auto batch = client.take_append();
    if (is_taken) {
      client.acknowledge(batch.outgoing);
    } else {
      client.refuse(batch.outgoing, ErrorCode::clock_skew);
      client.pass(milliseconds(2));
    }
    return batch.request.entries[0].stamp;
  };
  const Stamp before = stamp_of_next(true);
  client.shift_wall(std::chrono::hours(1));
  EXPECT_GE(stamp_of_next(false).time.wall(), client.now().wall - milliseconds(2));
  client.shift_wall(-std::chrono::hours(1));
  const Stamp after = stamp_of_next(true);
  EXPECT_EQ(after.time, StampTime::at(client.now().wall));
  EXPECT_GT(after.time, before.time);
  // Not so where workers took what lies ahead: their clocks were right, and this one was.
  client.shift_wall(-std::chrono::hours(1));
  EXPECT_GT(stamp_of_next(true).time, after.time);
}

TEST_F(ClientAppendTest, SendsTheFirstAtOnceAndTheRestWhenTheyHaveLingered) {
  client.append("a");
  EXPECT_EQ(Harness::keys_of(client.take_append()), Keys{"a"});
  client.append("b");
  client.append("c");
  EXPECT_EQ(client.sent(MessageKind::append), 0U);
  client.pass(milliseconds(1));
  EXPECT_EQ(Harness::keys_of(client.take_append()), (Keys{"b", "c"}));
}

TEST_F(ClientAppendTest, SendsWhatGatheredOnceNothingIsInFlight) {
  client.append("a");
  client.append("b");
  client.acknowledge(client.take_append().outgoing);
  EXPECT_EQ(Harness::keys_of(client.take_append()), Keys{"b"});
}

TEST_F(ClientAppendTest, KeepsBatchesWithinTheirBytes) {
  client.append("a");
  client.take_append();
  const std::string large(10'000, 'x');
  Config config;
  config.batch_bytes = 25'000;
  Harness other(config);
  other.greet(map_of(1));
  other.append("a");
  other.take_append();
  for (int i = 0; i < 3; ++i) other.append("k", large);
  EXPECT_EQ(other.take_append().request.entries.size(), 2U);
}

TEST_F(ClientAppendTest, HasNoMoreBatchesInFlightThanItMay) {
  for (int i = 0; i < 20; ++i) client.append("k");
  EXPECT_EQ(client.sent(MessageKind::append), 2U);
  client.pass(milliseconds(100));
  client.flush();
  EXPECT_EQ(client.sent(MessageKind::append), 2U);
  client.acknowledge(client.take_append().outgoing);
  EXPECT_EQ(client.sent(MessageKind::append), 2U);
}

TEST_F(ClientAppendTest, FlushSendsWhatLingers) {
  client.append("a");
  client.take_append();
  client.append("b");
  EXPECT_EQ(client.sent(MessageKind::append), 0U);
  client.flush();
  EXPECT_EQ(Harness::keys_of(client.take_append()), Keys{"b"});
}

TEST_F(ClientAppendTest, GroupsEntriesByTheWorkerThatCoordinatesThem) {
  Harness three;
  const schema::ClusterMap map = map_of(3);
  three.greet(map);
  for (int i = 0; i < 100; ++i) three.append("key" + std::to_string(i));
  three.pass(milliseconds(1));
  std::size_t entries = 0;
  while (three.sent(MessageKind::append) > 0) {
    const auto batch = three.take_append();
    const auto worker = std::get<WorkerId>(batch.outgoing.message.envelope.destination);
    for (const Entry& entry : batch.request.entries) {
      EXPECT_EQ(cluster::coordinator_of(map, cluster::partition_of("default", entry.key, 16)),
                worker);
    }
    entries += batch.request.entries.size();
    EXPECT_EQ(batch.request.map, map.version);
    three.acknowledge(batch.outgoing);
  }
  EXPECT_EQ(entries, 100U);
}

TEST_F(ClientAppendTest, CompletesWithStampAndHolders) {
  const CallId id = client.append("k");
  const auto batch = client.take_append();
  EXPECT_EQ(batch.outgoing.message.envelope.remaining, seconds(1));
  EXPECT_TRUE(batch.outgoing.message.envelope.expects_reply);
  client.acknowledge(batch.outgoing);
  EXPECT_EQ(client.reply<Appended>(id).stamp, batch.request.entries[0].stamp);
  EXPECT_EQ(client.reply<Appended>(id).holders, 1U);
  EXPECT_EQ(client.completion(id).stamp, batch.request.entries[0].stamp);
  EXPECT_EQ(client.next_tick(), Instant::never());
}

TEST_F(ClientAppendTest, EndsWhatIsRefusedForGoodAndRetriesTheRestUnderTheSameStamp) {
  client.append("first");
  const auto first = client.take_append();
  const CallId good = client.append("good");
  const CallId late = client.append("late");
  const CallId bad = client.append("bad");
  client.pass(milliseconds(1));
  const auto batch = client.take_append();
  client.acknowledge(batch.outgoing, {{1, {ErrorCode::clock_skew, "too far ahead"}},
                                      {2, {ErrorCode::wrong_mode, "worm"}}});
  EXPECT_TRUE(client.completion(good).reply);
  EXPECT_EQ(client.error(bad), (Error{ErrorCode::wrong_mode, "worm"}));
  EXPECT_EQ(client.completion(bad).stamp, batch.request.entries[2].stamp);
  EXPECT_FALSE(client.completed(late));
  client.acknowledge(first.outgoing);
  client.pass(milliseconds(10));
  const auto again = client.take_append();
  ASSERT_EQ(again.request.entries.size(), 1U);
  EXPECT_EQ(again.request.entries[0], batch.request.entries[1]);
  client.acknowledge(again.outgoing);
  EXPECT_TRUE(client.completion(late).reply);
}

TEST_F(ClientAppendTest, SendsAnUnansweredBatchAgainWithTwiceTheTime) {
  const CallId id = client.append("k", "v", seconds(60));
  const auto first = client.take_append();
  client.pass(seconds(1));
  client.greet(map_of(1));  // it asks whether the broker is there
  const auto second = client.take_append();
  EXPECT_EQ(second.request, first.request);
  EXPECT_EQ(second.outgoing.message.envelope.remaining, seconds(2));
  EXPECT_NE(second.outgoing.message.envelope.request_id,
            first.outgoing.message.envelope.request_id);
  client.pass(seconds(2));
  EXPECT_EQ(client.take_append().outgoing.message.envelope.remaining, seconds(4));
  EXPECT_FALSE(client.completed(id));
}

TEST_F(ClientAppendTest, TakesTheAnswerToAnEarlierAttempt) {
  const CallId id = client.append("k");
  const auto first = client.take_append();
  client.pass(milliseconds(1500));
  EXPECT_EQ(client.sent(MessageKind::append), 1U);
  client.acknowledge(first.outgoing);
  EXPECT_TRUE(client.completion(id).reply);
  client.acknowledge(client.take_append().outgoing);  // the second answer finds nobody
  client.append("next");
  EXPECT_EQ(Harness::keys_of(client.take_append()), Keys{"next"});
}

TEST_F(ClientAppendTest, IsUnknownWhenTheDeadlineFindsItUnanswered) {
  const CallId id = client.append("k");
  const auto batch = client.take_append();
  client.pass(seconds(5));
  EXPECT_EQ(client.completed_after(id), seconds(5));
  EXPECT_EQ(client.error(id).code, ErrorCode::outcome_unknown);
  EXPECT_EQ(client.completion(id).stamp, batch.request.entries[0].stamp);
}

TEST_F(ClientAppendTest, IsUnknownWhenARefusalFollowsAnUnansweredAttempt) {
  const CallId id = client.append("k");
  client.take_append();
  client.pass(milliseconds(1001));
  client.greet(map_of(1));
  client.refuse(client.take_append().outgoing, ErrorCode::too_large, "far too large");
  EXPECT_EQ(client.error(id).code, ErrorCode::outcome_unknown);
  EXPECT_NE(client.error(id).message.find("far too large"), std::string::npos);
}

TEST_F(ClientAppendTest, IsUnknownWhenARefusalFollowsAnUnknownOutcome) {
  const CallId id = client.append("k");
  client.refuse(client.take_append().outgoing, ErrorCode::outcome_unknown, "the worker went away");
  client.pass(milliseconds(10));
  client.acknowledge(client.take_append().outgoing, {{0, {ErrorCode::bad_digest, "bad digest"}}});
  EXPECT_EQ(client.error(id).code, ErrorCode::outcome_unknown);
  EXPECT_NE(client.error(id).message.find("the worker went away"), std::string::npos);
  EXPECT_NE(client.error(id).message.find("bad digest"), std::string::npos);
}

TEST_F(ClientAppendTest, IsRefusedOnceTheUnansweredAttemptTurnsOutToBeRefusedToo) {
  const CallId id = client.append("k");
  const auto first = client.take_append();
  client.pass(milliseconds(1001));
  client.greet(map_of(1));
  const auto second = client.take_append();
  client.refuse(first.outgoing, ErrorCode::read_only, "full");  // late, and definite
  EXPECT_FALSE(client.completed(id));
  client.refuse(second.outgoing, ErrorCode::io_error, "broken");
  EXPECT_EQ(client.error(id), (Error{ErrorCode::io_error, "broken"}));
}

TEST_F(ClientAppendTest, ReportsTheLastRefusalAtTheDeadline) {
  for (const ErrorCode code : {ErrorCode::unavailable, ErrorCode::overloaded, ErrorCode::clock_skew,
                               ErrorCode::read_only, ErrorCode::wrong_worker}) {
    const CallId id = client.append("k", "v", milliseconds(300));
    for (int i = 0; i < 300; ++i) {
      while (client.sent(MessageKind::append) > 0) {
        client.refuse(client.take_append().outgoing, code, "the worker's words");
      }
      while (client.sent(MessageKind::client_hello) > 0) client.greet(map_of(1));
      client.pass(milliseconds(1));
    }
    const bool is_ours = code == ErrorCode::wrong_worker;
    EXPECT_EQ(client.error(id).code, is_ours ? ErrorCode::deadline_exceeded : code);
    EXPECT_NE(client.error(id).message.find("the worker's words"), std::string::npos);
  }
}

TEST_F(ClientAppendTest, BacksOffLongerWithEachRefusal) {
  client.append("k", "v", seconds(60));
  std::vector<Duration> pauses;
  for (int i = 0; i < 12; ++i) {
    client.refuse(client.take_append().outgoing, ErrorCode::unavailable);
    const Instant before = client.now().instant;
    while (client.sent(MessageKind::append) == 0) client.pass(std::chrono::microseconds(100));
    pauses.push_back(client.now().instant - before);
  }
  EXPECT_LE(pauses[0], milliseconds(6));
  EXPECT_GE(pauses[4], milliseconds(39));
  for (const Duration pause : pauses) EXPECT_LE(pause, milliseconds(501));
  EXPECT_GE(pauses.back(), milliseconds(249));
}

TEST_F(ClientAppendTest, FetchesTheMapBeforeItRegroupsWhatReachedTheWrongWorker) {
  const CallId id = client.append("k");
  const auto first = client.take_append();
  client.acknowledge(first.outgoing, {{0, {ErrorCode::wrong_worker, "not mine"}}});
  client.pass(milliseconds(50));
  EXPECT_EQ(client.sent(MessageKind::append), 0U);
  schema::ClusterMap moved = map_of(2, 2);
  for (schema::Replicas& replicas : moved.placement) replicas = {WorkerId{2}};
  client.greet(moved);
  const auto again = client.take_append();
  EXPECT_EQ(again.outgoing.message.envelope.destination, schema::Destination(WorkerId{2}));
  EXPECT_EQ(again.request.map, moved.version);
  EXPECT_EQ(again.request.entries, first.request.entries);
  client.acknowledge(again.outgoing);
  EXPECT_TRUE(client.completion(id).reply);
}

TEST_F(ClientAppendTest, MovesWhatIsQueuedToTheWorkerOfTheNewMap) {
  for (int i = 0; i < 20; ++i) client.append("k" + std::to_string(i));
  client.take_all();
  client.start(MapCall{});
  schema::ClusterMap moved = map_of(2, 2);
  for (schema::Replicas& replicas : moved.placement) replicas = {WorkerId{2}};
  client.greet(moved);
  const auto batch = client.take_append();
  EXPECT_EQ(batch.outgoing.message.envelope.destination, schema::Destination(WorkerId{2}));
  EXPECT_EQ(Harness::keys_of(batch), (Keys{"k5", "k6", "k7", "k8"}));
}

TEST_F(ClientAppendTest, RegroupsAnUnansweredBatchUnderANewMapAndStillTakesItsAnswer) {
  const CallId id = client.append("k");
  const auto first = client.take_append();
  client.start(MapCall{});
  client.greet(map_of(1, 2));
  client.pass(seconds(1));
  const auto second = client.take_append();
  EXPECT_EQ(second.request.map.epoch, 2U);
  client.acknowledge(first.outgoing);
  EXPECT_TRUE(client.completion(id).reply);
}

TEST_F(ClientAppendTest, LeavesOutWhatHasCompletedWhenItSendsABatchAgain) {
  client.append("x");
  client.acknowledge(client.take_append().outgoing);
  client.append("x");
  const auto held = client.take_append();
  const CallId brief = client.append("brief", "v", milliseconds(500));
  const CallId lasting = client.append("lasting");
  client.pass(milliseconds(1));
  const auto first = client.take_append();
  ASSERT_EQ(first.request.entries.size(), 2U);
  client.pass(milliseconds(1100));
  EXPECT_EQ(client.error(brief).code, ErrorCode::outcome_unknown);
  client.greet(map_of(1));
  client.take_append();
  const auto second = client.take_append();
  EXPECT_EQ(Harness::keys_of(second), Keys{"lasting"});
  client.acknowledge(first.outgoing);  // whose order is the old one
  EXPECT_TRUE(client.completion(lasting).reply);
}

TEST_F(ClientAppendTest, AsksOnceForTheMapBeforeItCallsABucketUnknown) {
  AppendCall call{"new", "k", EntryKind::append, Values{"v"}, std::nullopt, Level::bucket_default};
  const CallId late = client.start(call);
  Bucket bucket;
  bucket.name = "new";
  client.greet(map_of(1, 2, {bucket}));
  client.acknowledge(client.take_append().outgoing);
  EXPECT_TRUE(client.completion(late).reply);
  call.bucket = "never";
  const CallId never = client.start(call);
  client.greet(map_of(1, 2, {bucket}));
  EXPECT_EQ(client.error(never).code, ErrorCode::unknown_bucket);
}

TEST_F(ClientAppendTest, RetriesWhereTheWorkerDoesNotKnowABucketOfTheMap) {
  const CallId id = client.append("k");
  client.refuse(client.take_append().outgoing, ErrorCode::unknown_bucket);
  EXPECT_FALSE(client.completed(id));
  client.pass(milliseconds(10));
  client.acknowledge(client.take_append().outgoing);
  EXPECT_TRUE(client.completion(id).reply);
}

TEST_F(ClientAppendTest, RefusesWhatNoWorkerWouldTake) {
  Bucket registers;
  registers.name = "registers";
  registers.mode = BucketMode::wmrm;
  client.start(MapCall{});
  client.greet(map_of(1, 2, {registers}));
  const auto outcome = [&](const char* bucket, std::string key, EntryKind kind, Values values) {
    return client
        .error(client.start(AppendCall{bucket, std::move(key), kind, std::move(values),
                                       std::nullopt, Level::bucket_default}))
        .code;
  };
  EXPECT_EQ(outcome("default", "k", EntryKind::put, {"v"}), ErrorCode::wrong_mode);
  EXPECT_EQ(outcome("default", "k", EntryKind::remove, {}), ErrorCode::wrong_mode);
  EXPECT_EQ(outcome("registers", "k", EntryKind::append, {"v"}), ErrorCode::wrong_mode);
  EXPECT_EQ(outcome("default", "k", EntryKind::append, {std::string(10 * 1024, 'x')}),
            ErrorCode::too_large);
  EXPECT_EQ(outcome("default", "", EntryKind::append, {"v"}), ErrorCode::empty_key);
  EXPECT_EQ(outcome("default", "k", EntryKind::append, {}), ErrorCode::invalid_argument);
  EXPECT_EQ(outcome("no bucket", "k", EntryKind::append, {"v"}), ErrorCode::invalid_argument);
  EXPECT_TRUE(client.take_all().empty());
  EXPECT_EQ(client.next_tick(), Instant::never());
}

TEST_F(ClientAppendTest, SendsLevelNoneOnceAndIsDone) {
  AppendCall call{"default", "k", EntryKind::append, Values{"v"}, std::nullopt, Level::none};
  const CallId id = client.start(call);
  EXPECT_EQ(client.reply<Appended>(id).holders, 0U);
  const auto batch = client.take_append();
  EXPECT_FALSE(batch.outgoing.message.envelope.expects_reply);
  EXPECT_EQ(batch.request.level, Level::none);
  for (int i = 0; i < 3; ++i) client.start(call);
  client.pass(milliseconds(1));
  EXPECT_EQ(client.take_append().request.entries.size(), 3U);
  EXPECT_EQ(client.next_tick(), Instant::never());
}

TEST_F(ClientAppendTest, KeepsLevelsInBatchesOfTheirOwn) {
  client.append("a");
  client.take_append();
  for (const Level level : {Level::one, Level::all, Level::one}) {
    client.start(AppendCall{"default", "k", EntryKind::append, Values{"v"}, std::nullopt, level});
  }
  client.pass(milliseconds(1));
  const auto batch = client.take_append();
  EXPECT_EQ(batch.request.level, Level::one);
  EXPECT_EQ(batch.request.entries.size(), 2U);
}

TEST_F(ClientAppendTest, CountsWhatCouldNotBeSentAsNotDone) {
  const CallId id = client.append("k", "v", milliseconds(100));
  for (int i = 0; i < 100; ++i) {
    while (client.sent(MessageKind::append) > 0)
      client.undeliverable(client.take_append().outgoing);
    client.start(PingCall{});
    client.answer_empty(client.take(MessageKind::ping), MessageKind::pong);
    client.pass(milliseconds(1));
  }
  EXPECT_EQ(client.error(id).code, ErrorCode::overloaded);
}

TEST_F(ClientAppendTest, CancelsWhatWasNotSentAndDoubtsWhatWas) {
  const CallId sent = client.append("a");
  const CallId queued = client.append("b");
  client.cancel(queued);
  client.cancel(sent);
  client.cancel(queued);  // completed: nothing to cancel
  EXPECT_EQ(client.error(sent).code, ErrorCode::outcome_unknown);
  EXPECT_EQ(client.error(queued).code, ErrorCode::cancelled);
  EXPECT_EQ(client.next_tick(), Instant::never());
  client.acknowledge(client.take_append().outgoing);
}

TEST_F(ClientAppendTest, RefusesACallWhoseDeadlineHasPassed) {
  EXPECT_EQ(client.error(client.append("k", "v", Duration::zero())).code,
            ErrorCode::deadline_exceeded);
  EXPECT_TRUE(client.take_all().empty());
}

TEST_F(ClientAppendTest, KeepsTheStampThatItIsGivenAndWritesAfterIt) {
  AppendCall call{"default", "k", EntryKind::append, Values{"v"}, std::nullopt, Level::one};
  const Stamp ahead{StampTime::at(client.now().wall + seconds(5)), 77};
  call.stamp = ahead;
  client.start(call);
  EXPECT_EQ(client.take_append().request.entries[0].stamp, ahead);
  call.stamp.reset();
  client.start(call);
  client.pass(milliseconds(1));
  EXPECT_GT(client.take_append().request.entries[0].stamp.time, ahead.time);
}

TEST_F(ClientAppendTest, DoubtsAnAnswerThatItCannotRead) {
  const CallId id = client.append("k", "v", milliseconds(500));
  const auto batch = client.take_append();
  client.acknowledge(batch.outgoing, {{9, {ErrorCode::too_large, "no such entry"}}});
  EXPECT_FALSE(client.completed(id));
  client.pass(milliseconds(500));
  EXPECT_EQ(client.error(id).code, ErrorCode::outcome_unknown);
}

}  // namespace
}  // namespace kipu::client

// Appends at a worker: checks, group commit, acknowledgements.
#include "tests/worker/machine_harness.h"

namespace kipu::worker::test {
namespace {

using WorkerAppendTest = MachineTest;

TEST_F(WorkerAppendTest, AcknowledgesOnlyOnceTheCommitIsDone) {
  serve();
  append(7, {append_of(key_of(true))});
  EXPECT_TRUE(sent().empty());
  const auto commit_of_it = commit();
  ASSERT_TRUE(commit_of_it.has_value());
  ASSERT_EQ(commit_of_it->change.entries.size(), 1U);
  EXPECT_EQ(commit_of_it->change.entries[0].entry, append_of(key_of(true)));
  EXPECT_EQ(commit_of_it->change.entries[0].partition,
            cluster::partition_of("default", key_of(true), 8));
  pass(milliseconds(10));
  tick();
  for (const auto& message : sent()) EXPECT_NE(message.envelope.kind, MessageKind::append_reply);

  finish(*commit_of_it);
  const auto reply = only<schema::AppendReply>(MessageKind::append_reply);
  EXPECT_EQ(last_id(), 7U);
  EXPECT_EQ(reply.holders, 1U);
  EXPECT_TRUE(reply.refusals.empty());
}

TEST_F(WorkerAppendTest, TellsWhichEntriesWereThereWhereItIsAsked) {
  serve();
  const auto ask = [this](std::uint64_t id, std::vector<Entry> entries, bool tell) {
    receive(MessageKind::append, id,
            schema::AppendRequest{{}, Level::bucket_default, std::move(entries), tell});
  };
  append(1, {append_of(key_of(true, 0))});  // begins a commit, and the rest waits for the next
  const auto first = commit();
  ask(2, {append_of(key_of(true, 1))}, false);
  ask(3, {append_of(key_of(false, 2)), append_of(key_of(true, 3)), append_of(key_of(true, 4))},
      true);
  ask(4, {append_of(key_of(true, 5))}, true);
  finish(*first);
  only<schema::AppendReply>(MessageKind::append_reply);
  const auto second = commit();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->change.asked, (std::vector<std::uint32_t>{1, 2, 3}));
  storage::Merged merged;
  merged.present = {2};
  finish(*second, merged);
  std::map<std::uint64_t, std::optional<std::vector<std::uint32_t>>> told;
  for (const auto& message : sent()) {
    const auto reply = schema::decode<schema::AppendReply>(message.body.view());
    ASSERT_TRUE(reply);
    told[message.envelope.request_id] = reply->present;
  }
  EXPECT_EQ(told[2], std::nullopt);
  EXPECT_EQ(told[3], (std::vector<std::uint32_t>{2}));  // the first of the three was refused
  EXPECT_EQ(told[4], std::vector<std::uint32_t>());
}

TEST_F(WorkerAppendTest, CommitsInGroupsOneAtATime) {
  serve();
  append(1, {append_of(key_of(true, 0))});
  const auto first = commit();
  ASSERT_TRUE(first.has_value());
  append(2, {append_of(key_of(true, 1))});
  append(3, {append_of(key_of(true, 2))});
  EXPECT_FALSE(effects_.commit.has_value());
  finish(*first);
  only<schema::AppendReply>(MessageKind::append_reply);
  EXPECT_EQ(last_id(), 1U);
  const auto second = commit();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->change.entries.size(), 2U);
  finish(*second);
  EXPECT_EQ(sent().size(), 2U);
  EXPECT_FALSE(effects_.commit.has_value());
}

TEST_F(WorkerAppendTest, BoundsACommitButNeverSplitsARequest) {
  config_.max_commit_bytes = 1;
  serve();
  append(1, {append_of(key_of(true, 0))});
  append(2, {append_of(key_of(true, 1)), append_of(key_of(true, 2))});
  append(3, {append_of(key_of(true, 3))});
  finish(*commit());
  const auto second = commit();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->change.entries.size(), 2U);
  finish(*second);
  EXPECT_EQ(commit()->change.entries.size(), 1U);
}

TEST_F(WorkerAppendTest, RefusesByIndexAndStoresTheRest) {
  serve();
  Entry altered = append_of(key_of(true, 1));
  altered.values = Values{"another"};
  append(1,
         {append_of(key_of(true)), altered, append_of(key_of(false)), append_of(key_of(true, 2))});
  const auto both = commit();
  ASSERT_TRUE(both.has_value());
  EXPECT_EQ(both->change.entries.size(), 2U);
  finish(*both);
  const auto reply = only<schema::AppendReply>(MessageKind::append_reply);
  ASSERT_EQ(reply.refusals.size(), 2U);
  EXPECT_EQ(reply.refusals[0].index, 1U);
  EXPECT_EQ(reply.refusals[0].error.code, ErrorCode::bad_digest);
  EXPECT_EQ(reply.refusals[1].index, 2U);
  EXPECT_EQ(reply.refusals[1].error.code, ErrorCode::wrong_worker);
}

TEST_F(WorkerAppendTest, RefusesWhatTheBucketDoesNotTake) {
  serve();
  const std::string key = key_of(true);
  const Stamp stamp = stamp_at(kStartWall);
  EXPECT_EQ(refusal_of(make_entry("nowhere", key, stamp, EntryKind::append, Values{"v"})),
            ErrorCode::unknown_bucket);
  EXPECT_EQ(refusal_of(make_entry("default", key, stamp, EntryKind::put, Values{"v"})),
            ErrorCode::wrong_mode);
  EXPECT_EQ(refusal_of(make_entry("default", key, stamp, EntryKind::remove, {})),
            ErrorCode::wrong_mode);
  EXPECT_EQ(refusal_of(make_entry("state", key, stamp, EntryKind::append, Values{"v"})),
            ErrorCode::wrong_mode);
  EXPECT_EQ(
      refusal_of(make_entry("small", key, stamp, EntryKind::append, Values{"seventeen bytes!"})),
      ErrorCode::too_large);
}

TEST_F(WorkerAppendTest, TakesPutsAndRemovalsWhereTheBucketDoes) {
  serve();
  const std::string key = key_of(true, 0, "state");
  const Stamp stamp = stamp_at(kStartWall);
  append(1, {make_entry("state", key, stamp, EntryKind::put, Values{"v"}),
             make_entry("state", key, stamp, EntryKind::remove, {})});
  EXPECT_EQ(commit()->change.entries.size(), 2U);
}

TEST_F(WorkerAppendTest, RefusesAStampFromTheFuture) {
  serve();
  const auto at = [&](Duration ahead) {
    return make_entry("default", key_of(true),
                      stamp_at(kStartWall + std::chrono::floor<milliseconds>(ahead)),
                      EntryKind::append, Values{"v"});
  };
  EXPECT_EQ(refusal_of(at(limits::kMaxClockSkew + milliseconds(1))), ErrorCode::clock_skew);
  append(1, {at(limits::kMaxClockSkew)});
  EXPECT_TRUE(effects_.commit.has_value());
}

TEST_F(WorkerAppendTest, RefusesWhatDoesNotDecode) {
  serve();
  schema::Envelope envelope;
  envelope.kind = MessageKind::append;
  envelope.request_id = 4;
  envelope.remaining = seconds(1);
  machine().on_message(now_, {envelope, Buffer(std::string("garbage"))}, effects_);
  EXPECT_EQ(only_error(), ErrorCode::malformed);
  EXPECT_EQ(last_id(), 4U);
}

TEST_F(WorkerAppendTest, RefusesARequestWithoutTimeLeft) {
  serve();
  append(1, {append_of(key_of(true))}, 1, Duration::zero());
  EXPECT_EQ(only_error(), ErrorCode::deadline_exceeded);
  EXPECT_FALSE(effects_.commit.has_value());
}

TEST_F(WorkerAppendTest, NeverStoresWhatRanOutOfTimeWhileItWaited) {
  serve();
  append(1, {append_of(key_of(true, 0))});
  append(2, {append_of(key_of(true, 1))}, 1, milliseconds(100));
  append(3, {append_of(key_of(true, 2))});
  pass(milliseconds(100));
  finish(*commit());
  const auto messages = sent();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[1].envelope.request_id, 2U);
  EXPECT_EQ(schema::decode<schema::ErrorReply>(messages[1].body.view())->error.code,
            ErrorCode::deadline_exceeded);
  const auto next = commit();
  ASSERT_EQ(next->change.entries.size(), 1U);
  EXPECT_EQ(next->change.entries[0].entry.key, key_of(true, 2));
}

TEST_F(WorkerAppendTest, AcknowledgesWhatRanOutOfTimeWhileItWasCommitted) {
  serve();
  append(1, {append_of(key_of(true))}, 1, milliseconds(100));
  pass(milliseconds(200));
  finish(*commit());
  only<schema::AppendReply>(MessageKind::append_reply);
}

TEST_F(WorkerAppendTest, AnswersNothingAfterAFailedCommit) {
  serve();
  append(1, {append_of(key_of(true, 0))});
  append(2, {append_of(key_of(true, 1))});
  finish(*commit(), Status(fail(ErrorCode::io_error, "no space left")));
  ASSERT_TRUE(effects_.stop.has_value());
  EXPECT_EQ(effects_.stop->code, ErrorCode::io_error);
  EXPECT_THAT(effects_.stop->message, ::testing::HasSubstr("no space left"));
  EXPECT_TRUE(effects_.to_broker.empty());
  EXPECT_FALSE(effects_.commit.has_value());
  append(3, {append_of(key_of(true, 2))});
  pass(seconds(5));
  tick();
  EXPECT_TRUE(effects_.to_broker.empty());
  EXPECT_FALSE(effects_.commit.has_value());
}

TEST_F(WorkerAppendTest, BoundsWhatWaitsForTheDisk) {
  config_.max_pending_bytes = 2000;
  serve();
  std::uint64_t taken = 0;
  while (sent().empty()) append(++taken, {append_of(key_of(true), std::string(500, 'x'))});
  EXPECT_GE(taken, 3U);
  EXPECT_LE(taken, 5U);
  append(99, {append_of(key_of(true), std::string(500, 'x'))});
  EXPECT_EQ(only_error(), ErrorCode::overloaded);
  // There is room again once the disk has caught up.
  finish(*commit());
  finish(*commit());
  sent();
  append(100, {append_of(key_of(true), std::string(500, 'x'))});
  EXPECT_TRUE(sent().empty());
}

TEST_F(WorkerAppendTest, TakesARequestLargerThanTheBoundWhenNothingWaits) {
  config_.max_pending_bytes = 10;
  serve();
  append(1, {append_of(key_of(true))});
  EXPECT_TRUE(effects_.commit.has_value());
}

TEST_F(WorkerAppendTest, AnswersNothingWhenNoAnswerIsExpected) {
  serve();
  append(1, {append_of(key_of(true))}, 1, seconds(1), false);
  append(2, {append_of(key_of(false))}, 1, seconds(1), false);
  append(3, {append_of(key_of(true))}, 1, Duration::zero(), false);
  finish(*commit());
  EXPECT_TRUE(sent().empty());
}

TEST_F(WorkerAppendTest, HoldsWhatWasSentUnderANewerMapUntilThatIsInForce) {
  serve(1);
  append(1, {append_of(key_of(true))}, 2);
  EXPECT_TRUE(sent().empty());
  EXPECT_FALSE(effects_.commit.has_value());
  put_in_force(2);
  ASSERT_TRUE(effects_.commit.has_value());
  EXPECT_EQ(commit()->change.entries.size(), 1U);
}

TEST_F(WorkerAppendTest, RefusesWhatItHeldInVain) {
  serve(1);
  append(1, {append_of(key_of(true))}, 2, milliseconds(100));
  pass(milliseconds(250));
  tick();
  const auto messages = sent();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].envelope.kind, MessageKind::error);
  put_in_force(2);
  EXPECT_FALSE(effects_.commit.has_value());
}

TEST_F(WorkerAppendTest, HoldsNothingForLongHoweverMuchTimeItHas) {
  serve(1);
  append(1, {append_of(key_of(true))}, 2, std::chrono::hours(1));
  pass(milliseconds(1999));
  tick();
  EXPECT_FALSE(machine().idle());
  sent();
  pass(milliseconds(1));
  tick();
  EXPECT_EQ(only_error(), ErrorCode::unavailable);
  EXPECT_TRUE(machine().idle());
}

TEST_F(WorkerAppendTest, BoundsWhatItHoldsSoThatOthersAreServed) {
  config_.max_pending_bytes = 4000;
  serve(1);
  std::uint64_t held = 0;
  while (effects_.to_broker.empty()) append(++held, {append_of(key_of(true))}, 2);
  EXPECT_EQ(only_error(), ErrorCode::unavailable);
  append(99, {append_of(key_of(true))}, 1);
  EXPECT_TRUE(effects_.commit.has_value());
}

TEST_F(WorkerAppendTest, RefusesWithoutAMapInForce) {
  say_welcome();
  append(1, {append_of(key_of(true))}, 0);
  EXPECT_EQ(only_error(), ErrorCode::unavailable);
}

TEST_F(WorkerAppendTest, AcknowledgesNothingOnceItsDirectoryIsGone) {
  serve();
  append(1, {append_of(key_of(true))});
  const Commit begun = *commit();
  machine().on_stats(now_, {.is_gone = true}, effects_);
  ASSERT_TRUE(effects_.stop.has_value());
  EXPECT_EQ(effects_.stop->code, ErrorCode::io_error);
  finish(begun);
  EXPECT_TRUE(sent().empty());
}

TEST_F(WorkerAppendTest, GoesReadOnlyBeforeTheDiskIsFullAndComesBack) {
  config_.reserve_bytes = 1000;
  serve();
  const auto free = [&](std::uint64_t bytes) {
    machine().on_stats(now_, {.entries_estimate = 0, .disk_bytes = 0, .free_bytes = bytes},
                       effects_);
  };
  free(999);
  EXPECT_EQ(effects_.log.size(), 1U);
  append(1, {append_of(key_of(true))});
  EXPECT_EQ(only_error(), ErrorCode::read_only);
  free(1100);  // not yet: it would flap
  append(2, {append_of(key_of(true))});
  EXPECT_EQ(only_error(), ErrorCode::read_only);
  free(1250);
  append(3, {append_of(key_of(true))});
  EXPECT_TRUE(effects_.commit.has_value());
  EXPECT_EQ(effects_.log.size(), 2U);
}

TEST_F(WorkerAppendTest, AnswersARequestOfAnotherProtocolVersion) {
  serve();
  schema::Envelope envelope;
  envelope.version = 77;
  envelope.kind = MessageKind::append;
  envelope.remaining = seconds(1);
  machine().on_message(now_, {envelope, {}}, effects_);
  EXPECT_EQ(only_error(), ErrorCode::wrong_version);
}

TEST_F(WorkerAppendTest, AnswersARequestThatIsNotForWorkersAndDropsAnswers) {
  serve();
  receive(MessageKind::ping, 1, schema::MapStored{});
  EXPECT_EQ(only_error(), ErrorCode::unsupported);
  receive(MessageKind::append_reply, 2, schema::AppendReply{});
  EXPECT_TRUE(sent().empty());
}

TEST_F(WorkerAppendTest, FinishesWhatIsInFlightWhenItDrains) {
  serve(1);
  append(1, {append_of(key_of(true, 0))});
  append(2, {append_of(key_of(true, 1))});
  append(3, {append_of(key_of(true, 2))}, 2);
  EXPECT_FALSE(machine().idle());
  machine().drain(now_, effects_);
  EXPECT_EQ(only_error(), ErrorCode::unavailable);
  EXPECT_EQ(last_id(), 3U);
  append(4, {append_of(key_of(true, 3))});
  EXPECT_EQ(only_error(), ErrorCode::unavailable);
  finish(*commit());
  EXPECT_FALSE(machine().idle());
  finish(*commit());
  EXPECT_TRUE(machine().idle());
  EXPECT_EQ(sent().size(), 2U);
}

}  // namespace
}  // namespace kipu::worker::test

// Whatever brokers and network do, every call completes once and in time, what was acknowledged is
// stored, and what was refused is not.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/client/machine_harness.h"

namespace kipu::client {
namespace {

using schema::MessageKind;

// Brokers and workers as one model: it stores what it is told to, and answers as the dice say.
class RandomCluster {
 public:
  explicit RandomCluster(std::uint64_t seed) : dice_(seed), client_(config(dice_), seed + 1) {
    for (int epoch = 1; epoch <= 4; ++epoch) {
      maps_.push_back(map_of(static_cast<std::uint32_t>(1 + dice_.below(4)),
                             static_cast<std::uint64_t>(epoch)));
    }
  }

  struct Tally {
    std::size_t acknowledged = 0;
    std::size_t unknown = 0;
    std::size_t refused = 0;
  };

  void run(Tally& tally) {
    for (int step = 0; step < 400; ++step) {
      if (step < 250) act();
      if (dice_.one_in(100)) epoch_ = std::min(epoch_ + 1, maps_.size() - 1);
      if (dice_.one_in(60)) is_mute_ = !is_mute_;
      for (Outgoing& outgoing : client_.take_all()) receive(std::move(outgoing));
      deliver_due();
      client_.pass(dice_.between(Duration::zero(), milliseconds(20)));
    }
    client_.pass(kLongest);
    check(tally);
  }

 private:
  static constexpr Duration kLongest = seconds(3);

  static Config config(Rng& dice) {
    Config config;
    config.brokers = 1 + dice.below(2);
    config.batch_entries = static_cast<std::uint32_t>(1 + dice.below(6));
    config.batches_in_flight = static_cast<std::uint32_t>(1 + dice.below(3));
    config.attempt_timeout = dice.between(milliseconds(20), milliseconds(400));
    return config;
  }

  void act() {
    const Duration timeout = dice_.between(milliseconds(1), kLongest);
    const std::string key = "key" + std::to_string(dice_.below(50));
    const std::uint64_t kind = dice_.below(12);
    if (kind == 0) return remember(client_.start(page_call(key), timeout), timeout);
    if (kind == 1) return remember(client_.start(PingCall{}, timeout), timeout);
    if (kind == 2) return remember(client_.start(MapCall{}, timeout), timeout);
    if (kind == 3 && !calls_.empty()) {
      return client_.cancel(
          std::next(calls_.begin(), static_cast<std::ptrdiff_t>(dice_.below(calls_.size())))
              ->first);
    }
    for (std::uint64_t i = dice_.below(4); i > 0; --i) {
      const CallId id = client_.append(key, "v", timeout);
      remember(id, timeout);
      appends_.insert(id);
    }
  }

  void remember(CallId id, Duration timeout) { calls_[id] = client_.now().instant + timeout; }

  void receive(Outgoing outgoing) {
    if (dice_.one_in(40)) return client_.undeliverable(outgoing);
    if (is_mute_ || dice_.one_in(10)) return;  // lost
    if (outgoing.message.envelope.kind == MessageKind::append) return store(outgoing);
    if (dice_.one_in(6)) return later(outgoing, error(refusal()));
    schema::Envelope envelope;
    switch (outgoing.message.envelope.kind) {
      case MessageKind::client_hello:
        envelope.kind = MessageKind::map;
        return later(outgoing, schema::make_message(envelope, maps_[dice_.below(epoch_ + 1)]));
      case MessageKind::page:
        envelope.kind = MessageKind::page_reply;
        return later(outgoing, schema::make_message(envelope, Page{}));
      default:
        envelope.kind = MessageKind::pong;
        return later(outgoing, schema::Message{envelope, {}});
    }
  }

  void store(const Outgoing& outgoing) {
    const auto request = schema::decode<schema::AppendRequest>(outgoing.message.body.view());
    ASSERT_TRUE(request);
    if (dice_.one_in(6)) {
      const ErrorCode code = refusal();
      if (may_store(code)) store(request->entries);
      return later(outgoing, error(code));
    }
    schema::AppendReply reply{1, {}};
    for (std::uint32_t i = 0; i < request->entries.size(); ++i) {
      const bool is_refused = dice_.one_in(8);
      const ErrorCode code = refusal();
      if (is_refused) reply.refusals.push_back({i, {code, "refused"}});
      if (!is_refused || may_store(code)) store({request->entries[i]});
    }
    if (dice_.one_in(8)) return;  // the answer is lost
    schema::Envelope envelope;
    envelope.kind = MessageKind::append_reply;
    later(outgoing, schema::make_message(envelope, reply));
  }

  void store(const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) stored_.insert(entry.stamp);
  }

  // Who answers that the outcome is unknown may have stored it.
  bool may_store(ErrorCode code) { return code == ErrorCode::outcome_unknown && dice_.one_in(2); }

  static schema::Message error(ErrorCode code) {
    schema::Envelope envelope;
    envelope.kind = MessageKind::error;
    return schema::make_message(envelope, schema::ErrorReply{{code, "refused"}});
  }

  ErrorCode refusal() {
    constexpr std::array kCodes{ErrorCode::unavailable,  ErrorCode::overloaded,
                                ErrorCode::wrong_worker, ErrorCode::clock_skew,
                                ErrorCode::read_only,    ErrorCode::outcome_unknown,
                                ErrorCode::io_error,     ErrorCode::unknown_bucket,
                                ErrorCode::too_large,    ErrorCode::deadline_exceeded};
    return kCodes[dice_.below(kCodes.size())];
  }

  void later(const Outgoing& request, schema::Message reply) {
    reply.envelope.request_id = request.message.envelope.request_id;
    const Duration delay = dice_.one_in(5) ? dice_.between(milliseconds(0), milliseconds(900))
                                           : dice_.between(milliseconds(0), milliseconds(30));
    if (dice_.one_in(10)) {
      replies_.emplace(client_.now().instant + delay * 2,
                       Outgoing{request.broker, {reply.envelope, reply.body.copy()}});
    }
    replies_.emplace(client_.now().instant + delay, Outgoing{request.broker, std::move(reply)});
  }

  void deliver_due() {
    while (!replies_.empty() && replies_.begin()->first <= client_.now().instant) {
      auto node = replies_.extract(replies_.begin());
      client_.deliver(node.mapped().broker, std::move(node.mapped().message));
    }
  }

  void check(Tally& tally) {
    for (const auto& [id, deadline] : calls_) {
      ASSERT_TRUE(client_.completed(id));
      EXPECT_LE(client_.completed_after(id), deadline.since_start());
      if (!appends_.contains(id)) continue;
      const Completion& done = client_.completion(id);
      ASSERT_TRUE(done.stamp);
      const bool is_stored = stored_.contains(*done.stamp);
      if (done.reply) {
        ++tally.acknowledged;
        EXPECT_TRUE(is_stored) << "acknowledged";
      } else if (done.reply.error().code == ErrorCode::outcome_unknown) {
        ++tally.unknown;
      } else {
        ++tally.refused;
        EXPECT_FALSE(is_stored) << done.reply.error().message;
      }
    }
    EXPECT_LE(stored_.size(), appends_.size());
    EXPECT_EQ(client_.next_tick(), Instant::never());
    EXPECT_LT(client_.ticks(), 20'000U);
  }

  Rng dice_;
  Harness client_;
  std::vector<schema::ClusterMap> maps_;
  std::size_t epoch_ = 0;
  bool is_mute_ = false;
  std::multimap<Instant, Outgoing> replies_;
  std::map<CallId, Instant> calls_;  // with their deadlines
  std::set<CallId> appends_;
  std::set<Stamp> stored_;
};

TEST(ClientPropertyTest, CompletesEveryCallOnceInTimeAndTruthfully) {
  RandomCluster::Tally tally;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomCluster cluster(seed * 7919 + 1);
    cluster.run(tally);
    if (testing::Test::HasFailure()) return;
  }
  // The dice were not loaded: every outcome was met often.
  EXPECT_GT(tally.acknowledged, 10'000U);
  EXPECT_GT(tally.unknown, 1'000U);
  EXPECT_GT(tally.refused, 1'000U);
}

// The same seed gives the same messages: nothing hangs on addresses or the order of a hash table.
TEST(ClientPropertyTest, SendsTheSameMessagesFromTheSameSeed) {
  const auto transcript = [] {
    Harness client({}, 42);
    client.greet(map_of(3));
    std::string said;
    for (int i = 0; i < 200; ++i) {
      client.append("key" + std::to_string(i % 17), std::to_string(i));
      for (const Outgoing& outgoing : client.take_all()) {
        said += outgoing.message.body.view();
        if (i % 3 == 0) client.refuse(outgoing, ErrorCode::unavailable);
      }
      client.pass(milliseconds(5));
    }
    return said;
  };
  EXPECT_EQ(transcript(), transcript());
}

}  // namespace
}  // namespace kipu::client

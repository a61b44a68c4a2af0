// A worker whose broker talks nonsense: it drops what it must, answers what it can, and goes on.
#include <gtest/gtest.h>
#include <signal.h>
#include <zmq.hpp>

#include "base/random.h"
#include "tests/process/protocol/peer.h"
#include "tests/support/process.h"
#include "tests/support/seed.h"

namespace kipu::test {
namespace {

using schema::MessageKind;

constexpr std::uint64_t kLastId = 1'000'000;

// A broker of frames, for one worker.
class NonsenseBroker {
 public:
  NonsenseBroker() : socket_(context_, ZMQ_ROUTER) {
    socket_.set(zmq::sockopt::linger, 0);
    // A router drops what passes its high-water mark without a word; a test sends more than that
    // before the worker reads, and the last message is the one that it waits for.
    socket_.set(zmq::sockopt::sndhwm, 0);
    socket_.bind("tcp://127.0.0.1:*");
  }
  std::string endpoint() const { return socket_.get(zmq::sockopt::last_endpoint); }

  // The next message of this kind; nothing if none came in time, whatever else did.
  std::optional<schema::Message> wait_for(MessageKind kind) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) return std::nullopt;
      socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(left.count()));
      zmq::message_t id;
      zmq::message_t envelope;
      zmq::message_t body;
      if (!socket_.recv(id) || !socket_.recv(envelope) || !socket_.recv(body)) return std::nullopt;
      worker_ = id.to_string();
      auto decoded = schema::decode<schema::Envelope>(envelope.to_string_view());
      if (!decoded) return std::nullopt;
      if (decoded->kind != kind) continue;
      return schema::Message{std::move(*decoded), Buffer(body.to_string())};
    }
  }
  void send(const Frames& frames) {
    socket_.send(zmq::buffer(worker_), zmq::send_flags::sndmore);
    for (std::size_t at = 0; at < frames.size(); ++at) {
      const bool more = at + 1 < frames.size();
      socket_.send(zmq::buffer(frames[at]),
                   more ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
  std::string worker_;
};

class WorkerAbuseTest : public testing::Test {
 protected:
  WorkerAbuseTest() {
    const std::string data = (directory_ / "store").string();
    EXPECT_EQ(run({program("kipu-worker"), "init", "--data", data}).ended, (Ended{0, 0}));
    worker_ = std::make_unique<Process>(
        std::vector<std::string>{program("kipu-worker"), "--data", data, "--broker",
                                 broker_.endpoint(), "--heartbeat", "50ms"});
  }
  // It has come through all that was sent, greets its broker still, and stops when it is told to.
  void TearDown() override {
    auto last = envelope_of(MessageKind::page, kLastId);
    last.version = 2;
    broker_.send(frames_of(last));
    for (;;) {
      const auto answer = broker_.wait_for(MessageKind::error);
      ASSERT_TRUE(answer) << worker_->errors();
      if (answer->envelope.request_id == kLastId) break;
    }
    EXPECT_TRUE(broker_.wait_for(MessageKind::worker_hello));
    worker_->kill(SIGTERM);
    EXPECT_EQ(worker_->wait(), (Ended{0, 0})) << worker_->errors();
  }

  const TempDirectory directory_;
  NonsenseBroker broker_;
  std::unique_ptr<Process> worker_;
};

TEST_F(WorkerAbuseTest, SurvivesRandomFrames) {
  ASSERT_TRUE(broker_.wait_for(MessageKind::worker_hello));
  Rng rng(drawn_seed());
  for (int count = 0; count < 2000; ++count) {
    Frames frames(1 + rng.below(4));
    for (std::string& frame : frames) {
      for (std::uint64_t left = rng.below(200); left > 0; --left) {
        frame.push_back(static_cast<char>(rng.below(256)));
      }
    }
    broker_.send(frames);
  }
}

TEST_F(WorkerAbuseTest, SurvivesEveryKindWithARandomBody) {
  ASSERT_TRUE(broker_.wait_for(MessageKind::worker_hello));
  Rng rng(drawn_seed());
  for (std::uint16_t kind = 0; kind < 50; ++kind) {
    for (const std::uint16_t version : {std::uint16_t{1}, std::uint16_t{2}}) {
      auto envelope = envelope_of(static_cast<MessageKind>(kind), kind);
      envelope.version = version;
      std::string body;
      for (std::uint64_t left = rng.below(400); left > 0; --left) {
        body.push_back(static_cast<char>(rng.below(256)));
      }
      broker_.send(frames_of(envelope, body));
    }
  }
}

// It has no map yet, so nothing can be asked of it; it says so, and says who is wrong.
TEST_F(WorkerAbuseTest, AnswersRequestsThatItCannotServe) {
  ASSERT_TRUE(broker_.wait_for(MessageKind::worker_hello));
  auto envelope = envelope_of(MessageKind::append, 7);
  broker_.send(frames_of(envelope, "no body of ours"));
  auto answer = broker_.wait_for(MessageKind::error);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->envelope.request_id, 7U);
  envelope = envelope_of(MessageKind::page, 8);
  envelope.version = 2;
  broker_.send(frames_of(envelope));
  answer = broker_.wait_for(MessageKind::error);
  ASSERT_TRUE(answer);
  EXPECT_EQ(code_of(*answer), ErrorCode::wrong_version);
  EXPECT_EQ(answer->envelope.request_id, 8U);
}

}  // namespace
}  // namespace kipu::test

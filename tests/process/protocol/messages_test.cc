// Messages that are none, or of other versions, clusters and senders, to both ports of the broker.
#include "base/random.h"
#include "tests/process/protocol/abused_cluster.h"
#include "tests/schema/samples.h"
#include "tests/support/seed.h"

namespace kipu::test {
namespace {

using schema::MessageKind;
using schema::samples::sample;

constexpr std::array kReplies{
    MessageKind::error,           MessageKind::map,          MessageKind::pong,
    MessageKind::status_reply,    MessageKind::append_reply, MessageKind::page_reply,
    MessageKind::count_reply,     MessageKind::keys_reply,   MessageKind::worker_welcome,
    MessageKind::heartbeat_reply, MessageKind::map_stored};

class MessageAbuseTest : public AbusedCluster {
 protected:
  // Nothing of it is answered: neither by the frontend nor by the backend.
  static void expect_dropped(const std::vector<Frames>& messages) {
    Peer client_peer(cluster->frontend());
    Peer worker_peer(cluster->backend());
    for (const Frames& frames : messages) {
      client_peer.send(frames);
      worker_peer.send(frames);
    }
    EXPECT_EQ(answers_at_frontend(client_peer).size(), 0U);
    EXPECT_EQ(answers_at_backend(worker_peer).size(), 0U);
  }
  static ErrorCode answer_to(Peer& peer, const Frames& frames) {
    peer.send(frames);
    const auto reply = peer.receive();
    EXPECT_TRUE(reply);
    if (!reply) return ErrorCode::internal;
    const auto code = code_of(*reply);
    EXPECT_TRUE(code) << "kind " << static_cast<int>(reply->envelope.kind);
    return code.value_or(ErrorCode::internal);
  }
};

TEST_F(MessageAbuseTest, WithMoreOrFewerThanTwoFramesIsDropped) {
  const Frames ping = frames_of(envelope_of(MessageKind::ping));
  std::vector<Frames> messages{{""}, {ping[0]}, {"", ""}, {"", ping[0], ""}};
  for (const std::size_t frames : {3U, 4U, 100U, 5000U}) {
    Frames many = ping;
    many.resize(frames, "more");
    messages.push_back(many);
  }
  expect_dropped(messages);
}

TEST_F(MessageAbuseTest, WithoutAnEnvelopeIsDropped) {
  const std::string sound = bytes_of(envelope_of(MessageKind::ping));
  std::vector<Frames> messages;
  for (std::size_t size = 0; size < sound.size(); ++size) {
    messages.push_back({sound.substr(0, size), ""});
  }
  messages.push_back({sound + std::string(limits::kMaxEnvelopeBytes, '\0'), ""});
  messages.push_back({sound + "more", ""});
  Rng rng(drawn_seed());
  for (int count = 0; count < 2000; ++count) {
    std::string bytes;
    for (std::uint64_t left = rng.below(200); left > 0; --left) {
      bytes.push_back(static_cast<char>(rng.below(256)));
    }
    messages.push_back({bytes, bytes});
  }
  expect_dropped(messages);
}

TEST_F(MessageAbuseTest, OfAnUnknownKindIsDropped) {
  std::vector<Frames> messages;
  for (const int kind : {0, 9, 19, 29, 39, 47, 65535}) {
    messages.push_back(frames_of(envelope_of(static_cast<MessageKind>(kind))));
  }
  expect_dropped(messages);
}

TEST_F(MessageAbuseTest, ThatIsAReplyIsNotAnswered) {
  std::vector<Frames> messages;
  for (const MessageKind kind : kReplies) {
    for (const int version : {0, 1, 2}) {
      auto envelope = envelope_of(kind);
      envelope.version = static_cast<std::uint16_t>(version);
      messages.push_back(frames_of(envelope, "body"));
    }
  }
  expect_dropped(messages);
}

TEST_F(MessageAbuseTest, OfAnotherVersionIsRefusedWhateverItsBody) {
  for (const std::string& endpoint : {cluster->frontend(), cluster->backend()}) {
    Peer peer(endpoint);
    for (const int version : {0, 2, 65535}) {
      for (const MessageKind kind :
           {MessageKind::client_hello, MessageKind::append, MessageKind::ping,
            MessageKind::worker_hello, MessageKind::heartbeat}) {
        auto envelope = envelope_of(kind, 77, PartitionId{3});
        envelope.version = static_cast<std::uint16_t>(version);
        peer.send(frames_of(envelope, "no body of ours"));
        const auto reply = peer.receive();
        ASSERT_TRUE(reply);
        EXPECT_EQ(code_of(*reply), ErrorCode::wrong_version);
        EXPECT_EQ(reply->envelope.request_id, 77U);
        EXPECT_EQ(reply->envelope.version, schema::kProtocolVersion);
      }
    }
  }
}

TEST_F(MessageAbuseTest, WithATruncatedBodyIsMalformed) {
  Peer peer(cluster->frontend());
  for (const auto& [kind, body] : client_requests()) {
    for (std::size_t size = 0; size < body.size(); ++size) {
      ASSERT_EQ(
          answer_to(peer, frames_of(envelope_of(kind, size, PartitionId{0}), body.substr(0, size))),
          ErrorCode::malformed)
          << "kind " << static_cast<int>(kind) << " at " << size;
    }
  }
  Peer worker(cluster->backend());
  const std::vector<std::pair<MessageKind, std::string>> requests{
      {MessageKind::worker_hello, bytes_of(sample<schema::WorkerHello>())},
      {MessageKind::heartbeat, bytes_of(sample<schema::Heartbeat>())}};
  for (const auto& [kind, body] : requests) {
    for (std::size_t size = 0; size < body.size(); ++size) {
      ASSERT_EQ(answer_to(worker, frames_of(envelope_of(kind, size), body.substr(0, size))),
                ErrorCode::malformed)
          << "kind " << static_cast<int>(kind) << " at " << size;
    }
  }
}

TEST_F(MessageAbuseTest, WithARandomBodyIsMalformed) {
  Rng rng(drawn_seed());
  Peer peer(cluster->frontend());
  for (const auto& [kind, body] : client_requests()) {
    for (int count = 0; count < 100; ++count) {
      std::string bytes = body;
      for (char& byte : bytes) byte = static_cast<char>(rng.below(256));
      ASSERT_EQ(answer_to(peer, frames_of(envelope_of(kind, 1, PartitionId{0}), bytes)),
                ErrorCode::malformed);
    }
  }
}

// ZeroMQ ends the connection of a peer that sends too large a frame; it connects again by itself.
TEST_F(MessageAbuseTest, WithAnOversizeFrameCostsItsSenderTheConnection) {
  const std::string too_large(limits::kMaxBodyBytes + 1, 'x');
  for (const bool front : {true, false}) {
    Peer peer(front ? cluster->frontend() : cluster->backend());
    peer.send(frames_of(envelope_of(MessageKind::append, 1, PartitionId{0}), too_large));
    Peer other(front ? cluster->frontend() : cluster->backend());
    EXPECT_EQ((front ? answers_at_frontend(other) : answers_at_backend(other)).size(), 0U);
  }
  Peer peer(cluster->frontend());
  const std::string largest(limits::kMaxBodyBytes, 'x');
  EXPECT_EQ(
      answer_to(peer, frames_of(envelope_of(MessageKind::append, 1, PartitionId{0}), largest)),
      ErrorCode::malformed);
}

TEST_F(MessageAbuseTest, OfTheWrongSenderIsRefused) {
  Peer peer(cluster->frontend());
  for (const MessageKind kind : {MessageKind::worker_hello, MessageKind::heartbeat,
                                 MessageKind::map_store, MessageKind::map_in_force}) {
    EXPECT_EQ(answer_to(peer, frames_of(envelope_of(kind))), ErrorCode::invalid_argument);
  }
  Peer worker(cluster->backend());
  for (const MessageKind kind : {MessageKind::client_hello, MessageKind::append, MessageKind::ping,
                                 MessageKind::status, MessageKind::map_store}) {
    EXPECT_EQ(answer_to(worker, frames_of(envelope_of(kind))), ErrorCode::invalid_argument);
  }
}

TEST_F(MessageAbuseTest, WithNoTimeLeftIsRefused) {
  Peer peer(cluster->frontend());
  for (const auto& [kind, body] : client_requests()) {
    auto envelope = envelope_of(kind, 1, PartitionId{0});
    envelope.remaining = Duration::zero();
    if (kind == MessageKind::client_hello) continue;
    EXPECT_EQ(answer_to(peer, frames_of(envelope, body)), ErrorCode::deadline_exceeded)
        << static_cast<int>(kind);
  }
}

TEST_F(MessageAbuseTest, ToNobodyIsRefused) {
  Peer peer(cluster->frontend());
  const std::string body = bytes_of(sample<PageQuery>());
  const auto at = [&](schema::Destination destination) {
    return answer_to(peer, frames_of(envelope_of(MessageKind::page, 1, destination), body));
  };
  EXPECT_EQ(at(PartitionId{static_cast<std::uint32_t>(map.placement.size())}),
            ErrorCode::invalid_argument);
  EXPECT_EQ(at(PartitionId{~0U}), ErrorCode::invalid_argument);
  EXPECT_EQ(at(WorkerId{0}), ErrorCode::unavailable);
  EXPECT_EQ(at(WorkerId{5}), ErrorCode::unavailable);
  EXPECT_EQ(at(schema::ToBroker{}), ErrorCode::invalid_argument);
}

TEST_F(MessageAbuseTest, ThatWantsNoReplyGetsNone) {
  Peer peer(cluster->frontend());
  const schema::AppendRequest bad{
      map.version, Level::none, {make_entry("default", "", {}, EntryKind::append, {"x"})}};
  auto envelope = envelope_of(MessageKind::append, 1, PartitionId{0});
  envelope.expects_reply = false;
  peer.send(frames_of(envelope, bytes_of(bad)));
  peer.send(frames_of(envelope, "no body of ours"));
  envelope.destination = WorkerId{99};
  peer.send(frames_of(envelope, bytes_of(bad)));
  EXPECT_EQ(answers_at_frontend(peer).size(), 0U);
  // Whatever the workers make of it has come before their answer to what follows.
  envelope = envelope_of(MessageKind::append, 2, PartitionId{0});
  EXPECT_EQ(answer_to(peer, frames_of(envelope, "no body of ours")), ErrorCode::malformed);
}

}  // namespace
}  // namespace kipu::test

#include "bus/undelivered.h"

#include <gtest/gtest.h>

#include "schema/codec.h"

namespace kipu::bus {
namespace {

using schema::MessageKind;

const Error kFull{ErrorCode::overloaded, "the queue to this peer is full"};

std::optional<ErrorCode> said_for(MessageKind answer, const Error& error = kFull) {
  schema::Envelope envelope;
  envelope.kind = answer;
  envelope.request_id = 7;
  const auto message = in_place_of(envelope, error);
  if (!message) return std::nullopt;
  EXPECT_EQ(message->envelope.kind, MessageKind::error);
  EXPECT_EQ(message->envelope.request_id, 7U);
  return schema::decode<schema::ErrorReply>(message->body.view())->error.code;
}

TEST(UndeliveredTest, TellsAReaderToAskAgainAndAWriterThatItMayBeStored) {
  EXPECT_EQ(said_for(MessageKind::page_reply), ErrorCode::overloaded);
  EXPECT_EQ(said_for(MessageKind::map), ErrorCode::overloaded);
  EXPECT_EQ(said_for(MessageKind::append_reply), ErrorCode::outcome_unknown);
}

TEST(UndeliveredTest, SaysNothingWhereNobodyWaits) {
  EXPECT_EQ(said_for(MessageKind::heartbeat), std::nullopt);
  EXPECT_EQ(said_for(MessageKind::error), std::nullopt);
  EXPECT_EQ(said_for(MessageKind::page_reply, {ErrorCode::unavailable, "gone"}), std::nullopt);
}

}  // namespace
}  // namespace kipu::bus

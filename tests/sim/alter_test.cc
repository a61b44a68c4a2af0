// What altered messages look like to whoever gets them.
#include "tests/sim/alter.h"

#include <gtest/gtest.h>

#include "schema/codec.h"

namespace kipu::sim {
namespace {

using schema::Message;
using schema::MessageKind;

Entry entry(EntryKind kind) {
  return make_entry("b", "k", {StampTime(5), 1}, kind,
                    kind == EntryKind::remove ? Values{} : Values{"v"});
}

template <class Body>
Message message_of(MessageKind kind, const Body& body) {
  schema::Envelope envelope;
  envelope.kind = kind;
  return schema::make_message(envelope, body);
}

TEST(AlterTest, LeavesAnEntryThatItsDigestTellsOn) {
  for (const EntryKind kind : {EntryKind::append, EntryKind::remove}) {
    Rng rng(1);
    Message message =
        message_of(MessageKind::bundle, schema::Bundle{{}, {}, {}, {}, {entry(kind)}});
    ASSERT_TRUE(alter(message, rng));
    const auto bundle = schema::decode<schema::Bundle>(message.body.view());
    ASSERT_TRUE(bundle);
    const Status valid = validate(bundle->entries[0]);
    ASSERT_FALSE(valid);
    EXPECT_EQ(valid.error().code, ErrorCode::bad_digest);
  }
}

TEST(AlterTest, FindsEntriesWhereverTheyAre) {
  Rng rng(1);
  const auto is_altered = [&](Message message) { return alter(message, rng); };
  const Page page{{entry(EntryKind::append)}, true};
  EXPECT_TRUE(is_altered(
      message_of(MessageKind::append, schema::AppendRequest{{}, Level::one, page.entries})));
  EXPECT_TRUE(is_altered(message_of(MessageKind::page_reply, page)));
  EXPECT_TRUE(is_altered(
      message_of(MessageKind::fetched, Fetched{false, {{{1, 1}, page.entries}}, {1, 1}, {1, 1}})));
  EXPECT_TRUE(
      is_altered(message_of(MessageKind::peer_read_reply, schema::PeerReadReply{true, 1, page})));
  EXPECT_TRUE(is_altered(message_of(MessageKind::peer_merge, schema::PeerMerge{{}, page.entries})));
}

TEST(AlterTest, LeavesAloneWhatCarriesNone) {
  Rng rng(1);
  const auto is_left_alone = [&](Message message) {
    const std::string before(message.body.view());
    return !alter(message, rng) && message.body.view() == before;
  };
  EXPECT_TRUE(is_left_alone(message_of(MessageKind::beacon, schema::Beacon{})));
  EXPECT_TRUE(
      is_left_alone(message_of(MessageKind::peer_read_reply, schema::PeerReadReply{true, 1, {}})));
  EXPECT_TRUE(is_left_alone(message_of(MessageKind::page_reply, Page{})));
}

}  // namespace
}  // namespace kipu::sim

#include "bus/undelivered.h"

#include "schema/codec.h"

namespace kipu::bus {
namespace {

using schema::MessageKind;

// What a lost answer means to who asked.
std::optional<ErrorCode> code_for(MessageKind answer) {
  switch (answer) {
    case MessageKind::append_reply:
      return ErrorCode::outcome_unknown;
    case MessageKind::map:  // of a bucket that was made, too: making it again does nothing
    case MessageKind::status_reply:
    case MessageKind::page_reply:
    case MessageKind::count_reply:
    case MessageKind::keys_reply:
      return ErrorCode::overloaded;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<schema::Message> in_place_of(const schema::Envelope& answer, const Error& error) {
  const auto code = code_for(answer.kind);
  if (!code || error.code != ErrorCode::overloaded) return std::nullopt;
  schema::Envelope envelope;
  envelope.request_id = answer.request_id;
  return schema::make_message(
      envelope, schema::ErrorReply{{*code, "too many answers wait to be sent to who asked"}});
}

}  // namespace kipu::bus

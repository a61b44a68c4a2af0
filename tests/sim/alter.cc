#include "tests/sim/alter.h"

#include <variant>
#include <vector>

#include "base/query.h"
#include "schema/codec.h"

namespace kipu::sim {
namespace {

using schema::Message;
using schema::MessageKind;

bool alter(std::vector<Entry>& entries, Rng& rng) {
  if (entries.empty()) return false;
  Entry& entry = entries[rng.below(entries.size())];
  if (entry.values.empty()) {
    entry.stamp.time = entry.stamp.time.plus(1);
  } else {
    entry.values = Values{"altered"};
  }
  return true;
}

std::vector<Entry>* entries_of(schema::AppendRequest& body) {
  return &body.entries;
}
std::vector<Entry>* entries_of(schema::Bundle& body) {
  return &body.entries;
}
std::vector<Entry>* entries_of(schema::PeerMerge& body) {
  return &body.entries;
}
std::vector<Entry>* entries_of(Page& body) {
  return &body.entries;
}
std::vector<Entry>* entries_of(Fetched& body) {
  return body.commits.empty() ? nullptr : &body.commits.back().entries;
}
std::vector<Entry>* entries_of(schema::PeerReadReply& body) {
  Page* page = body.result ? std::get_if<Page>(&*body.result) : nullptr;
  return page == nullptr ? nullptr : &page->entries;
}

template <class Body>
bool alter_as(Message& message, Rng& rng) {
  auto body = schema::decode<Body>(message.body.view());
  if (!body) return false;
  std::vector<Entry>* entries = entries_of(*body);
  if (entries == nullptr || !alter(*entries, rng)) return false;
  message.body = schema::encode(*body);
  return true;
}

}  // namespace

bool alter(Message& message, Rng& rng) {
  switch (message.envelope.kind) {
    case MessageKind::append:
      return alter_as<schema::AppendRequest>(message, rng);
    case MessageKind::page_reply:
      return alter_as<Page>(message, rng);
    case MessageKind::bundle:
      return alter_as<schema::Bundle>(message, rng);
    case MessageKind::fetched:
      return alter_as<Fetched>(message, rng);
    case MessageKind::peer_read_reply:
      return alter_as<schema::PeerReadReply>(message, rng);
    case MessageKind::peer_merge:
      return alter_as<schema::PeerMerge>(message, rng);
    default:
      return false;
  }
}

}  // namespace kipu::sim

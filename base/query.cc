#include "base/query.h"

#include <string_view>

#include "base/little_endian.h"

namespace kipu {
namespace {

void append_sized(std::string& to, std::string_view bytes) {
  append_le(to, static_cast<std::uint32_t>(bytes.size()));
  to.append(bytes);
}

void append_id(std::string& to, const EntryId& id) {
  append_le(to, id.stamp.time.bits());
  append_le(to, id.stamp.writer);
  append_le(to, id.digest.bits);
}

void append_position(std::string& to, const Position& position) {
  append_le(to, position.run);
  append_le(to, position.counter);
}

// An entry's digest covers all that it says, so its id stands for it.
void append_result(std::string& to, const Page& page) {
  append_le(to, static_cast<std::uint8_t>(page.complete));
  for (const Entry& entry : page.entries) append_id(to, entry.id());
}

void append_result(std::string& to, const Count& count) {
  append_le(to, count.entries);
  append_le(to, count.values);
  append_le(to, count.fingerprint);
  if (count.next_after) append_id(to, *count.next_after);
}

void append_result(std::string& to, const KeysPage& page) {
  append_le(to, static_cast<std::uint32_t>(page.keys.size()));
  for (const std::string& key : page.keys) append_sized(to, key);
  for (const KeysPage::Newest& newest : page.newest) append_id(to, newest.id);
  if (page.next_after) append_sized(to, *page.next_after);
}

void append_result(std::string& to, const Fetched& fetched) {
  append_le(to, static_cast<std::uint8_t>(fetched.trimmed));
  append_position(to, fetched.through);
  append_position(to, fetched.head);
  for (const Fetched::Commit& commit : fetched.commits) append_position(to, commit.position);
}

}  // namespace

std::uint64_t digest_of(const ReadResult& result) {
  std::string said;
  append_le(said, static_cast<std::uint8_t>(result.index()));
  std::visit([&](const auto& body) { append_result(said, body); }, result);
  return hash64(said);
}

}  // namespace kipu

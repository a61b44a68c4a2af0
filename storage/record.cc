#include "storage/record.h"

#include <utility>

#include <fmt/format.h>

#include "storage/key_codec.h"

namespace kipu::storage {
namespace {

tl::unexpected<Error> unreadable(const Entry& entry, std::string_view why) {
  return fail(
      ErrorCode::unreadable,
      fmt::format("entry {} of key {} in bucket {} cannot be read: {}", entry.stamp.to_string(),
                  printable(entry.key), printable(entry.bucket), why));
}

bool is_known(EntryKind kind) {
  return kind == EntryKind::append || kind == EntryKind::put || kind == EntryKind::remove;
}

}  // namespace

void append_record_value(std::string& to, const Entry& entry) {
  to.push_back(static_cast<char>(entry.kind));
  to.append(entry.values.packed());
}

Status decode_record_value(std::string_view value, Entry& entry) {
  if (value.empty()) return unreadable(entry, "it is empty");
  entry.kind = static_cast<EntryKind>(value.front());
  if (!is_known(entry.kind)) return unreadable(entry, "it is of no known kind");
  Result<Values> values = Values::parse(std::string(value.substr(1)));
  if (!values) return unreadable(entry, values.error().message);
  entry.values = std::move(*values);
  if (digest_of(entry) != entry.digest) return unreadable(entry, "its digest does not match");
  return {};
}

}  // namespace kipu::storage

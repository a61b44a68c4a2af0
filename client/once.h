// Client::once: how an import gets the same stamps each time it runs, and no other content gets
// them.
//
// Three buckets of Kipu's own (cluster/own_buckets.h) remember it:
//   kipu.once           NAME → its start, as the stamp of its oldest entry: all that Kipu 0.1 kept.
//                       Still written, so that a client of that version gives the same stamps.
//   kipu.once.names     NAME → the marks by which participants agree (client/agreement.h) on a
//                       start, a sum over the content, and the list of its records.
//   kipu.once.contents  LIST → 32 bits of each record, by which the first that differs is named.
//                       Whole before it is proposed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kipu/client.h"

namespace kipu::client {

// What a name stands for, as the participants agree on it.
struct OnceTerms {
  StampTime start;
  OnceSum content;
  std::uint64_t list = 0;  // the key of its records' list: random
  friend bool operator==(const OnceTerms&, const OnceTerms&) = default;
};

// "start=… records=… content=… list=…", in hex but for the number of records.
[[nodiscard]] std::string format_terms(const OnceTerms& terms);
[[nodiscard]] std::optional<OnceTerms> parse_terms(std::string_view text);

[[nodiscard]] Result<Once> begin_once(Client& client, std::string_view name,
                                      const OnceContent& content, const CallOptions& options);

// The stamps of an import of this name that began at this time: their writer is XXH3-64 over the
// name and the start's 64 bits, little-endian.
[[nodiscard]] Once once_of(std::string_view name, const OnceTerms& terms, bool again);

}  // namespace kipu::client

// What to say where an answer could not be sent because its receiver's queue is full of bytes: a
// few fit still, and who asked need not wait for its deadline to learn that it must ask again.
//
// Thread rule: any thread.
#pragma once

#include <optional>

#include "base/error.h"
#include "schema/messages.h"

namespace kipu::bus {

// A small error for who waits for `answer`, of which sending failed with `error`. Nothing where
// nobody waits, or the receiver is gone.
[[nodiscard]] std::optional<schema::Message> in_place_of(const schema::Envelope& answer,
                                                         const Error& error);

}  // namespace kipu::bus

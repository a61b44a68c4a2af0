// What memory and wires may do to a message: an entry in it is no longer what was written, and its
// digest tells.
#pragma once

#include "base/random.h"
#include "schema/messages.h"

namespace kipu::sim {

// Alters one of the entries that the message carries. False if it carries none.
bool alter(schema::Message& message, Rng& rng);

}  // namespace kipu::sim

// What a kind of message is called in a trace.
#pragma once

#include "schema/messages.h"

namespace kipu::sim {

[[nodiscard]] const char* name_of(schema::MessageKind kind);

}  // namespace kipu::sim

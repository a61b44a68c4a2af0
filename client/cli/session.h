// The store that a command works on.
#pragma once

#include "client/cli/program.h"
#include "kipu/client.h"

namespace kipu::cli {

enum class Purpose { read, write };

// A broker, or the store in a directory, as the settings say. Only a command that writes makes a
// store where there is none.
[[nodiscard]] Result<Client> open_client(const Context& context, Purpose purpose);

// Asks the signal that a user interrupts with (Ctrl-C) to be noted instead of ending the process;
// a second one ends it.
void note_interrupts();
[[nodiscard]] bool interrupted();

}  // namespace kipu::cli

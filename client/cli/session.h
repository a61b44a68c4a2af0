// The store that a command works on.
#pragma once

#include <string>

#include "client/cli/program.h"
#include "kipu/client.h"

namespace kipu::cli {

enum class Purpose { read, write };

// A broker, or the store in a directory, as the settings say. Only a command that writes makes a
// store where there is none.
[[nodiscard]] Result<Client> open_client(const Context& context, Purpose purpose);

// How the cluster does, also while it is not ready: then every other command is refused, with what
// it waits for.
[[nodiscard]] Result<ClusterStatus> ask_status(const Context& context);

// What to type to see how the cluster of these settings does: "kipu status", and the options that
// name the cluster, if any did.
[[nodiscard]] std::string status_command(const Context& context);

// Asks the signal that a user interrupts with (Ctrl-C) to be noted instead of ending the process;
// a second one ends it.
void note_interrupts();
[[nodiscard]] bool interrupted();

}  // namespace kipu::cli

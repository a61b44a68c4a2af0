// Commands at a prompt.
#pragma once

#include <string>
#include <string_view>

#include "examples/files/session.h"

namespace files {

// One line. Sets `ended` where it asks for the end.
Exit run_line(Session& session, std::string_view line, bool& ended);

// Reads lines until the end. A person has seen the errors, so the exit code is 0; a script that
// came by standard input is told of the first.
Exit run_shell(Session& session);

}  // namespace files

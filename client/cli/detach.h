// A process that stays when the command that began it ends.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "client/cli/exit_code.h"
#include "client/cli/output.h"

namespace kipu::cli {

// Given what is to be shown where the command was typed. Called once, when all is well.
using Tell = std::function<void(const std::string&)>;

// Runs `work` in a process of its own, which leaves the terminal and writes to `log`, and returns
// once it has told what is to be shown, or failed: then with its error. REQUIRES: no thread, and no
// ZeroMQ context exists yet.
[[nodiscard]] Result<Exit> run_detached(const std::filesystem::path& log, Output& out,
                                        const std::function<Result<Exit>(const Tell&)>& work);

}  // namespace kipu::cli

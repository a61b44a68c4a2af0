// What starting a child takes, whether over pipes (process.h) or on a terminal (terminal.h).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/process.h"

namespace kipu::test {

// Throws std::runtime_error: `what`, and what errno says.
[[noreturn]] void fail_with_errno(const std::string& what);

using Variables = std::vector<std::pair<std::string, std::string>>;
// This process's environment, in which `variables` are added or replaced, as exec takes it.
std::vector<std::string> environment_with(const Variables& variables);
// As exec takes them: with a null pointer at the end. Valid as long as `texts` is not changed.
std::vector<char*> pointers_to(std::vector<std::string>& texts);

// Between fork and exec: it ends with the thread that started it, and takes signals as a program
// from a shell would. Only calls that are allowed there.
void prepare_child();

// What waitpid() says of its end.
Ended to_ended(int status);

}  // namespace kipu::test

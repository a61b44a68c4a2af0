// A program's standard input, output and error: there from the start, and nothing that standard
// output did not take is passed over.
#pragma once

#include <functional>

#include "base/error.h"
#include "base/result.h"

namespace kipu {

// What a program exits with whose reader is gone: the same as where SIGPIPE ends it.
inline constexpr int kClosedPipeExit = 141;

// Opens /dev/null on those of the descriptors 0, 1 and 2 that are closed. Else the next file or
// socket that this process opens takes such a number, and what is meant for standard output is
// written into it. Reading from it fails, as from what is closed: no input is no empty input.
// `io_error` where /dev/null cannot be opened. Any thread.
[[nodiscard]] Status open_standard_descriptors();

// All that a program does: returns what `body` returns, and with that main().
//
// Before it: open_standard_descriptors(). While it runs: std::cout and std::cerr wait where
// standard output or error takes no more for now and does not block; a file that may grow no
// further is an error, and no signal. After it: where anything that was written to standard output
// was not taken, `report` is called, which says so and returns an exit code for that error, other
// than 0; it is returned unless `body` failed itself. Where the reader is gone, nothing is said,
// and kClosedPipeExit is returned instead.
//
// std::cout is buffered, line by line where it is a terminal; one thread at a time may use it.
[[nodiscard]] int run_main(const std::function<int()>& body,
                           const std::function<int(const Error&)>& report);

}  // namespace kipu

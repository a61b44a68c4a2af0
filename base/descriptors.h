// File descriptors, of which a process may have too few. Libraries that need some end the process
// where they get none, so that there is to be room for them before.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.h"
#include "base/result.h"

namespace kipu {

// What to say where `what` cannot be had for want of descriptors, with what to type.
[[nodiscard]] Error too_few_descriptors(std::string_view what);

// Opens so many, and closes them again: that error, unless it can. Any thread; another one may
// take them afterwards.
[[nodiscard]] Status check_descriptors(std::size_t count, std::string_view what);

}  // namespace kipu

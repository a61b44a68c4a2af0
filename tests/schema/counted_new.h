// Counts what a thread allocates, by replacing operator new in the program that links it.
#pragma once

#include <cstddef>

namespace kipu::schema {

// Bytes that this thread has ever asked operator new for.
[[nodiscard]] std::size_t allocated_bytes();

}  // namespace kipu::schema

// KIPU_CHECK: an invariant of ours, checked in every build. It is for defects only: what peers send
// and what disks return yields a Status, never a failed check.
#pragma once

#include <cstdio>
#include <cstdlib>

// Prints the condition and its place, then aborts, if `condition` is false.
#define KIPU_CHECK(condition)                                                                \
  do {                                                                                       \
    if (!(condition)) [[unlikely]] {                                                         \
      std::fprintf(stderr, "kipu: defect: %s does not hold (%s:%d)\n", #condition, __FILE__, \
                   __LINE__);                                                                \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)

// The same for `left op right` on integers, and prints both values.
#define KIPU_CHECK_OP(left, op, right)                                                          \
  do {                                                                                          \
    if (!((left)op(right))) [[unlikely]] {                                                      \
      std::fprintf(stderr, "kipu: defect: %s %s %s does not hold: %lld, %lld (%s:%d)\n", #left, \
                   #op, #right, static_cast<long long>(left), static_cast<long long>(right),    \
                   __FILE__, __LINE__);                                                         \
      std::abort();                                                                             \
    }                                                                                           \
  } while (false)

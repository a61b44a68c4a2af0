#include "tests/sim/trace.h"

#include <cstdio>

#include "base/digest.h"
#include "base/little_endian.h"

namespace kipu::sim {
namespace {

double seconds_of(Duration when) {
  return std::chrono::duration<double>(when).count();
}

}  // namespace

void Trace::note(Duration when, std::string_view who, std::string_view what, std::uint64_t number,
                 std::string_view bytes) {
  add(when, who, what, number, bytes);
  if (print_ == Print::all) print(when, who, what, number, bytes.size());
}

void Trace::tell(Duration when, std::string_view who, std::string_view what, std::uint64_t number) {
  add(when, who, what, number, {});
  if (print_ != Print::nothing) print(when, who, what, number, 0);
}

void Trace::add(Duration when, std::string_view who, std::string_view what, std::uint64_t number,
                std::string_view bytes) {
  thread_local std::string record;
  record.clear();
  append_le(record, hash_);
  append_le(record, static_cast<std::uint64_t>(when.count()));
  record.append(who).push_back(0);
  record.append(what).push_back(0);
  append_le(record, number);
  append_le(record, hash64(bytes));
  hash_ = hash64(record);
}

void Trace::print(Duration when, std::string_view who, std::string_view what, std::uint64_t number,
                  std::size_t bytes) {
  std::printf("%11.6f %-8.*s %.*s", seconds_of(when), static_cast<int>(who.size()), who.data(),
              static_cast<int>(what.size()), what.data());
  if (number != 0) std::printf(" %llu", static_cast<unsigned long long>(number));
  if (bytes != 0) std::printf(" (%zu bytes)", bytes);
  std::printf("\n");
}

}  // namespace kipu::sim

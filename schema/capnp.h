// Cap'n Proto's headers, for schema/ and its tests: include this before any generated header.
//
// kj/string.h of Cap'n Proto 0.9 leaves out two comparisons under C++20, counting on reversed ones,
// which newer compilers do not consider beside an operator!= (P2468; capnproto issue 1622). They
// are put back here, before the header that needs them.
#pragma once

#include <kj/string.h>

#ifdef __clang__
namespace kj {

inline bool operator==(const char* a, const StringPtr& b) {
  return StringPtr(a) == b;
}
inline bool operator!=(const char* a, const StringPtr& b) {
  return !(StringPtr(a) == b);
}

}  // namespace kj
#endif

#include <capnp/message.h>
#include <capnp/serialize.h>

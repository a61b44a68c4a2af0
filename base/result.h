// Result and Status: how everything in Kipu reports failure. No function of Kipu throws, except
// the standard library's bad_alloc.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "base/error.h"

namespace kipu {

template <class T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

// `return fail(ErrorCode::empty_key, "…");` in a function that returns any Result.
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace kipu

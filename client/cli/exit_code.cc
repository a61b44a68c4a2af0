#include "client/cli/exit_code.h"

namespace kipu::cli {

// A switch without a default, so that a new code does not compile until it has its place here.
Exit exit_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return Exit::usage;
    case ErrorCode::malformed:
    case ErrorCode::wrong_version:
    case ErrorCode::wrong_cluster:
    case ErrorCode::empty_key:
    case ErrorCode::too_large:
    case ErrorCode::unknown_bucket:
    case ErrorCode::bucket_differs:
    case ErrorCode::wrong_mode:
    case ErrorCode::bad_digest:
    case ErrorCode::unsupported:
    case ErrorCode::content_differs:
    case ErrorCode::read_only:
    case ErrorCode::clock_skew:
    case ErrorCode::in_use:
    case ErrorCode::not_a_store:
    case ErrorCode::newer_format:
      return Exit::refused;
    case ErrorCode::wrong_worker:
    case ErrorCode::unavailable:
    case ErrorCode::overloaded:
    case ErrorCode::closed:
      return Exit::unreachable;
    case ErrorCode::deadline_exceeded:
    case ErrorCode::cancelled:
    case ErrorCode::outcome_unknown:
      return Exit::unknown;
    case ErrorCode::unreadable:
    case ErrorCode::io_error:
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      return Exit::unhealthy;
  }
  return Exit::unhealthy;
}

}  // namespace kipu::cli

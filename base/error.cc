#include "base/error.h"

#include <array>

namespace kipu {
namespace {

struct Row {
  ErrorCode code;
  std::string_view name;
  Remedy remedy;
};

constexpr std::array kTable{
    Row{ErrorCode::invalid_argument, "invalid_argument", Remedy::fix_request},
    Row{ErrorCode::malformed, "malformed", Remedy::fix_request},
    Row{ErrorCode::wrong_version, "wrong_version", Remedy::fix_request},
    Row{ErrorCode::wrong_cluster, "wrong_cluster", Remedy::fix_request},
    Row{ErrorCode::empty_key, "empty_key", Remedy::fix_request},
    Row{ErrorCode::too_large, "too_large", Remedy::fix_request},
    Row{ErrorCode::unknown_bucket, "unknown_bucket", Remedy::fix_request},
    Row{ErrorCode::bucket_differs, "bucket_differs", Remedy::fix_request},
    Row{ErrorCode::wrong_mode, "wrong_mode", Remedy::fix_request},
    Row{ErrorCode::bad_digest, "bad_digest", Remedy::fix_request},
    Row{ErrorCode::unsupported, "unsupported", Remedy::fix_request},
    Row{ErrorCode::content_differs, "content_differs", Remedy::fix_request},
    Row{ErrorCode::wrong_worker, "wrong_worker", Remedy::retry},
    Row{ErrorCode::unavailable, "unavailable", Remedy::retry},
    Row{ErrorCode::overloaded, "overloaded", Remedy::retry},
    Row{ErrorCode::read_only, "read_only", Remedy::retry},
    Row{ErrorCode::clock_skew, "clock_skew", Remedy::retry},
    Row{ErrorCode::deadline_exceeded, "deadline_exceeded", Remedy::retry},
    Row{ErrorCode::cancelled, "cancelled", Remedy::fix_request},
    Row{ErrorCode::closed, "closed", Remedy::fix_request},
    Row{ErrorCode::outcome_unknown, "outcome_unknown", Remedy::ask_again},
    Row{ErrorCode::unreadable, "unreadable", Remedy::alert},
    Row{ErrorCode::io_error, "io_error", Remedy::alert},
    Row{ErrorCode::corrupt, "corrupt", Remedy::alert},
    Row{ErrorCode::in_use, "in_use", Remedy::alert},
    Row{ErrorCode::not_a_store, "not_a_store", Remedy::alert},
    Row{ErrorCode::newer_format, "newer_format", Remedy::alert},
    Row{ErrorCode::internal, "internal", Remedy::alert},
};

const Row* find_row(ErrorCode code) {
  for (const Row& row : kTable) {
    if (row.code == code) return &row;
  }
  return nullptr;
}

}  // namespace

std::string_view error_name(ErrorCode code) {
  const Row* row = find_row(code);
  return row != nullptr ? row->name : "unknown_error";
}

Remedy remedy(ErrorCode code) {
  const Row* row = find_row(code);
  return row != nullptr ? row->remedy : Remedy::alert;
}

std::optional<ErrorCode> error_code_from_number(std::uint16_t number) {
  const auto code = static_cast<ErrorCode>(number);
  if (find_row(code) == nullptr) return std::nullopt;
  return code;
}

}  // namespace kipu

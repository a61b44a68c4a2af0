// Every error that Kipu reports, as one table: a code for each thing that a caller would treat
// differently, and for each code what the caller does about it. Absence, corruption and "could not
// read" never share a code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kipu {

// What a caller does about an error. The client library does `retry` and `ask_again` by itself,
// until the deadline.
enum class Remedy : std::uint8_t {
  fix_request,  // the request is wrong and will never be accepted as it is
  retry,        // nothing was done: send it again, after a back-off
  ask_again,    // it may or may not have been done: send it again under the same stamp
  alert,        // data or a machine needs a human
};

// The numbers are part of the protocol (docs/protocol.md): never reused, never renumbered.
enum class ErrorCode : std::uint16_t {
  // The request is at fault.
  invalid_argument = 1,  // a parameter outside its range
  malformed = 2,         // bytes that do not decode, or break a decoding limit
  wrong_version = 3,     // another protocol version
  wrong_cluster = 4,     // a peer of another cluster
  empty_key = 5,         // a key of 0 bytes
  too_large = 6,         // key and values together exceed the bucket's largest pair
  unknown_bucket = 7,    // no bucket of that name
  bucket_differs = 8,    // the bucket exists with other properties
  wrong_mode = 9,        // put or remove in a worm bucket, append in a wmrm bucket
  bad_digest = 10,       // an entry whose digest does not match its content
  unsupported = 11,      // known, but not offered by this version
  content_differs = 12,  // the name of an import stands for other records
  // Nothing was done; another attempt may succeed.
  wrong_worker = 20,       // this worker is no replica of the entry's partition: fetch the map
  unavailable = 21,        // no live worker, no map yet, or the request was never forwarded
  overloaded = 22,         // a queue is full
  read_only = 23,          // the disk is nearly full
  clock_skew = 24,         // the stamp lies too far ahead of the coordinator's clock
  deadline_exceeded = 25,  // the remaining time ran out before anything was done
  cancelled = 26,          // the caller cancelled it before it was sent
  closed = 27,             // the client or the store was closed
  // It may have been done.
  outcome_unknown = 40,  // sent, and not answered: ask again under the same stamp
  // Someone must look.
  unreadable = 60,    // what is stored there cannot be read; it may exist
  io_error = 61,      // the disk or the file system failed
  corrupt = 62,       // a file is not what was written
  in_use = 63,        // another process has the store open
  not_a_store = 64,   // a directory without a store; `init` creates one
  newer_format = 65,  // written by a newer version of Kipu
  internal = 66,      // a defect in Kipu
};

// The name of `code` as it appears in output and JSON, such as "outcome_unknown".
[[nodiscard]] std::string_view error_name(ErrorCode code);

// What to do about `code`.
[[nodiscard]] Remedy remedy(ErrorCode code);

// The code with this number, or nothing if no code has it.
[[nodiscard]] std::optional<ErrorCode> error_code_from_number(std::uint16_t number);

// An error: its code, and one sentence that names what happened, to which key, bucket, worker or
// file, and what to do.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

}  // namespace kipu

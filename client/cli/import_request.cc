#include "client/cli/import_request.h"

#include <fmt/format.h>

#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

constexpr std::size_t kMaxJobs = 64;

}  // namespace

Result<RecordFormat> record_format(const Arguments& arguments, std::string_view file_name) {
  const auto format = arguments.get("format");
  if (!format) return file_name.ends_with(".tsv") ? RecordFormat::tsv : RecordFormat::jsonl;
  if (*format == "tsv") return RecordFormat::tsv;
  if (*format == "jsonl") return RecordFormat::jsonl;
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("--format: {} is no format of records: write tsv or jsonl", in_quotes(*format)));
}

Result<ImportRequest> parse_import(const Arguments& arguments) {
  ImportRequest request;
  request.file = arguments.operands()[0];
  const auto format = record_format(arguments, request.file);
  if (!format) return fail(format.error());
  request.format = *format;
  if (const auto once = arguments.get("once")) request.once = std::string(*once);
  if (request.once && request.once->empty()) {
    return fail(ErrorCode::invalid_argument, "--once needs a name, the same at each run");
  }
  if (const auto text = arguments.get("jobs")) {
    const auto jobs = of_option("jobs", parse_number(*text));
    if (!jobs) return fail(jobs.error());
    if (*jobs == 0 || *jobs > kMaxJobs) {
      return fail(ErrorCode::invalid_argument, fmt::format("--jobs lies from 1 to {}", kMaxJobs));
    }
    request.jobs = static_cast<std::size_t>(*jobs);
  }
  request.skip_bad = arguments.has("skip-bad");
  return request;
}

}  // namespace kipu::cli

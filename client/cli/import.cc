// import: many entries, appended as fast as the store takes them.
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "client/cli/handlers.h"
#include "client/cli/import_request.h"
#include "client/cli/json_record.h"
#include "client/cli/line_reader.h"
#include "client/cli/progress.h"
#include "client/cli/results.h"
#include "client/cli/session.h"
#include "client/cli/text.h"
#include "client/cli/tsv.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

// An import outlasts the restart of a worker; a user who waits for one append would not.
constexpr Duration kImportTimeout = std::chrono::minutes(1);

// What the entries on their way came to. Thread rule: complete() by any thread.
class Outcome {
 public:
  explicit Outcome(bool skip_bad) : skip_bad_(skip_bad) {}

  void complete(std::uint64_t line, const Result<Stamp>& result) {
    if (result) {
      acknowledged_.fetch_add(1, std::memory_order_relaxed);
    } else if (skip_bad_ && is_bad_line(result.error().code)) {
      bad_.fetch_add(1, std::memory_order_relaxed);
    } else {
      note_failure(line, result.error());
    }
  }
  void note_failure(std::uint64_t line, const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!failure_ || line < failure_line_) {
      failure_ = error;
      failure_line_ = line;
    }
    failed_ = true;
  }
  // What is wrong with one line, and says nothing of the next.
  static bool is_bad_line(ErrorCode code) {
    return code == ErrorCode::malformed || code == ErrorCode::too_large ||
           code == ErrorCode::empty_key || code == ErrorCode::bad_digest;
  }

  bool skip_bad() const { return skip_bad_; }
  bool failed() const { return failed_; }
  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t bad() const { return bad_; }
  std::optional<Error> failure() const {
    const std::lock_guard lock(mutex_);
    if (!failure_) return std::nullopt;
    return Error{failure_->code, fmt::format("line {}: {}", failure_line_, failure_->message)};
  }

 private:
  const bool skip_bad_;
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<std::uint64_t> bad_{0};
  std::atomic<bool> failed_{false};
  mutable std::mutex mutex_;  // guards the two below
  std::optional<Error> failure_;
  std::uint64_t failure_line_ = 0;
};

class Importer {
 public:
  Importer(Context& context, const ImportRequest& request)
      : context_(context), request_(request), outcome_(request.skip_bad) {}

  // Connects, and learns what the bucket takes and which stamps to give.
  Status prepare();
  // Reads to the end, or until something is wrong, or the user interrupts.
  void run(LineReader& reader, std::uint64_t size, Progress& progress);
  void flush();

  const Outcome& outcome() const { return outcome_; }

 private:
  Status take_line(std::string_view line, std::uint64_t number);
  Status take_tsv(std::string_view line, std::uint64_t number);
  Status take_jsonl(std::string_view line, std::uint64_t number);
  void send(std::string_view key, Values values, EntryKind kind, std::optional<Stamp> stamp,
            std::uint64_t number);
  Client& client_of(std::string_view key);

  Context& context_;
  const ImportRequest& request_;
  Outcome outcome_;
  std::vector<Client> clients_;
  AppendOptions options_;
  EntryKind usual_kind_ = EntryKind::append;  // of records that name none
  std::optional<Once> once_;
  HybridClock clock_{Rng::from_system().next(), limits::kMaxClockSkew};  // of puts
  std::string scratch_;
};

Status Importer::prepare() {
  const std::size_t jobs = context_.settings.embedded ? 1 : request_.jobs;
  for (std::size_t i = 0; i < jobs; ++i) {
    auto client = open_client(context_, Purpose::write);
    if (!client) return fail(client.error());
    clients_.push_back(*std::move(client));
  }
  context_.settings.apply(options_);
  if (!options_.timeout) options_.timeout = kImportTimeout;
  const auto bucket = clients_[0].bucket(context_.settings.bucket, options_);
  if (!bucket) return fail(bucket.error());
  if (bucket->mode == BucketMode::wmrm) usual_kind_ = EntryKind::put;
  if (!request_.once) return {};
  const auto once = clients_[0].once(*request_.once, options_);
  if (!once) return fail(once.error());
  once_ = *once;
  return {};
}

void Importer::run(LineReader& reader, std::uint64_t size, Progress& progress) {
  while (!outcome_.failed() && !interrupted()) {
    const auto line = reader.next();
    if (!line) {
      outcome_.note_failure(reader.lines() + 1, line.error());
      return;
    }
    if (!*line) return;
    if (auto status = take_line(**line, reader.lines()); !status) {
      outcome_.complete(reader.lines(), fail(status.error()));
    }
    if (reader.lines() % 1024 != 0) continue;
    progress.update(
        outcome_.acknowledged(),
        size == 0 ? std::nullopt
                  : std::optional(static_cast<double>(reader.bytes()) / static_cast<double>(size)));
  }
}

void Importer::flush() {
  for (Client& client : clients_) client.flush();
}

Status Importer::take_line(std::string_view line, std::uint64_t number) {
  return request_.format == RecordFormat::tsv ? take_tsv(line, number) : take_jsonl(line, number);
}

Status Importer::take_tsv(std::string_view line, std::uint64_t number) {
  const auto record = parse_tsv(line, scratch_);
  if (!record) return fail(record.error());
  Values values;
  values.push_back(record->value);
  send(record->key, std::move(values), usual_kind_, std::nullopt, number);
  return {};
}

Status Importer::take_jsonl(std::string_view line, std::uint64_t number) {
  auto record = parse_json_record(line);
  if (!record) {
    if (number > 1 || record.error().code != ErrorCode::malformed) return fail(record.error());
    return fail(ErrorCode::malformed, record.error().message + " (is it --format tsv?)");
  }
  if (!record->kind && usual_kind_ == EntryKind::put && record->values.size() != 1) {
    return fail(ErrorCode::malformed, "a put has one value");
  }
  send(record->key, std::move(record->values), record->kind.value_or(usual_kind_), record->stamp,
       number);
  return {};
}

void Importer::send(std::string_view key, Values values, EntryKind kind, std::optional<Stamp> stamp,
                    std::uint64_t number) {
  const auto done = [outcome = &outcome_, number](const Result<Stamp>& result,
                                                  std::optional<Stamp>) {
    outcome->complete(number, result);
  };
  if (!stamp && once_) stamp = once_->stamp(number);
  if (kind == EntryKind::append) {
    options_.stamp = stamp;
    client_of(key).append_async(key, std::move(values), options_, done);
    return;
  }
  Entry entry{context_.settings.bucket, std::string(key), {}, kind, std::move(values), {}};
  entry.stamp = stamp ? *stamp : clock_.next(wall_now());
  client_of(key).write_async(std::move(entry), options_, done);
}

// All entries of a key go the same way, so that they keep their order.
Client& Importer::client_of(std::string_view key) {
  return clients_[clients_.size() == 1 ? 0 : hash64(key) % clients_.size()];
}

// The file, or standard input, and its size if it has one.
struct Input {
  int descriptor = STDIN_FILENO;
  std::uint64_t size = 0;
};

Result<Input> open_input(const std::string& file) {
  Input input;
  if (file != "-") input.descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info{};
  if (input.descriptor < 0 || ::fstat(input.descriptor, &info) != 0) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: {}", printable(file), std::strerror(errno)));
  }
  if (S_ISDIR(info.st_mode)) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} is a directory", printable(file)));
  }
  if (S_ISREG(info.st_mode)) input.size = static_cast<std::uint64_t>(info.st_size);
  return input;
}

Error failed_import(const Outcome& outcome, const ImportRequest& request) {
  Error error = *outcome.failure();
  const bool bad_line = Outcome::is_bad_line(error.code);
  error.message +=
      fmt::format("; entries acknowledged: {}{}", format_number(outcome.acknowledged()),
                  bad_line       ? "; --skip-bad passes over such lines"
                  : request.once ? "; run it again to go on"
                                 : "");
  return error;
}

}  // namespace

Result<Exit> run_import(Context& context) {
  const auto request = parse_import(context.arguments);
  if (!request) return fail(request.error());
  const auto input = open_input(request->file);
  if (!input) return fail(input.error());
  Importer importer(context, *request);
  if (auto status = importer.prepare(); !status) return fail(status.error());
  note_interrupts();
  Progress progress(context.out.style().quiet);
  LineReader reader(input->descriptor, context.out.style().terminator, interrupted);
  importer.run(reader, input->size, progress);
  importer.flush();
  progress.clear();
  if (input->descriptor != STDIN_FILENO) ::close(input->descriptor);
  const Outcome& outcome = importer.outcome();
  if (outcome.failed()) return fail(failed_import(outcome, *request));
  show(context.out, ImportSummary{outcome.acknowledged(), reader.lines(), outcome.bad(),
                                  progress.seconds(), interrupted()});
  return interrupted() ? Exit::interrupted : Exit::done;
}

Result<Exit> run_export(Context& context) {
  const auto format = record_format(context.arguments, "");
  if (!format) return fail(format.error());
  if (auto status = check_read_level(context.settings); !status) return fail(status.error());
  auto client = open_client(context, Purpose::read);
  if (!client) return fail(client.error());
  KeysOptions options;
  context.settings.apply(options);
  if (!context.operands().empty()) options.prefix = context.operands()[0];
  Progress progress(context.out.style().quiet || context.out.style().terminal);
  std::uint64_t done = 0;
  EntryRange entries = client->entries(options);
  for (const auto& entry : entries) {
    if (!entry) return fail(entry.error());
    std::string& out = context.out.buffer();
    if (*format == RecordFormat::jsonl) {
      append_json_record(out, *entry);
    } else {
      for (const std::string_view value : entry->values) append_tsv(out, entry->key, value);
    }
    context.out.written();
    if (!context.out.good()) break;
    if (++done % 1024 == 0) progress.update(done, std::nullopt);
  }
  return Exit::done;
}

}  // namespace kipu::cli

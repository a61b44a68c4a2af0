// import: many entries, appended as fast as the store takes them.
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
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
#include "client/cli/record_line.h"
#include "client/cli/results.h"
#include "client/cli/session.h"
#include "client/cli/text.h"
#include "client/cli/tsv.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

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
      : context_(context),
        request_(request),
        bucket_given_(context.arguments.has("bucket")),
        outcome_(request.skip_bad) {}

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
  // Where the record goes: where it says, else where the command line or the settings say.
  Result<std::string> bucket_of(const JsonRecord& record) const;
  // The kind of that bucket's records that name none.
  Result<EntryKind> usual_kind(const std::string& bucket, std::optional<EntryKind> wanted);
  void send(Entry entry, std::optional<Stamp> stamp, std::uint64_t number);
  Client& client_of(std::string_view key);

  Context& context_;
  const ImportRequest& request_;
  const bool bucket_given_;  // on the command line: then every record goes there, or is refused
  Outcome outcome_;
  std::vector<Client> clients_;
  AppendOptions options_;
  std::map<std::string, EntryKind> usual_kinds_;  // by bucket, of those that records went to
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
  if (!options_.timeout) options_.timeout = kBulkTimeout;
  // Of a jsonl, each record may name a bucket, and this one may not be meant at all.
  if (request_.format == RecordFormat::tsv || bucket_given_) {
    const auto kind = usual_kind(context_.settings.bucket, std::nullopt);
    if (!kind) return fail(kind.error());
  }
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
  const auto text = record_text(line, number, context_.out.style().terminator);
  if (!text) return fail(text.error());
  return request_.format == RecordFormat::tsv ? take_tsv(*text, number) : take_jsonl(*text, number);
}

Status Importer::take_tsv(std::string_view line, std::uint64_t number) {
  if (line.empty()) return {};
  const auto record = parse_tsv(line, scratch_);
  if (!record) return fail(record.error());
  const std::string& bucket = context_.settings.bucket;
  const auto kind = usual_kind(bucket, std::nullopt);
  if (!kind) return fail(kind.error());
  Values values;
  values.push_back(record->value);
  send({bucket, std::string(record->key), {}, *kind, std::move(values), {}}, std::nullopt, number);
  return {};
}

Status Importer::take_jsonl(std::string_view line, std::uint64_t number) {
  if (is_blank_json(line)) return {};
  auto record = parse_json_record(line);
  if (!record) {
    if (number > 1 || line.find('{') == 0) return fail(record.error());
    return fail(record.error().code, record.error().message + " (is it --format tsv?)");
  }
  auto bucket = bucket_of(*record);
  if (!bucket) return fail(bucket.error());
  const auto usual = usual_kind(*bucket, record->kind);
  if (!usual) return fail(usual.error());
  const EntryKind kind = record->kind.value_or(*usual);
  if (kind == EntryKind::put && record->values.size() != 1) {
    return fail(ErrorCode::malformed, "a put has one value");
  }
  if (auto status = check_digest(*record, *bucket, kind); !status) return status;
  send({*std::move(bucket), std::move(record->key), {}, kind, std::move(record->values), {}},
       record->stamp, number);
  return {};
}

Result<std::string> Importer::bucket_of(const JsonRecord& record) const {
  const std::string& otherwise = context_.settings.bucket;
  if (!record.bucket || *record.bucket == otherwise) return otherwise;
  if (!bucket_given_) return *record.bucket;
  return fail(ErrorCode::invalid_argument,
              fmt::format("the record is of bucket '{}', and --bucket says '{}': without --bucket "
                          "it goes where it belongs",
                          *record.bucket, otherwise));
}

Result<EntryKind> Importer::usual_kind(const std::string& bucket, std::optional<EntryKind> wanted) {
  const auto known = usual_kinds_.find(bucket);
  if (known != usual_kinds_.end()) return known->second;
  const auto found = clients_[0].bucket(bucket, options_);
  if (!found && found.error().code == ErrorCode::unknown_bucket) {
    return fail(
        ErrorCode::unknown_bucket,
        fmt::format("there is no bucket '{0}': `kipu bucket create {0}{1}` makes it", bucket,
                    wanted.value_or(EntryKind::append) == EntryKind::append ? "" : " --mode wmrm"));
  }
  if (!found) return fail(found.error());
  const EntryKind kind = found->mode == BucketMode::wmrm ? EntryKind::put : EntryKind::append;
  usual_kinds_.emplace(bucket, kind);
  return kind;
}

void Importer::send(Entry entry, std::optional<Stamp> stamp, std::uint64_t number) {
  const auto done = [outcome = &outcome_, number](const Result<Stamp>& result,
                                                  std::optional<Stamp>) {
    outcome->complete(number, result);
  };
  if (!stamp && once_) stamp = once_->stamp(number);
  Client& client = client_of(entry.key);
  if (entry.kind == EntryKind::append) {
    options_.stamp = stamp;
    options_.bucket = entry.bucket;
    client.append_async(entry.key, std::move(entry.values), options_, done);
    return;
  }
  entry.stamp = stamp ? *stamp : clock_.next(wall_now());
  client.write_async(std::move(entry), options_, done);
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

}  // namespace kipu::cli

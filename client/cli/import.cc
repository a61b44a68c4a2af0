// import: many entries, appended as fast as the store takes them.
#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "client/cli/handlers.h"
#include "client/cli/import_request.h"
#include "client/cli/line_reader.h"
#include "client/cli/progress.h"
#include "client/cli/record_parser.h"
#include "client/cli/repeatable_input.h"
#include "client/cli/results.h"
#include "client/cli/session.h"
#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

constexpr std::size_t kBadLinesTold = 10;
constexpr std::string_view kChanged =
    "the input changed while it was read: it was imported in part";

// What the entries on their way came to. Thread rule: complete() by any thread.
class Outcome {
 public:
  explicit Outcome(bool skip_bad) : skip_bad_(skip_bad) {}

  void complete(std::uint64_t line, const Result<Stamp>& result) {
    if (result) {
      acknowledged_.fetch_add(1, std::memory_order_relaxed);
    } else {
      note_bad(line, result.error());
    }
  }
  void complete(std::uint64_t line, const Result<Imported>& result) {
    if (!result) return note_bad(line, result.error());
    acknowledged_.fetch_add(1, std::memory_order_relaxed);
    if (!result->was_there) untold_.fetch_add(1, std::memory_order_relaxed);
    if (result->was_there.value_or(false)) there_.fetch_add(1, std::memory_order_relaxed);
  }
  // Of a line that is wrong: to be passed over, or a failure.
  void note_bad(std::uint64_t line, const Error& error) {
    if (!skip_bad_ || !is_bad_line(error.code)) return note_failure(line, error);
    const std::lock_guard lock(mutex_);
    ++bad_;
    first_bad_.emplace(line, error.message);
    if (first_bad_.size() > kBadLinesTold) first_bad_.erase(std::prev(first_bad_.end()));
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

  bool failed() const { return failed_; }
  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t there() const { return there_; }
  std::uint64_t untold() const { return untold_; }
  std::uint64_t bad() const {
    const std::lock_guard lock(mutex_);
    return bad_;
  }
  // Which lines were passed over, the first few of them with what is wrong there.
  void tell_bad(const Style& style) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [line, why] : first_bad_) {
      note(style, fmt::format("kipu: line {} was skipped: {}", line, why));
    }
    if (bad_ <= first_bad_.size()) return;
    note(style, fmt::format("kipu: and {} more lines", format_number(bad_ - first_bad_.size())));
  }
  std::optional<Error> failure() const {
    const std::lock_guard lock(mutex_);
    if (!failure_) return std::nullopt;
    return Error{failure_->code, fmt::format("line {}: {}", failure_line_, failure_->message)};
  }

 private:
  const bool skip_bad_;
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<std::uint64_t> there_{0};   // of these, before this import sent them
  std::atomic<std::uint64_t> untold_{0};  // of these, whether they were
  std::atomic<bool> failed_{false};
  mutable std::mutex mutex_;  // guards what follows
  std::uint64_t bad_ = 0;
  std::map<std::uint64_t, std::string> first_bad_;  // by line: what is wrong
  std::optional<Error> failure_;
  std::uint64_t failure_line_ = 0;
};

class Importer {
 public:
  Importer(Context& context, const ImportRequest& request)
      : context_(context), request_(request), outcome_(request.skip_bad) {}

  // Connects, and looks whether the bucket that is named is there.
  Status prepare();
  // Looks through all of it, and learns which stamps to give, or that its name stands for other
  // records.
  Status begin_once(RepeatableInput& input);
  // Reads to the end, or until something is wrong, or the user interrupts.
  void run(LineReader& reader, std::uint64_t size, Progress& progress);
  void flush();

  const Outcome& outcome() const { return outcome_; }

 private:
  Status walk(RepeatableInput& input, const std::function<bool(const OnceRecord&)>& take);
  void take_line(std::string_view line, std::uint64_t number);
  Status check_unchanged(const Record& record, std::uint64_t number);
  void send(Record record, std::uint64_t number);
  Client& client_of(std::string_view key);

  Context& context_;
  const ImportRequest& request_;
  Outcome outcome_;
  std::vector<Client> clients_;
  AppendOptions options_;
  std::optional<RecordParser> parser_;
  std::optional<Once> once_;
  OnceSum sum_;                                                          // of what was stored of it
  HybridClock clock_{Rng::from_system().next(), limits::kMaxClockSkew};  // of puts
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
  parser_.emplace(context_, request_, clients_[0], options_);
  return parser_->check_bucket();
}

Status Importer::begin_once(RepeatableInput& input) {
  const auto content = [&](const auto& take) { return walk(input, take); };
  const auto once = clients_[0].once(*request_.once, content, options_);
  if (!once) return fail(once.error());
  once_ = *once;
  return {};
}

// What is skipped as bad is no part of the content.
Status Importer::walk(RepeatableInput& input, const std::function<bool(const OnceRecord&)>& take) {
  const auto descriptor = input.begin();
  if (!descriptor) return fail(descriptor.error());
  LineReader reader(*descriptor, context_.out.style().terminator, interrupted);
  while (!interrupted()) {
    const auto line = reader.next();
    if (!line) return fail(line.error());
    if (!*line) return {};
    const auto record = parser_->parse(**line, reader.lines());
    if (record && *record && !take((*record)->in_short(reader.lines()))) return {};
    if (record || (request_.skip_bad && Outcome::is_bad_line(record.error().code))) continue;
    return fail(record.error().code, fmt::format("line {}: {}; nothing was stored", reader.lines(),
                                                 record.error().message));
  }
  return fail(ErrorCode::cancelled, "interrupted before anything was stored");
}

void Importer::run(LineReader& reader, std::uint64_t size, Progress& progress) {
  while (!outcome_.failed() && !interrupted()) {
    const auto line = reader.next();
    if (!line) {
      outcome_.note_failure(reader.lines() + 1, line.error());
      return;
    }
    if (!*line) break;
    take_line(**line, reader.lines());
    if (reader.lines() % 1024 != 0) continue;
    progress.update(
        outcome_.acknowledged(),
        size == 0 ? std::nullopt
                  : std::optional(static_cast<double>(reader.bytes()) / static_cast<double>(size)));
  }
  if (!once_ || outcome_.failed() || interrupted() || sum_ == once_->content()) return;
  outcome_.note_failure(reader.lines(), {ErrorCode::content_differs, std::string(kChanged)});
}

void Importer::flush() {
  for (Client& client : clients_) client.flush();
}

void Importer::take_line(std::string_view line, std::uint64_t number) {
  auto record = parser_->parse(line, number);
  if (!record) return outcome_.note_bad(number, record.error());
  if (!*record) return;
  if (auto same = check_unchanged(**record, number); !same) {
    return outcome_.note_failure(number, same.error());
  }
  send(**std::move(record), number);
}

// What was added to the input after it was looked through is not what its name stands for.
Status Importer::check_unchanged(const Record& record, std::uint64_t number) {
  if (!once_) return {};
  sum_.add(record.in_short(number));
  if (sum_.records <= once_->content().records) return {};
  return fail(ErrorCode::content_differs, std::string(kChanged));
}

// Of what brings a stamp along, or was begun before, it is asked whether it is there: that costs a
// look-up for each.
void Importer::send(Record record, std::uint64_t number) {
  std::optional<Stamp> stamp = record.stamp;
  const bool may_be_there = stamp || (once_ && once_->again());
  if (!stamp && once_) stamp = once_->stamp(number);
  Entry& entry = record.entry;
  Client& client = client_of(entry.key);
  if (may_be_there) {
    entry.stamp = *stamp;
    client.import_async(std::move(entry), options_,
                        [outcome = &outcome_, number](const Result<Imported>& result) {
                          outcome->complete(number, result);
                        });
    return;
  }
  const auto done = [outcome = &outcome_, number](const Result<Stamp>& result,
                                                  std::optional<Stamp>) {
    outcome->complete(number, result);
  };
  if (entry.kind == EntryKind::append) {
    options_.bucket = entry.bucket;
    options_.stamp = stamp;
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
  auto input = open_input(request->file);
  if (!input) return fail(input.error());
  Importer importer(context, *request);
  if (auto status = importer.prepare(); !status) return fail(status.error());
  note_interrupts();
  std::optional<RepeatableInput> twice;  // read to look through it, and to store it
  if (request->once) {
    auto made = RepeatableInput::of(input->descriptor, interrupted);
    if (!made) return fail(made.error());
    twice.emplace(*std::move(made));
    if (auto status = importer.begin_once(*twice); !status) return fail(status.error());
    const auto again = twice->begin();
    if (!again) return fail(again.error());
    input->descriptor = *again;
  }
  Progress progress(context.out.style().quiet);
  LineReader reader(input->descriptor, context.out.style().terminator, interrupted);
  importer.run(reader, input->size, progress);
  importer.flush();
  progress.clear();
  const Outcome& outcome = importer.outcome();
  outcome.tell_bad(context.out.style());
  if (outcome.failed()) return fail(failed_import(outcome, *request));
  show(context.out, ImportSummary{outcome.acknowledged() - outcome.there() - outcome.untold(),
                                  outcome.there(), outcome.untold(), reader.lines(), outcome.bad(),
                                  progress.seconds(), interrupted()});
  return interrupted() ? Exit::interrupted : Exit::done;
}

}  // namespace kipu::cli

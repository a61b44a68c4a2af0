// append, put, remove.
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "client/cli/handlers.h"
#include "client/cli/line_reader.h"
#include "client/cli/ordered_acks.h"
#include "client/cli/repeatable_input.h"
#include "client/cli/results.h"
#include "client/cli/session.h"
#include "client/cli/text.h"

namespace kipu::cli {
namespace {

// What is on its way when the user interrupts has so long to be answered.
constexpr int kMomentMilliseconds = 2'000;

// Where the values of an append come from.
enum class Source { operands, lines, lines_together, file };

bool is_dash(const Arguments& arguments, std::size_t operand) {
  return arguments.operands()[operand] == "-" && !arguments.literal(operand);
}

Status check_once(const Arguments& arguments) {
  const auto name = arguments.get("once");
  if (!name) return {};
  if (name->empty()) {
    return fail(ErrorCode::invalid_argument, "append: --once needs a name, the same at each run");
  }
  if (!arguments.has("stamp")) return {};
  return fail(ErrorCode::invalid_argument,
              "append: --once gives the stamps, so it goes without --stamp");
}

Result<Source> source_of(const Context& context) {
  const Arguments& arguments = context.arguments;
  if (auto status = check_once(arguments); !status) return fail(status.error());
  const auto& operands = arguments.operands();
  const bool dash = operands.size() == 2 && is_dash(arguments, 1);
  if (arguments.has("file")) {
    if (operands.size() == 1) return Source::file;
    return fail(ErrorCode::invalid_argument, "append: values and --file exclude each other");
  }
  if (dash && arguments.has("stamp") && !arguments.has("together")) {
    return fail(ErrorCode::invalid_argument,
                "append: --stamp is of one entry: with `-`, it takes --together");
  }
  if (dash) return arguments.has("together") ? Source::lines_together : Source::lines;
  if (arguments.has("together")) {
    return fail(ErrorCode::invalid_argument,
                "append: --together goes with `-`, values read from standard input");
  }
  for (std::size_t i = 1; !dash && i < operands.size(); ++i) {
    if (!is_dash(arguments, i)) continue;
    return fail(ErrorCode::invalid_argument,
                "append: `-` is standard input and stands alone; as a value it goes after `--`");
  }
  if (operands.size() > 1) return Source::operands;
  return fail(
      ErrorCode::invalid_argument,
      "append: no value: kipu append KEY VALUE…, or `-` for standard input, or --file PATH");
}

tl::unexpected<Error> file_error(std::string_view path) {
  return fail(ErrorCode::invalid_argument,
              fmt::format("{}: {}", printable(path), std::strerror(errno)));
}

Result<std::string> read_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return file_error(path);
  // One byte more than any entry can have is enough to be refused.
  std::string bytes(limits::kLargestMaxPairBytes + 1, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = ::read(descriptor, bytes.data() + size, bytes.size() - size);
    if (got == 0 || (got < 0 && errno != EINTR)) break;
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  const bool failed = size < bytes.size() && ::read(descriptor, bytes.data(), 0) < 0;
  ::close(descriptor);
  if (failed) return file_error(path);
  bytes.resize(size);
  return bytes;
}

Result<Values> read_together(char terminator) {
  LineReader reader(STDIN_FILENO, terminator, nullptr);
  Values values;
  while (true) {
    const auto line = reader.next();
    if (!line) return fail(line.error());
    if (!*line) break;
    values.push_back(**line);
    if (values.value_bytes() > limits::kLargestMaxPairBytes) {
      return fail(ErrorCode::too_large,
                  "standard input: more than one entry can hold, which is 1MiB at most");
    }
  }
  if (values.empty()) return fail(ErrorCode::invalid_argument, "standard input was empty");
  return values;
}

Result<Values> collect_values(const Context& context, Source source) {
  Values values;
  if (source == Source::lines_together) return read_together(context.out.style().terminator);
  if (source == Source::file) {
    const auto bytes = read_file(std::string(*context.arguments.get("file")));
    if (!bytes) return fail(bytes.error());
    values.push_back(*bytes);
    return values;
  }
  for (std::size_t i = 1; i < context.operands().size(); ++i) {
    values.push_back(context.operands()[i]);
  }
  return values;
}

// The value of a put.
Result<std::string> put_value(const Context& context) {
  const Arguments& arguments = context.arguments;
  const auto& operands = arguments.operands();
  if (arguments.has("file")) {
    if (operands.size() == 1) return read_file(std::string(*arguments.get("file")));
    return fail(ErrorCode::invalid_argument, "put: a value and --file exclude each other");
  }
  if (operands.size() == 1) {
    return fail(ErrorCode::invalid_argument,
                "put: no value: kipu put KEY VALUE, or `-` for standard input, or --file PATH");
  }
  if (!is_dash(arguments, 1)) return operands[1];
  const auto lines = read_together(context.out.style().terminator);
  if (!lines) return fail(lines.error());
  if (lines->size() == 1) return std::string(lines->front());
  return fail(ErrorCode::invalid_argument,
              fmt::format("put: standard input has {} lines, and a key one value: `--file "
                          "/dev/stdin` instead of `-` takes all its bytes",
                          lines->size()));
}

Result<AppendOptions> append_options(const Context& context) {
  AppendOptions options;
  context.settings.apply(options);
  const auto text = context.arguments.get("stamp");
  if (!text) return options;
  options.stamp = Stamp::parse(*text);
  if (!options.stamp) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("--stamp: {} is no stamp: write the 32 hex digits that were shown",
                            in_quotes(*text)));
  }
  return options;
}

// What a name of `--once` stands for of one entry.
OnceRecord in_short(const Context& context, const Values& values, std::uint64_t number) {
  return {number,
          make_entry(context.settings.bucket, context.operands()[0], {}, EntryKind::append, values)
              .digest.bits};
}

Values only_value(std::string_view line) {
  Values values;
  values.push_back(line);
  return values;
}

std::string once_name(const Context& context) {
  return std::string(*context.arguments.get("once"));
}

// Looks through all lines, and learns which stamps to give.
Result<Once> once_of_lines(const Context& context, Client& client, RepeatableInput& input) {
  const auto content = [&](const std::function<bool(const OnceRecord&)>& take) -> Status {
    const auto descriptor = input.begin();
    if (!descriptor) return fail(descriptor.error());
    LineReader reader(*descriptor, context.out.style().terminator, interrupted);
    while (!interrupted()) {
      const auto line = reader.next();
      if (!line) return fail(line.error());
      if (!*line || !take(in_short(context, only_value(**line), reader.lines()))) return {};
    }
    return fail(ErrorCode::cancelled, "interrupted before anything was stored");
  };
  CallOptions options;
  context.settings.apply(options);
  if (!options.timeout) options.timeout = kBulkTimeout;
  return client.once(once_name(context), content, options);
}

// The same of an append that is one entry: its number is 1.
Result<Once> once_of_entry(const Context& context, Client& client, const Values& values) {
  const auto content = [&](const std::function<bool(const OnceRecord&)>& take) -> Status {
    take(in_short(context, values, 1));
    return {};
  };
  CallOptions options;
  context.settings.apply(options);
  return client.once(once_name(context), content, options);
}

// Each line an entry, many on their way at once; stamps are shown in order, each as soon as no
// other is ready, so that whoever waits for one before writing the next line gets it.
class LineAppender {
 public:
  // Reads from `input`. `once` gives the stamps of its lines, if they have a name.
  LineAppender(Context& context, Client& client, int input, std::optional<Once> once)
      : context_(context),
        client_(client),
        input_(input),
        once_(once),
        options_(*append_options(context)),  // without --stamp it cannot fail
        list_(context.out, "stamps"),
        acks_({[this](Stamp stamp) { list_.add(StampRow{stamp}); }, [this] { rest(); },
               [this] { enough_.ring(); }},
              LineFates(context.settings.level == Level::none ? "sent" : "stored")),
        impatience_([this] { lose_patience(); }) {
    if (!options_.timeout) options_.timeout = kBulkTimeout;
    options_.stop = stop_.get_token();
  }
  LineAppender(const LineAppender&) = delete;
  LineAppender& operator=(const LineAppender&) = delete;
  ~LineAppender() { done_.ring(); }

  Result<Exit> run();

 private:
  // To the end of standard input, or until it was enough.
  Status read_lines(LineReader& reader);
  Status check_unchanged(bool at_end) const;
  void append(Values values);
  void rest();
  void lose_patience();
  Exit failed(const Error& error, Exit exit) const;

  Context& context_;
  Client& client_;
  const int input_;
  const std::optional<Once> once_;
  OnceSum sum_;  // of the lines so far, where they have a name
  AppendOptions options_;
  std::stop_source stop_;
  Alarm interrupt_;
  const InterruptRings interrupt_rings_{interrupt_};
  Alarm enough_;  // no more lines: one failed, or the output is lost, or the user interrupts
  Alarm done_;
  List list_;
  LineFates fates_;
  OrderedAcks acks_;
  std::jthread impatience_;
};

Result<Exit> LineAppender::run() {
  LineReader reader(input_, context_.out.style().terminator, enough_);
  const auto status = read_lines(reader);
  client_.flush();
  acks_.finish();
  fates_ = acks_.fates();
  if (!status || !reader.at_end()) fates_.leave_rest();
  if (interrupted()) return failed({ErrorCode::cancelled, "interrupted"}, Exit::interrupted);
  if (const auto failure = acks_.failure()) {
    const Error& error = failure->error;
    return failed({error.code, fmt::format("line {}: {}", failure->number, error.message)},
                  exit_of(error.code));
  }
  if (!status) return failed(status.error(), exit_of(status.error().code));
  if (context_.out.good()) {
    list_.finish();
  } else {
    report(LinesReport{&fates_}, context_.out.style());
  }
  return Exit::done;
}

Status LineAppender::read_lines(LineReader& reader) {
  while (!enough_.rung()) {
    const auto line = reader.next();
    if (!line) return fail(line.error());
    // Where the wait was ended, there is more, and what ended it is said elsewhere.
    if (!*line) return reader.at_end() ? check_unchanged(true) : Status();
    Values values = only_value(**line);
    if (once_) sum_.add(in_short(context_, values, reader.lines()));
    if (auto same = check_unchanged(false); !same) return same;
    append(std::move(values));
  }
  return {};
}

// What its name stands for was looked through before.
Status LineAppender::check_unchanged(bool at_end) const {
  if (!once_) return {};
  const OnceSum& content = once_->content();
  if (at_end ? sum_ == content : sum_.records <= content.records) return {};
  return fail(ErrorCode::content_differs, "the input changed while it was read");
}

void LineAppender::append(Values values) {
  const std::uint64_t number = acks_.reserve();
  if (once_) options_.stamp = once_->stamp(number);
  client_.append_async(context_.operands()[0], std::move(values), options_,
                       [this, number](const Result<Stamp>& result, std::optional<Stamp> stamp) {
                         acks_.complete(number, result, stamp);
                       });
}

void LineAppender::rest() {
  context_.out.flush();
  if (!context_.out.good()) enough_.ring();
}

// Once the user interrupts, what is on its way has a moment to be answered, and is then given up.
void LineAppender::lose_patience() {
  wait_for_either(interrupt_, done_, -1);
  enough_.ring();
  wait_for_either(done_, done_, kMomentMilliseconds);
  stop_.request_stop();
}

Exit LineAppender::failed(const Error& error, Exit exit) const {
  return report(ErrorReport{error, exit, &fates_}, context_.out.style());
}

Result<Exit> append_each(Context& context) {
  auto client = open_client(context, Purpose::write);
  if (!client) return fail(client.error());
  if (!context.arguments.has("once")) {
    return LineAppender(context, *client, STDIN_FILENO, std::nullopt).run();
  }
  note_interrupts();
  auto input = RepeatableInput::of(STDIN_FILENO, interrupted);
  if (!input) return fail(input.error());
  const auto once = once_of_lines(context, *client, *input);
  if (!once) return fail(once.error());
  const auto descriptor = input->begin();
  if (!descriptor) return fail(descriptor.error());
  return LineAppender(context, *client, *descriptor, *once).run();
}

Result<Exit> show_stamp(Context& context, const Result<Stamp>& stamp) {
  if (!stamp) return fail(stamp.error());
  show(context.out, StampRow{*stamp});
  return Exit::done;
}

// In a worm bucket there is a way to do what was probably meant.
Error with_remedy(const Error& error, const std::string& bucket, std::string_view instead) {
  if (error.code != ErrorCode::wrong_mode) return error;
  return {error.code, fmt::format("bucket '{}' is write-once: {}", bucket, instead)};
}

}  // namespace

Result<Exit> run_append(Context& context) {
  if (auto status = check_not_reserved(context); !status) return fail(status.error());
  const auto source = source_of(context);
  if (!source) return fail(source.error());
  if (*source == Source::lines) return append_each(context);
  auto values = collect_values(context, *source);
  if (!values) return fail(values.error());
  auto options = append_options(context);
  if (!options) return fail(options.error());
  auto client = open_client(context, Purpose::write);
  if (!client) return fail(client.error());
  if (context.arguments.has("once")) {
    const auto once = once_of_entry(context, *client, *values);
    if (!once) return fail(once.error());
    options->stamp = once->stamp(1);
  }
  return show_stamp(context, client->append(context.operands()[0], *std::move(values), *options));
}

Result<Exit> run_put(Context& context) {
  if (auto status = check_not_reserved(context); !status) return fail(status.error());
  const auto options = append_options(context);
  if (!options) return fail(options.error());
  const auto value = put_value(context);
  if (!value) return fail(value.error());
  auto client = open_client(context, Purpose::write);
  if (!client) return fail(client.error());
  const auto stamp = client->put(context.operands()[0], *value, *options);
  if (stamp) return show_stamp(context, stamp);
  return fail(with_remedy(stamp.error(), context.settings.bucket,
                          "use `kipu append`, or a bucket made with `kipu bucket create NAME "
                          "--mode wmrm`"));
}

Result<Exit> run_remove(Context& context) {
  if (auto status = check_not_reserved(context); !status) return fail(status.error());
  const auto options = append_options(context);
  if (!options) return fail(options.error());
  auto client = open_client(context, Purpose::write);
  if (!client) return fail(client.error());
  const auto stamp = client->remove(context.operands()[0], *options);
  if (stamp) return show_stamp(context, stamp);
  return fail(with_remedy(stamp.error(), context.settings.bucket,
                          "what was appended stays; only buckets of mode wmrm have removals"));
}

}  // namespace kipu::cli

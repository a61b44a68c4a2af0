// append, put, remove.
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "client/cli/handlers.h"
#include "client/cli/line_reader.h"
#include "client/cli/ordered_acks.h"
#include "client/cli/results.h"
#include "client/cli/session.h"
#include "client/cli/text.h"

namespace kipu::cli {
namespace {

// Where the values of an append come from.
enum class Source { operands, lines, lines_together, file };

Result<Source> source_of(const Context& context) {
  const Arguments& arguments = context.arguments;
  const auto& operands = arguments.operands();
  const bool dash = operands.size() == 2 && operands[1] == "-" && !arguments.literal(1);
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
                  "standard input: more than one entry can hold, which is "
                  "1MiB at most; leave out --together");
    }
  }
  if (values.empty()) return fail(ErrorCode::invalid_argument, "append: standard input was empty");
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

Result<AppendOptions> append_options(const Context& context) {
  AppendOptions options;
  context.settings.apply(options);
  const auto text = context.arguments.get("stamp");
  if (!text) return options;
  options.stamp = Stamp::parse(*text);
  if (!options.stamp) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("{} is no stamp: write the 32 hex digits that were shown", in_quotes(*text)));
  }
  return options;
}

Status append_lines(Client& client, const Context& context, OrderedAcks& acks) {
  LineReader reader(STDIN_FILENO, context.out.style().terminator, interrupted);
  const AppendOptions options = *append_options(context);  // without --stamp it cannot fail
  while (!interrupted() && !acks.failure()) {
    const auto line = reader.next();
    if (!line) return fail(line.error());
    if (!*line) break;
    Values values;
    values.push_back(**line);
    const std::uint64_t number = acks.reserve();
    client.append_async(context.operands()[0], std::move(values), options,
                        [&acks, number](const Result<Stamp>& result, std::optional<Stamp>) {
                          acks.complete(number, result);
                        });
  }
  return {};
}

// Each line an entry, many on their way at once; stamps are shown in order.
Result<Exit> append_each(Context& context) {
  auto client = open_client(context, Purpose::write);
  if (!client) return fail(client.error());
  note_interrupts();
  List list(context.out, "stamps");
  OrderedAcks acks([&](Stamp stamp) { list.add(StampRow{stamp}); });
  const auto status = append_lines(*client, context, acks);
  client->flush();
  acks.finish();
  list.finish();
  if (const auto failure = acks.failure()) {
    return fail(failure->error.code,
                fmt::format("line {}: {}; entries acknowledged: {}", failure->number,
                            failure->error.message, acks.acknowledged()));
  }
  if (!status) return fail(status.error());
  if (!interrupted()) return Exit::done;
  note(context.out.style(),
       fmt::format("kipu: interrupted; entries acknowledged: {}", acks.acknowledged()));
  return Exit::interrupted;
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
  const auto source = source_of(context);
  if (!source) return fail(source.error());
  if (*source == Source::lines) return append_each(context);
  auto values = collect_values(context, *source);
  if (!values) return fail(values.error());
  const auto options = append_options(context);
  if (!options) return fail(options.error());
  auto client = open_client(context, Purpose::write);
  if (!client) return fail(client.error());
  return show_stamp(context, client->append(context.operands()[0], *std::move(values), *options));
}

Result<Exit> run_put(Context& context) {
  const auto options = append_options(context);
  if (!options) return fail(options.error());
  auto client = open_client(context, Purpose::write);
  if (!client) return fail(client.error());
  const auto stamp = client->put(context.operands()[0], context.operands()[1], *options);
  if (stamp) return show_stamp(context, stamp);
  return fail(with_remedy(stamp.error(), context.settings.bucket,
                          "use `kipu append`, or a bucket made with `kipu bucket create NAME "
                          "--mode wmrm`"));
}

Result<Exit> run_remove(Context& context) {
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

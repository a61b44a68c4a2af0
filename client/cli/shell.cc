// shell: the store at a prompt.
#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "client/cli/config.h"
#include "client/cli/handlers.h"
#include "client/cli/line_editor.h"
#include "client/cli/results.h"
#include "client/cli/session.h"
#include "client/cli/shell_words.h"
#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

constexpr std::size_t kMostCompletions = 200;

// A prompt's state.
struct Shell {
  Context& context;
  Client client;
  std::string bucket;
  bool done = false;

  template <class Options>
  Options options() const {
    Options made;
    static_cast<CallOptions&>(made) = read_options<CallOptions>(context);
    made.bucket = bucket;
    return made;
  }
};

using Words = std::vector<std::string>;

struct ShellCommand {
  std::string_view name;  // in capitals; typed in any case
  std::string_view operands;
  std::string_view summary;
  std::size_t least = 0;
  std::size_t most = 0;
  Status (*run)(Shell&, const Words&) = nullptr;
};

Status show_stamp(Shell& shell, const Result<Stamp>& stamp) {
  if (!stamp) return fail(stamp.error());
  show(shell.context.out, StampRow{*stamp});
  return {};
}

Status do_append(Shell& shell, const Words& words) {
  Values values;
  for (std::size_t i = 2; i < words.size(); ++i) values.push_back(words[i]);
  return show_stamp(
      shell, shell.client.append(words[1], std::move(values), shell.options<AppendOptions>()));
}

Status do_put(Shell& shell, const Words& words) {
  const auto stamp = shell.client.put(words[1], words[2], shell.options<AppendOptions>());
  if (stamp || stamp.error().code != ErrorCode::wrong_mode) return show_stamp(shell, stamp);
  return fail(ErrorCode::wrong_mode,
              fmt::format("bucket '{}' is write-once, so PUT cannot replace a value: APPEND adds "
                          "one; `kipu bucket create NAME --mode wmrm` makes a bucket for PUT",
                          shell.bucket));
}

Status do_delete(Shell& shell, const Words& words) {
  const auto stamp = shell.client.remove(words[1], shell.options<AppendOptions>());
  if (stamp || stamp.error().code != ErrorCode::wrong_mode) return show_stamp(shell, stamp);
  return fail(ErrorCode::wrong_mode,
              fmt::format("bucket '{}' is write-once: what was appended stays. Buckets made with "
                          "`kipu bucket create NAME --mode wmrm` have DELETE",
                          shell.bucket));
}

Status do_get(Shell& shell, const Words& words) {
  auto options = shell.options<ReadOptions>();
  if (words.size() > 2) {
    const auto last = parse_number(words[2]);
    if (!last) return fail(last.error().code, "LAST: " + last.error().message);
    options.last = *last;
  }
  ItemRange values = shell.client.values(words[1], options);
  List list(shell.context.out, "values");
  for (const auto& item : values) {
    if (!item) return fail(item.error());
    list.add(ValueRow{&*item, false, false});
  }
  list.finish();
  if (list.rows() == 0) note(shell.context.out.style(), "(none)");
  return {};
}

Status do_count(Shell& shell, const Words& words) {
  const auto count = shell.client.count(words[1], shell.options<ReadOptions>());
  if (!count) return fail(count.error());
  show(shell.context.out, KeyCount{words[1], *count});
  return {};
}

Status do_keys(Shell& shell, const Words& words) {
  auto options = shell.options<KeysOptions>();
  if (words.size() > 1) options.prefix = words[1];
  KeyRange keys = shell.client.keys(options);
  List list(shell.context.out, "keys");
  for (const auto& key : keys) {
    if (!key) return fail(key.error());
    list.add(KeyRow{*key});
  }
  list.finish();
  if (list.rows() == 0) note(shell.context.out.style(), "(none)");
  return {};
}

Status do_use(Shell& shell, const Words& words) {
  const std::string_view first = words[1];
  const bool spelt =
      words.size() == 3 && std::ranges::equal(first, std::string_view("BUCKET"), {},
                                              [](char c) { return std::toupper(c); });
  if (words.size() == 3 && !spelt) return fail(ErrorCode::invalid_argument, "USE BUCKET NAME");
  const auto bucket = shell.client.bucket(words.back(), shell.options<CallOptions>());
  if (!bucket) return fail(bucket.error());
  shell.bucket = bucket->name;
  note(shell.context.out.style(),
       fmt::format("using bucket {} ({})", bucket->name,
                   bucket->mode == BucketMode::worm ? "write-once: APPEND" : "PUT and DELETE"));
  return {};
}

Status do_buckets(Shell& shell, const Words& /*words*/) {
  const auto buckets = shell.client.buckets(shell.options<CallOptions>());
  if (!buckets) return fail(buckets.error());
  BucketTable table;
  for (const Bucket& bucket : *buckets) table.rows.push_back({bucket});
  show(shell.context.out, table);
  return {};
}

Status do_ping(Shell& shell, const Words& /*words*/) {
  const auto ping = shell.client.ping(shell.options<CallOptions>());
  if (!ping) return fail(ping.error());
  show(shell.context.out, PingReport{*ping});
  return {};
}

Status do_exit(Shell& shell, const Words& /*words*/) {
  shell.done = true;
  return {};
}

Status do_help(Shell& shell, const Words& words);

constexpr std::array kShellCommands{
    ShellCommand{"APPEND", "KEY VALUE…", "adds values under a key, as one entry", 2, kManyOperands,
                 do_append},
    ShellCommand{"GET", "KEY [LAST]", "its values, or its last few, oldest first", 1, 2, do_get},
    ShellCommand{"COUNT", "KEY", "how many values it has", 1, 1, do_count},
    ShellCommand{"KEYS", "[PREFIX]", "the bucket's keys", 0, 1, do_keys},
    ShellCommand{"PUT", "KEY VALUE", "replaces its value, in a bucket of mode wmrm", 2, 2, do_put},
    ShellCommand{"DELETE", "KEY", "removes its value, in a bucket of mode wmrm", 1, 1, do_delete},
    ShellCommand{"USE", "BUCKET NAME", "goes to another bucket", 1, 2, do_use},
    ShellCommand{"BUCKETS", "", "lists the buckets", 0, 0, do_buckets},
    ShellCommand{"PING", "", "asks whether the cluster answers", 0, 0, do_ping},
    ShellCommand{"HELP", "", "shows this", 0, 0, do_help},
    ShellCommand{"EXIT", "", "ends; so does Ctrl-D", 0, 0, do_exit},
};

Status do_help(Shell& shell, const Words& /*words*/) {
  std::string out;
  for (const ShellCommand& command : kShellCommands) {
    out += fmt::format("  {:<24} {}\n", fmt::format("{} {}", command.name, command.operands),
                       command.summary);
  }
  out += "  Words with blanks go in quotes; \\n, \\t and \\xNN are bytes.\n";
  shell.context.out.write(out);
  shell.context.out.flush();
  return {};
}

std::string in_capitals(std::string_view word) {
  std::string out(word);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return out;
}

Result<const ShellCommand*> find_shell_command(std::string_view typed) {
  std::string name = in_capitals(typed);
  if (name == "QUIT") name = "EXIT";
  if (name == "REMOVE") name = "DELETE";
  std::vector<std::string> names;
  for (const ShellCommand& command : kShellCommands) {
    if (command.name == name) return &command;
    names.emplace_back(command.name);
  }
  const auto near = nearest(name, names);
  return fail(
      ErrorCode::invalid_argument,
      near ? fmt::format("no command {}: did you mean {}? HELP lists all", in_quotes(typed), *near)
           : fmt::format("no command {}; HELP lists them", in_quotes(typed)));
}

Status run_line(Shell& shell, std::string_view line) {
  const auto words = split_words(line);
  if (!words) return fail(words.error());
  if (words->empty() || (*words)[0].starts_with('#')) return {};
  const auto command = find_shell_command((*words)[0]);
  if (!command) return fail(command.error());
  const std::size_t operands = words->size() - 1;
  if (operands < (*command)->least || operands > (*command)->most) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("usage: {} {}", (*command)->name, (*command)->operands));
  }
  return (*command)->run(shell, *words);
}

void complete_buckets(Shell& shell, std::vector<std::string>& into) {
  const auto buckets = shell.client.buckets(shell.options<CallOptions>());
  if (!buckets) return;
  for (const Bucket& bucket : *buckets) into.push_back(bucket.name);
}

void complete_keys(Shell& shell, const std::string& prefix, std::vector<std::string>& into) {
  auto options = shell.options<KeysOptions>();
  options.prefix = prefix;
  options.timeout = std::chrono::seconds(1);
  KeyRange keys = shell.client.keys(options);
  for (const auto& key : keys) {
    if (!key || into.size() == kMostCompletions) return;
    into.push_back(quote_word(*key));
  }
}

// What the last word of `line` may become.
std::vector<std::string> complete_line(Shell& shell, const std::string& line) {
  const std::size_t blank = line.find_last_of(' ');
  const std::string last = line.substr(blank == std::string::npos ? 0 : blank + 1);
  std::vector<std::string> found;
  const auto words = split_words(line.substr(0, line.size() - last.size()));
  if (!words) return found;
  if (words->empty()) {
    const bool small = !last.empty() && last[0] >= 'a' && last[0] <= 'z';
    for (const ShellCommand& command : kShellCommands) {
      std::string name(command.name);
      if (small) {
        std::ranges::transform(name, name.begin(),
                               [](char c) { return static_cast<char>(c - 'A' + 'a'); });
      }
      found.push_back(std::move(name));
    }
    return found;
  }
  const std::string command = in_capitals((*words)[0]);
  if (command == "USE") complete_buckets(shell, found);
  if (words->size() == 1 && command != "USE" && command != "HELP") {
    complete_keys(shell, last, found);
  }
  return found;
}

}  // namespace

Result<Exit> run_shell(Context& context) {
  auto client = open_client(context, Purpose::write);
  if (!client) return fail(client.error());
  Shell shell{context, *std::move(client), context.settings.bucket};
  LineEditor editor(state_home() / "kipu" / "history",
                    [&](const std::string& line) { return complete_line(shell, line); });
  if (editor.interactive()) {
    note(context.out.style(), "HELP lists what can be asked; Tab completes; Ctrl-D ends.");
  }
  Exit exit = Exit::done;
  while (!shell.done) {
    const auto line = editor.read(fmt::format("kipu {}> ", shell.bucket));
    if (!line) break;
    const auto status = run_line(shell, *line);
    if (status) continue;
    Error error = status.error();
    error.message = over_same_cluster(context, error.message);
    const Exit failed = report(error, context.out.style());
    if (exit == Exit::done) exit = failed;
  }
  // A person has seen the errors; a script is told.
  return editor.interactive() ? Exit::done : exit;
}

}  // namespace kipu::cli

#include "examples/files/commands.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "examples/files/local.h"
#include "examples/files/paths.h"
#include "examples/files/text.h"

namespace files {
namespace {

using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;

using Handler = Exit (*)(Session&, const Arguments&);

Exit run_clear(Session& session, const Arguments& /*arguments*/) {
  if (isatty(STDOUT_FILENO) == 1) session.print("\x1b[H\x1b[2J", '\r');
  return Exit::done;
}

// The shell ends itself; as a single command it has nothing to do.
Exit run_exit(Session& /*session*/, const Arguments& /*arguments*/) {
  return Exit::done;
}

struct Entry {
  std::string_view name;
  Handler handler;
};

constexpr std::array kHandlers{
    Entry{"upload", run_upload}, Entry{"download", run_download},
    Entry{"verify", run_verify}, Entry{"list-files", run_list_files},
    Entry{"info", run_info},     Entry{"history", run_history},
    Entry{"cd", run_cd},         Entry{"ls", run_ls},
    Entry{"pwd", run_pwd},       Entry{"man", run_man},
    Entry{"clear", run_clear},   Entry{"exit", run_exit},
};

std::string line_of(const std::filesystem::directory_entry& entry) {
  struct stat facts{};
  if (::lstat(entry.path().c_str(), &facts) != 0)
    return printable(entry.path().filename().native());
  const bool folder = S_ISDIR(facts.st_mode);
  const char type = folder ? 'd' : S_ISLNK(facts.st_mode) ? 'l' : '-';
  return fmt::format("{}  {:>10}  {}  {}{}", format_mode(type, facts.st_mode & 0777U),
                     folder ? "" : format_size(static_cast<std::uint64_t>(facts.st_size)),
                     format_time(facts.st_mtim.tv_sec), printable(entry.path().filename().native()),
                     folder ? "/" : "");
}

}  // namespace

Exit run_command(Session& session, const CommandSpec& command, const Arguments& arguments) {
  if (auto begun = session.begin(arguments); !begun) return session.report(begun.error());
  const std::size_t operands = arguments.operands.size();
  if (operands < command.least || operands > command.most) {
    return session.report(
        {ErrorCode::invalid_argument, fmt::format("usage: {} {}; `man {}` says more", command.name,
                                                  command.operands, command.name)});
  }
  for (const Entry& entry : kHandlers) {
    if (entry.name == command.name) return entry.handler(session, arguments);
  }
  return session.report({ErrorCode::internal, "the command has no handler"});
}

Exit run_cd(Session& session, const Arguments& arguments) {
  const char* home = std::getenv("HOME");
  const std::string to =
      arguments.operands.empty() ? (home == nullptr ? "/" : home) : arguments.operands[0];
  const auto folder = open_directory(to, Missing::refuse);
  if (!folder) return session.report(folder.error());
  if (::fchdir(folder->get()) == 0) return Exit::done;
  return session.report(system_error("go to", to, errno));
}

Exit run_pwd(Session& session, const Arguments& /*arguments*/) {
  std::error_code error;
  const auto path = std::filesystem::current_path(error);
  if (error) return session.report(system_error("find", ".", error.value()));
  session.print(printable(path.native()));
  return Exit::done;
}

Exit run_ls(Session& session, const Arguments& arguments) {
  const std::string folder = arguments.operands.empty() ? "." : arguments.operands[0];
  std::error_code error;
  std::vector<std::filesystem::directory_entry> entries;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    entries.push_back(*at);
  }
  if (error) return session.report(system_error("list", folder, error.value()));
  std::ranges::sort(entries);
  for (const auto& entry : entries) session.print(line_of(entry));
  return Exit::done;
}

Exit run_man(Session& session, const Arguments& arguments) {
  if (arguments.operands.empty()) {
    session.print(manual(), '\n');
    return Exit::done;
  }
  const CommandSpec* command = find_command(arguments.operands[0]);
  if (command == nullptr) {
    return session.report(
        {ErrorCode::invalid_argument, fmt::format("there is no command {}: `man` lists them",
                                                  in_quotes(arguments.operands[0]))});
  }
  session.print(manual_of(*command), '\n');
  return Exit::done;
}

Result<std::optional<StoredVersion>> find_version(FileStore& store, const std::string& name,
                                                  const Arguments& arguments) {
  const auto number_text = arguments.value("number");
  const auto time_text = arguments.value("as-of");
  if (number_text && time_text) {
    return fail(ErrorCode::invalid_argument,
                "--number and --as-of choose a version each: give one");
  }
  if (time_text) {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto time = parse_time(*time_text, now);
    if (!time) return fail(time.error());
    return store.last_version(name, kipu::StampTime::at(*time + std::chrono::milliseconds(1)));
  }
  if (!number_text) return store.last_version(name);
  const auto number = parse_number(*number_text);
  if (!number) return fail(number.error());
  std::optional<StoredVersion> found;
  auto visited = store.visit_versions(name, [&](const StoredVersion& stored) {
    if (stored.number == *number) found = stored;
    return !found;
  });
  if (!visited) return fail(std::move(visited).error());
  return found;
}

Exit report_absent(Session& session, const std::string& name) {
  session.note(
      fmt::format("no such file is stored: {}; `list-files` shows what is, `history FILE` "
                  "which versions a file has",
                  in_quotes(name)));
  return Exit::not_found;
}

}  // namespace files

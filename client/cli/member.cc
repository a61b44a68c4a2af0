#include "client/cli/member.h"

#include <fmt/format.h>

#include "base/shell_quoted.h"

namespace kipu::cli {

std::string Member::remedy() const {
  if (replace.empty() || ready) return {};
  const bool named = !barred.empty() || words.find("`" + replace + "`") != std::string::npos;
  return named ? replace : std::string();
}

ProcessState Member::state() const {
  ProcessState state;
  state.name = name;
  state.store = store;
  state.pid = running() ? child.pid : 0;
  if (running()) {
    state.state = ready ? ProcessState::State::running : ProcessState::State::starting;
  } else if (restart_at) {
    state.state = ProcessState::State::waiting;
  }
  state.exit = exit;
  state.last_words = cut_words(barred.empty() ? words : barred);
  state.ends = ends;
  state.last_end = last_end;
  if (restart_at) state.next_start = next_start;
  state.log = log;
  state.remedy = remedy();
  return state;
}

std::string Member::trouble() const {
  if (ready) return {};
  std::string what = barred;
  if (what.empty() && ends == 0) what = "it has not said yet that it serves";
  if (what.empty()) what = words.empty() ? exit : fmt::format("{}: {}", exit, words);
  what += fmt::format(" (its log is {})", log);
  // Its own words name the remedy, unless its disk is in trouble, which may pass.
  if (!remedy().empty() && barred.empty()) return what;
  if (!barred.empty())
    return fmt::format("{}: `{}` begins a new store in its place", what, replace);
  if (replace.empty() || !broken) return what;
  return fmt::format("{}; if its disk is lost, `{}` begins a new store", what, replace);
}

std::string last_words(std::string_view errors) {
  while (errors.ends_with('\n')) errors.remove_suffix(1);
  errors = errors.substr(errors.rfind('\n') + 1);
  for (const std::string_view program : {"kipu-broker: ", "kipu-worker: "}) {
    if (errors.starts_with(program)) return std::string(errors.substr(program.size()));
  }
  return std::string(errors);
}

std::string replace_command(const ClusterFolder& folder, const std::string& name,
                            const std::string& worker) {
  return fmt::format("kipu worker replace {} --data {}", worker.empty() ? name : worker,
                     shell_quoted(folder.path().string()));
}

}  // namespace kipu::cli

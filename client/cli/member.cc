#include "client/cli/member.h"

#include <fmt/format.h>

#include "base/shell_quoted.h"

namespace kipu::cli {

std::string Member::remedy() const {
  if (replace.empty() || ready) return {};
  const bool named = !barred.empty() || words.find("`" + replace + "`") != std::string::npos;
  return named ? replace : std::string();
}

std::string Member::with_link(const std::string& what) const {
  if (ready || link.words.empty() || what == link.words) return what;
  return what.empty() ? link.words : fmt::format("{}; {}", what, link.words);
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
  state.last_words = cut_words(with_link(barred.empty() ? words : barred));
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
  what = fmt::format("{} (its log is {})", with_link(what), log);
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

std::vector<Member> make_members(const ClusterFolder& folder, const Prepared& prepared) {
  std::vector<Member> members(prepared.record.workers + 1);
  for (std::size_t i = 0; i < members.size(); ++i) {
    Member& member = members[i];
    member.name = i == 0 ? "broker" : worker_folder(static_cast<std::uint32_t>(i));
    member.log = folder.log(member.name).string();
    if (i == 0) continue;
    const auto store = prepared.stores.find(member.name);
    if (store != prepared.stores.end()) member.store = store->second;
    const auto barred = prepared.barred.find(member.name);
    if (barred != prepared.barred.end()) member.barred = barred->second;
    const auto link = prepared.links.find(member.name);
    if (link != prepared.links.end()) member.link = link->second;
    member.replace = replace_command(folder, member, prepared.map.worker_of(member.store));
  }
  return members;
}

std::string replace_command(const ClusterFolder& folder, const Member& member,
                            const std::string& worker) {
  const std::string at = shell_quoted((folder.path() / member.name).string());
  return fmt::format("{}kipu worker replace {} --data {}",
                     member.link.usable ? "" : fmt::format("rm {} && ", at),
                     worker.empty() ? member.name : worker, shell_quoted(folder.path().string()));
}

std::string accept_loss_command(const ClusterFolder& folder, const Member& member,
                                const ShownStore& map) {
  const std::string worker = map.worker_of(member.store);
  return fmt::format("kipu worker accept-loss {} --data {}", worker.empty() ? member.name : worker,
                     shell_quoted(folder.path().string()));
}

}  // namespace kipu::cli

#include "examples/callgraph/indexer/plan.h"

#include <unordered_map>

namespace callgraph {

namespace {

void add_to_digest(Unit& unit, const CompileCommand& command) {
  std::string all = unit.digest;
  for (const std::string& argument : command.arguments) all += argument + '\n';
  unit.digest = md5_of(all);
}

using Includers = std::map<std::string, std::vector<std::string>>;

// The files that say, directly or not, that they include one of `changed`; and these.
std::set<std::string> with_includers(const std::set<std::string>& changed,
                                     const Includers& includers) {
  std::set<std::string> reached = changed;
  std::vector<std::string> open(changed.begin(), changed.end());
  while (!open.empty()) {
    const auto found = includers.find(open.back());
    open.pop_back();
    if (found == includers.end()) continue;
    for (const std::string& path : found->second) {
      if (reached.insert(path).second) open.push_back(path);
    }
  }
  return reached;
}

}  // namespace

std::vector<Unit> units_of(const std::vector<CompileCommand>& commands, const ProjectFiles& project,
                           LeftOut& left_out) {
  std::vector<Unit> units;
  std::unordered_map<std::string, std::size_t> by_path;
  left_out.by_folder.resize(project.left_out.size());
  for (const CompileCommand& command : commands) {
    if (const auto folder = project.left_out_by(command.source)) {
      left_out.by_folder[*folder].insert(command.source);
      continue;
    }
    const auto path = project.find(command.source);
    if (!path) {
      left_out.outside.insert(command.source);
      continue;
    }
    const auto [entry, is_new] = by_path.try_emplace(*path, units.size());
    if (is_new) units.push_back({*path, {}, {}});
    Unit& unit = units[entry->second];
    unit.commands.push_back(command);
    add_to_digest(unit, command);
  }
  return units;
}

Plan plan_of(const std::vector<Unit>& units, const std::map<std::string, FileRecord>& known,
             const std::function<OnDisk(const SourceFile&)>& on_disk) {
  Plan plan;
  Includers includers;
  std::set<std::string> differing;
  for (const auto& [path, record] : known) {
    const OnDisk state = on_disk(record.file);
    if (state == OnDisk::gone) plan.gone.push_back(path);
    if (state == OnDisk::changed) plan.changed.insert(path);
    if (state != OnDisk::same) differing.insert(path);
    for (const std::string& included : record.includes) {
      includers[included].push_back(path);
      // An indexer ended between this file's record and that one's.
      if (!known.contains(included)) differing.insert(included);
    }
  }
  const std::set<std::string> stale = with_includers(differing, includers);
  for (const Unit& unit : units) {
    const auto record = known.find(unit.path);
    const bool current = record != known.end() && record->second.file.command == unit.digest &&
                         !stale.contains(unit.path);
    if (!current) plan.units.push_back(&unit);
  }
  return plan;
}

}  // namespace callgraph

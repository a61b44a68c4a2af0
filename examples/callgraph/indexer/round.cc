#include "examples/callgraph/indexer/round.h"

#include <thread>

#include "examples/callgraph/indexer/unite.h"

namespace callgraph {

namespace {

void unite(std::map<std::string, ReadFile>& into, ReadFile&& more) {
  const std::string path = more.file.path;
  const auto [entry, is_new] = into.try_emplace(path, std::move(more));
  if (!is_new) unite(entry->second.facts, std::move(more.facts));
}

}  // namespace

Round::Round(RoundOptions options, GraphPort& graph, const std::atomic<bool>& stop,
             Progress progress)
    : options_(std::move(options)),
      graph_(graph),
      stop_(stop),
      progress_(std::move(progress)),
      writing_(graph) {}

kipu::Result<RoundResult> Round::run() {
  const auto commands = read_compile_commands(options_.compdb, options_.root);
  if (!commands) return kipu::fail(commands.error());
  find_units(*commands);
  auto known = graph_.current_files();
  if (!known) return kipu::fail(known.error());
  known_ = std::move(*known);
  plan_ = plan_of(units_, known_, [this](const SourceFile& file) { return compare(file); });
  if (options_.everything) {
    plan_.units.clear();
    for (const Unit& unit : units_) plan_.units.push_back(&unit);
  }
  result_.planned = plan_.units.size();
  for (const auto& [path, record] : known_) result_.files.insert(path);
  if (const auto removed = remove_gone(plan_); !removed) return kipu::fail(removed.error());
  {
    std::vector<std::jthread> threads(options_.threads);
    for (std::jthread& thread : threads) thread = std::jthread([this] { work(); });
  }
  writing_.finish();
  if (!status_) return kipu::fail(status_.error());
  result_.stopped = result_.units < result_.planned;
  if (!result_.stopped) status_ = write_changed_headers();
  if (!status_) return kipu::fail(status_.error());
  return std::move(result_);
}

void Round::find_units(const std::vector<CompileCommand>& commands) {
  project_ = {options_.root, options_.except};
  const auto folder = build_folder(options_.compdb, options_.root, commands);
  const bool leaves_it_out = folder && !options_.generated;
  if (leaves_it_out) project_.left_out.push_back(*folder);
  LeftOut left_out;
  units_ = units_of(commands, project_, left_out);
  for (const Unit& unit : units_) digests_[unit.path] = unit.digest;
  result_.outside = left_out.outside.size();
  if (!leaves_it_out) return;
  result_.build_folder = relative_to(options_.root, *folder).value_or("");
  result_.generated = left_out.by_folder.back().size();
}

// What is left out now, and was indexed once, is no longer the graph's.
OnDisk Round::compare(const SourceFile& file) const {
  if (project_.left_out_by(options_.root / file.path)) return OnDisk::gone;
  return compare_with_disk(options_.root, file);
}

kipu::Status Round::remove_gone(const Plan& plan) {
  std::vector<Change> changes;
  for (const std::string& path : plan.gone) {
    Change change;
    change.kind = Change::Kind::remove;
    change.file.path = path;
    changes.push_back(std::move(change));
    result_.files.erase(path);
  }
  result_.removed = changes.size();
  if (changes.empty()) return {};
  return graph_.apply(changes);
}

void Round::work() {
  while (!stop_) {
    const std::size_t at = next_++;
    if (at >= plan_.units.size()) return;
    {
      const std::lock_guard lock(mutex_);
      if (!status_) return;
    }
    index(*plan_.units[at]);
  }
}

void Round::index(const Unit& unit) {
  std::map<std::string, ReadFile> files;
  std::string first_error;
  std::size_t errors = 0;
  bool parsed = false;
  for (const CompileCommand& command : unit.commands) {
    ReadUnit read = read_unit(command, {project_, options_.locals}, claims_);
    parsed = parsed || read.parsed;
    if (errors == 0) first_error = read.error;
    errors += read.errors;
    for (ReadFile& file : read.files) unite(files, std::move(file));
  }
  if (errors > 0) {
    const std::lock_guard lock(mutex_);
    result_.with_errors[unit.path] = {first_error, errors};
  }
  if (!parsed) return finish_unit(unit, {});
  const std::lock_guard lock(order_);
  writing_.add(changes_of(unit, std::move(files)),
               [this, &unit](const kipu::Status& written) { finish_unit(unit, written); });
}

// A header of which the graph has another content replaces it when all who show it were read:
// each shows its part.
bool Round::is_deferred(const std::string& path, const SourceFile& file) const {
  const auto record = known_.find(path);
  if (record == known_.end() || digests_.contains(path)) return false;
  return options_.everything || record->second.file.md5 != file.md5;
}

std::vector<Change> Round::changes_of(const Unit& unit, std::map<std::string, ReadFile> files) {
  const std::lock_guard lock(mutex_);
  std::vector<Change> changes;
  for (auto& [path, read] : files) {
    const auto digest = digests_.find(path);
    if (digest != digests_.end()) read.file.command = digest->second;
    if (path != unit.path && is_deferred(path, read.file)) {
      unite(deferred_, std::move(read));
      continue;
    }
    const bool first = !known_.contains(path) || path == unit.path;
    if (first) result_.reindexed.insert(path);
    const bool added_before = !result_.files.insert(path).second && !known_.contains(path);
    Change change;
    // What others that include this source said of it stays.
    change.kind = path == unit.path && !added_before ? Change::Kind::commit : Change::Kind::add;
    change.is_main = path == unit.path;
    change.file = std::move(read.file);
    change.facts = std::move(read.facts);
    changes.push_back(std::move(change));
  }
  return changes;
}

void Round::finish_unit(const Unit& unit, const kipu::Status& written) {
  const std::lock_guard lock(mutex_);
  if (!written && status_) status_ = written;
  ++result_.units;
  if (progress_) progress_(result_.units, plan_.units.size(), unit.path);
}

kipu::Status Round::write_changed_headers() {
  std::vector<Change> changes;
  for (auto& [path, read] : deferred_) {
    result_.reindexed.insert(path);
    changes.push_back({Change::Kind::commit, std::move(read.file), std::move(read.facts)});
  }
  for (const std::string& path : plan_.changed) {
    const bool orphan =
        !deferred_.contains(path) && !digests_.contains(path) && result_.with_errors.empty();
    if (!orphan) continue;
    Change change;
    change.kind = Change::Kind::remove;  // no unit shows it any more
    change.file.path = path;
    changes.push_back(std::move(change));
    result_.files.erase(path);
    ++result_.removed;
  }
  if (changes.empty()) return {};
  return graph_.apply(changes);
}

}  // namespace callgraph

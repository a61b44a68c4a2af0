#include "examples/callgraph/graph/writer_impl.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <xxhash.h>

#include "examples/callgraph/graph/parallel.h"
#include "examples/callgraph/qualified_name.h"

namespace callgraph {
namespace {

std::uint64_t hash_of(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

kipu::WallTime now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

bool same_file(const SourceFile& a, const SourceFile& b) {
  return a.path == b.path && a.size == b.size && a.md5 == b.md5 && a.adler32 == b.adler32 &&
         a.modified == b.modified && a.language == b.language && a.command == b.command;
}

kipu::Result<std::vector<std::string>> paths_of(std::span<const Change> changes) {
  std::set<std::string> paths;
  for (const Change& change : changes) {
    const std::string& path = change.file.path;
    if (path.empty() || !paths.insert(path).second) {
      return kipu::fail(
          kipu::ErrorCode::invalid_argument,
          path.empty() ? "a file without a path" : fmt::format("'{}' is changed twice", path));
    }
  }
  return std::vector<std::string>(paths.begin(), paths.end());
}

std::string whole_if_hashed(std::string_view usr) {
  return is_hashed(usr) ? std::string(usr) : std::string();
}

}  // namespace

kipu::Result<std::vector<Applied>> GraphWriter::Impl::apply(std::span<const Change> changes) {
  auto paths = paths_of(changes);
  if (!paths) return kipu::fail(std::move(paths.error()));
  // Most of what a translation unit shows of headers is known: that waits for nobody.
  if (std::ranges::all_of(changes, [&](const Change& change) { return is_known(change); })) {
    return std::vector<Applied>(changes.size());
  }
  const BusyPaths::Claim claim = busy_.claim(std::move(*paths));
  std::vector<Plan> plans(changes.size());
  auto made = in_parallel(changes.size(), [&](std::size_t i) -> kipu::Status {
    auto plan = planned(changes[i]);
    if (!plan) return kipu::fail(std::move(plan.error()));
    plans[i] = std::move(*plan);
    return {};
  });
  if (!made) return kipu::fail(std::move(made.error()));
  if (auto sent = send(plans); !sent) {
    forget(plans);
    return kipu::fail(std::move(sent.error()));
  }
  std::vector<Applied> applied;
  for (Plan& plan : plans) {
    const Difference& found = plan.difference;
    applied.push_back({plan.record, found.added.size(), found.dropped.size()});
    remember(plan);
  }
  return applied;
}

bool GraphWriter::Impl::is_known(const Change& change) {
  if (change.kind != Change::Kind::add) return false;
  const FactSet said = encoded(change.facts);
  const std::lock_guard lock(mutex_);
  const auto known = known_.find(change.file.path);
  if (known == known_.end() || known->second.md5 != change.file.md5) return false;
  return std::ranges::all_of(
      said, [&](const std::string& fact) { return known->second.facts.contains(hash_of(fact)); });
}

kipu::Result<GraphWriter::Impl::Plan> GraphWriter::Impl::planned(const Change& change) {
  const FactSet said = encoded(change.facts);
  std::optional<Plan> quick = planned_from_known(change, said);
  kipu::Result<Plan> plan = quick ? std::move(*quick) : planned_from_graph(change, said);
  if (plan) name_generation(*plan);
  return plan;
}

// An addition to a content that this object has seen needs no reading.
std::optional<GraphWriter::Impl::Plan> GraphWriter::Impl::planned_from_known(const Change& change,
                                                                             const FactSet& said) {
  if (change.kind != Change::Kind::add) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto known = known_.find(change.file.path);
  if (known == known_.end() || known->second.md5 != change.file.md5) return std::nullopt;
  Plan plan;
  plan.change = &change;
  plan.after = known->second;
  for (const std::string& fact : said) {
    if (plan.after.facts.insert(hash_of(fact)).second) plan.difference.added.push_back(fact);
  }
  plan.record = !plan.difference.added.empty();
  plan.generation.kind = Generation::Kind::add;
  plan.generation.parents = plan.after.parents;
  return plan;
}

kipu::Result<GraphWriter::Impl::Plan> GraphWriter::Impl::planned_from_graph(const Change& change,
                                                                            const FactSet& said) {
  auto history = reading_.history(change.file.path);
  if (!history) return kipu::fail(std::move(history.error()));
  const auto view = history->at(kipu::StampTime::last());
  Plan plan;
  plan.change = &change;
  plan.first = history->generations().empty();
  plan.generation.parents = view.parents();
  if (change.kind == Change::Kind::remove) {
    plan.generation.kind = Generation::Kind::remove;
    plan.record = view.exists();
    return plan;
  }
  auto known = facts_in(reading_, change.file.path, view);
  if (!known) return kipu::fail(std::move(known.error()));
  const bool same_content = view.exists() && view.head().file.md5 == change.file.md5;
  const bool adds = change.kind == Change::Kind::add && same_content;
  plan.generation.kind = adds ? Generation::Kind::add : Generation::Kind::commit;
  plan.difference = difference(*known, said, adds);
  const bool same = !plan.difference.differs() && view.exists();
  plan.record = !same || (!adds && !same_file(view.head().file, change.file));
  if (adds) plan.after.includes = view.includes();
  for (const std::string& fact : said) plan.after.facts.insert(hash_of(fact));
  if (!adds) return plan;
  for (const std::string& fact : *known) plan.after.facts.insert(hash_of(fact));
  return plan;
}

// The rest of its record, and its stamp: later than its parents', than any other of this object,
// and than the past.
void GraphWriter::Impl::name_generation(Plan& plan) {
  const Change& change = *plan.change;
  std::set<std::string> includes(plan.after.includes.begin(), plan.after.includes.end());
  for (std::string& path : includes_of(change.file, change.facts)) includes.insert(std::move(path));
  plan.after.md5 = change.file.md5;
  plan.after.includes.assign(includes.begin(), includes.end());
  plan.after.parents = plan.generation.parents;
  if (!plan.record) return;
  plan.generation.file = change.file;
  plan.generation.includes = plan.after.includes;
  const std::lock_guard lock(mutex_);
  kipu::StampTime time = std::max(kipu::StampTime::at(now()), last_.plus(1));
  for (const kipu::Stamp& parent : plan.generation.parents) {
    time = std::max(time, parent.time.plus(1));
  }
  last_ = time;
  plan.generation.stamp = {time, writer_};
  plan.after.parents = {plan.generation.stamp};
}

kipu::Status GraphWriter::Impl::send(std::span<Plan> plans) {
  Appending appending(reading_.client(), reading_.bucket());
  for (const Plan& plan : plans) send_facts(appending, plan);
  if (auto sent = appending.wait(); !sent) return sent;
  for (const bool main_files : {false, true}) {
    for (const Plan& plan : plans) {
      if (plan.change->is_main == main_files) send_record(appending, plan);
    }
    if (auto sent = appending.wait(); !sent) return sent;
  }
  return {};
}

void GraphWriter::Impl::send_facts(Appending& appending, const Plan& plan) {
  if (!plan.record) return;
  const std::string& path = plan.change->file.path;
  if (plan.first) appending.send(paths_key_of(path), {path}, std::nullopt);
  Gathering gathering(appending, plan.generation.stamp);
  for (const std::string& fact : plan.difference.dropped) send_fact(gathering, path, false, fact);
  for (const std::string& fact : plan.difference.added) send_fact(gathering, path, true, fact);
  gathering.send_all();
}

void GraphWriter::Impl::send_fact(Gathering& gathering, const std::string& path, bool said,
                                  std::string_view fact) {
  gathering.add(facts_key(path), path, {}, marked(said, fact));
  if (Symbol symbol; is_symbol(fact) && decode(fact, symbol)) {
    if (said) send_name(gathering, symbol);
    const std::string usr = std::exchange(symbol.usr, {});
    gathering.add(node_key(usr), path, whole_if_hashed(usr), marked(said, encode(symbol)));
  }
  if (Edge edge; !is_symbol(fact) && decode(fact, edge)) {
    const std::string from = std::exchange(edge.from, {});
    gathering.add(out_key(from), path, whole_if_hashed(from), marked(said, encode(edge)));
    edge.from = from;
    const std::string to = std::exchange(edge.to, {});
    gathering.add(in_key(to), path, whole_if_hashed(to), marked(said, encode(edge)));
  }
}

void GraphWriter::Impl::send_name(Gathering& gathering, const Symbol& symbol) {
  const std::string_view simple = simple_name(symbol.name);
  if (simple.empty() || symbol.kind == SymbolKind::local) return;
  const std::string value = encode(Name{symbol.name, symbol.kind, symbol.usr});
  {
    const std::lock_guard lock(mutex_);
    if (!names_.insert(hash_of(value)).second) return;
  }
  gathering.add(names_key(simple), {}, {}, value);
}

void GraphWriter::Impl::send_record(Appending& appending, const Plan& plan) {
  if (!plan.record) return;
  const std::string value = encode(plan.generation);
  appending.send(record_key(plan.change->file.path), {value}, plan.generation.stamp);
}

void GraphWriter::Impl::remember(Plan& plan) {
  const std::string& path = plan.change->file.path;
  const std::lock_guard lock(mutex_);
  if (plan.change->kind == Change::Kind::remove) {
    known_.erase(path);
  } else {
    known_.insert_or_assign(path, std::move(plan.after));
  }
}

// Names may not have been written, and files may have changed or not.
void GraphWriter::Impl::forget(std::span<const Plan> plans) {
  const std::lock_guard lock(mutex_);
  names_.clear();
  for (const Plan& plan : plans) known_.erase(plan.change->file.path);
}

}  // namespace callgraph

#include "examples/callgraph/graph/snapshot.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "examples/callgraph/graph/differences.h"
#include "examples/callgraph/graph/parallel.h"

namespace callgraph {
namespace {

kipu::Error no_graph(kipu::Client& client, std::string_view graph) {
  const auto names = graph_names(client);
  if (!names) return names.error();
  const std::string others =
      names->empty() ? "there is none yet" : fmt::format("there are: {}", fmt::join(*names, ", "));
  return {kipu::ErrorCode::invalid_argument,
          fmt::format("no graph is named '{}' here; {}. `callgraph index --graph {} --compdb DIR` "
                      "makes it, --graph NAME asks another",
                      graph, others, graph)};
}

kipu::Result<FileFacts> decoded(const FactSet& held, const std::string& path) {
  FileFacts facts;
  for (const std::string& fact : held) {
    const bool read = is_symbol(fact) ? decode(fact, facts.symbols.emplace_back())
                                      : decode(fact, facts.edges.emplace_back());
    if (!read) return kipu::fail(not_ours(facts_key(path)));
  }
  std::ranges::sort(facts.symbols);
  std::ranges::sort(facts.edges);
  return facts;
}

bool definitions_first(const Mention& a, const Mention& b) {
  if (a.is_definition != b.is_definition) return a.is_definition;
  return a < b;
}

// Language and name come from a definition where there is one.
void take(Node& node, const Symbol& symbol) {
  if (!node.mentions.empty() && !symbol.is_definition) return;
  node.kind = symbol.kind;
  node.name = symbol.name;
  node.signature = symbol.signature.empty() ? symbol.name : symbol.signature;
  node.language = symbol.language;
}

}  // namespace

std::string name_from_usr(std::string_view usr) {
  if (auto path = path_of_file_usr(usr)) return std::move(*path);
  // c:@N@std@S@basic_string@F@append#…: after where it is local to, markers and names in turn.
  std::string name;
  bool is_marker = true;
  for (std::size_t at = usr.find('@'); at != std::string_view::npos; at = usr.find('@', at + 1)) {
    const std::string_view part = usr.substr(at + 1, usr.find_first_of("@#", at + 1) - at - 1);
    if (!is_marker) name.append(name.empty() ? "" : "::").append(part);
    is_marker = !is_marker;
  }
  return name.empty() ? std::string(usr) : name;
}

kipu::Result<std::vector<std::string>> graph_names(kipu::Client& client) {
  const auto buckets = client.buckets();
  if (!buckets) return kipu::fail(buckets.error());
  std::vector<std::string> names;
  for (const kipu::Bucket& bucket : *buckets) {
    if (bucket.name.starts_with(kBucketPrefix)) {
      names.push_back(bucket.name.substr(kBucketPrefix.size()));
    }
  }
  std::ranges::sort(names);
  return names;
}

kipu::Result<Snapshot> Snapshot::open(kipu::Client& client, std::string_view graph,
                                      std::optional<kipu::StampTime> until) {
  auto bucket = bucket_of(graph);
  if (!bucket) return kipu::fail(std::move(bucket.error()));
  const auto there = client.bucket(*bucket);
  if (!there) {
    const bool none = there.error().code == kipu::ErrorCode::unknown_bucket;
    return kipu::fail(none ? no_graph(client, graph) : there.error());
  }
  return Snapshot(Reading(client, std::move(*bucket)), std::string(graph),
                  until.value_or(kipu::StampTime::last()));
}

kipu::Result<kipu::WallTime> Snapshot::created() const {
  const auto stored = reading_.entries(std::string(kGraphKey));
  if (!stored) return kipu::fail(stored.error());
  return stored->empty() ? kipu::WallTime{} : stored->front().stamp.time.wall();
}

kipu::Result<GraphInfo> Snapshot::info() {
  auto stored = reading_.entries(std::string(kGraphKey));
  if (!stored) return kipu::fail(std::move(stored.error()));
  auto all = files();
  if (!all) return kipu::fail(std::move(all.error()));
  GraphInfo info;
  info.name = graph_;
  if (!stored->empty()) {
    info.id = stored->front().values.front();
    info.created = stored->front().stamp.time.wall();
  }
  info.files = all->size();
  for (const auto& [path, kept] : kept_) {
    const Generation* newest = kept->view.newest();
    if (newest == nullptr) continue;
    info.updated = std::max(info.updated.value_or(kipu::WallTime{}), newest->stamp.time.wall());
  }
  return info;
}

kipu::Status Snapshot::keep_histories(const std::vector<std::string>& paths) {
  std::vector<std::string> missing;
  for (const std::string& path : paths) {
    if (!kept_.contains(path)) missing.push_back(path);
  }
  std::vector<std::unique_ptr<Kept>> read(missing.size());
  auto done = in_parallel(missing.size(), [&](std::size_t i) -> kipu::Status {
    auto history = reading_.history(missing[i]);
    if (!history) return kipu::fail(std::move(history.error()));
    read[i] = std::make_unique<Kept>(Kept{std::move(*history), {}});
    read[i]->view = read[i]->history.at(until_);
    return {};
  });
  if (!done) return done;
  for (std::size_t i = 0; i < missing.size(); ++i) kept_.emplace(missing[i], std::move(read[i]));
  return {};
}

const FileHistory::View& Snapshot::view_of(const std::string& path) const {
  return kept_.at(path)->view;
}

bool Snapshot::holds(const Said& said) const {
  return view_of(said.path).holds(said.marks);
}

// An entry begins with its file's path and, if keys have the usr as a digest, the usr.
kipu::Result<std::vector<Snapshot::Said>> Snapshot::said_under(const std::string& key,
                                                               const std::string& usr) const {
  auto stored = reading_.entries(key);
  if (!stored) return kipu::fail(std::move(stored.error()));
  std::map<std::pair<std::string, std::string>, Marks> facts;
  const std::size_t begin = is_hashed(usr) ? 2 : 1;
  for (const StoredEntry& entry : *stored) {
    const auto& values = entry.values;
    if (values.size() < begin) return kipu::fail(not_ours(key));
    if (begin == 2 && values[1] != usr) continue;
    for (std::size_t i = begin; i < values.size(); ++i) {
      if (values[i].empty()) return kipu::fail(not_ours(key));
      facts[{values[0], values[i].substr(1)}][entry.stamp] = values[i].front() == kSaid;
    }
  }
  std::vector<Said> all;
  all.reserve(facts.size());
  for (auto& [fact, marks] : facts) all.push_back({fact.first, fact.second, std::move(marks)});
  return all;
}

kipu::Result<std::vector<std::vector<Snapshot::Said>>> Snapshot::said_under_all(
    std::span<const std::string> usrs, std::string (*key_of)(std::string_view)) {
  std::vector<std::vector<Said>> all(usrs.size());
  auto read = in_parallel(usrs.size(), [&](std::size_t i) -> kipu::Status {
    auto said = said_under(key_of(usrs[i]), usrs[i]);
    if (!said) return kipu::fail(std::move(said.error()));
    all[i] = std::move(*said);
    return {};
  });
  if (!read) return kipu::fail(std::move(read.error()));
  std::set<std::string> paths;
  for (const auto& of_one : all) {
    for (const Said& said : of_one) paths.insert(said.path);
  }
  auto kept = keep_histories({paths.begin(), paths.end()});
  if (!kept) return kipu::fail(std::move(kept.error()));
  return all;
}

kipu::Result<Node> Snapshot::node_from(const std::string& usr, const std::vector<Said>& all) const {
  Node node{usr, SymbolKind::function, {}, {}, {}, {}, {}};
  std::map<std::string, kipu::Stamp> versions;
  for (const Said& said : all) {
    if (!holds(said)) continue;
    Symbol symbol;
    if (!decode(said.fact, symbol)) return kipu::fail(not_ours(node_key(usr)));
    take(node, symbol);
    node.mentions.push_back({said.path, symbol.line, symbol.column, symbol.is_definition});
    versions[said.path] = view_of(said.path).newest()->stamp;
  }
  if (node.mentions.empty()) {
    const bool is_file = path_of_file_usr(usr).has_value();
    node.name = name_from_usr(usr);
    node.signature = node.name;
    if (is_file) node.kind = SymbolKind::file;
    return node;
  }
  std::ranges::sort(node.mentions, definitions_first);
  node.version = versions.at(node.mentions.front().path);
  return node;
}

kipu::Result<std::vector<Node>> Snapshot::nodes(std::span<const std::string> usrs) {
  std::set<std::string> unread;
  for (const std::string& usr : usrs) {
    if (!nodes_.contains(usr)) unread.insert(usr);
  }
  const std::vector<std::string> missing(unread.begin(), unread.end());
  auto said = said_under_all(missing, node_key);
  if (!said) return kipu::fail(std::move(said.error()));
  for (std::size_t i = 0; i < missing.size(); ++i) {
    auto node = node_from(missing[i], (*said)[i]);
    if (!node) return kipu::fail(std::move(node.error()));
    nodes_.emplace(missing[i], std::move(*node));
  }
  std::vector<Node> nodes;
  nodes.reserve(usrs.size());
  for (const std::string& usr : usrs) nodes.push_back(nodes_.at(usr));
  return nodes;
}

kipu::Result<std::vector<std::vector<Link>>> Snapshot::links(std::span<const std::string> usrs,
                                                             Direction direction) {
  const bool out = direction == Direction::out;
  auto all = said_under_all(usrs, out ? out_key : in_key);
  if (!all) return kipu::fail(std::move(all.error()));
  std::vector<std::vector<Link>> links(usrs.size());
  for (std::size_t i = 0; i < usrs.size(); ++i) {
    for (const Said& said : (*all)[i]) {
      if (!holds(said)) continue;
      Edge edge;
      if (!decode(said.fact, edge)) return kipu::fail(not_ours(usrs[i]));
      links[i].push_back({out ? edge.to : edge.from, edge.relation, edge.certainty, said.path,
                          edge.line, edge.column});
    }
    std::ranges::sort(links[i]);
  }
  return links;
}

kipu::Result<std::vector<Name>> Snapshot::names(std::string_view beginning) {
  if (beginning.empty()) return std::vector<Name>{};
  const std::string key = names_key(beginning);
  auto stored = reading_.entries(key);
  if (!stored) return kipu::fail(std::move(stored.error()));
  std::set<Name> names;
  for (const StoredEntry& entry : *stored) {
    for (const std::string& value : entry.values) {
      Name name;
      if (!decode(value, name)) return kipu::fail(not_ours(key));
      names.insert(std::move(name));
    }
  }
  return std::vector<Name>(names.begin(), names.end());
}

kipu::Result<std::vector<FileRecord>> Snapshot::files() {
  auto paths = reading_.paths();
  if (!paths) return kipu::fail(std::move(paths.error()));
  if (auto kept = keep_histories(*paths); !kept) return kipu::fail(std::move(kept.error()));
  std::vector<FileRecord> files;
  for (const std::string& path : *paths) {
    const auto& view = view_of(path);
    if (view.exists()) {
      files.push_back({view.head().file, view.newest()->stamp, view.includes()});
    }
  }
  return files;
}

kipu::Result<std::optional<FileFacts>> Snapshot::facts(const std::string& path) {
  if (auto kept = keep_histories({path}); !kept) return kipu::fail(std::move(kept.error()));
  const auto& view = view_of(path);
  if (!view.exists()) return std::optional<FileFacts>{};
  auto held = facts_in(reading_, path, view);
  if (!held) return kipu::fail(std::move(held.error()));
  auto facts = decoded(*held, path);
  if (!facts) return kipu::fail(std::move(facts.error()));
  return std::optional<FileFacts>(std::move(*facts));
}

kipu::Result<std::map<std::string, FileFacts>> Snapshot::everything() {
  auto present = files();
  if (!present) return kipu::fail(std::move(present.error()));
  std::mutex mutex;  // guards `all`
  std::map<std::string, FileFacts> all;
  auto read = in_parallel(present->size(), [&](std::size_t i) -> kipu::Status {
    const std::string& path = (*present)[i].file.path;
    auto held = facts_in(reading_, path, view_of(path));
    if (!held) return kipu::fail(std::move(held.error()));
    auto facts = decoded(*held, path);
    if (!facts) return kipu::fail(std::move(facts.error()));
    const std::lock_guard lock(mutex);
    all.emplace(path, std::move(*facts));
    return {};
  });
  if (!read) return kipu::fail(std::move(read.error()));
  return all;
}

}  // namespace callgraph

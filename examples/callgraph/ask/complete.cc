#include "examples/callgraph/ask/complete.h"

#include <algorithm>
#include <set>

#include "examples/callgraph/ask/resolve.h"
#include "examples/callgraph/qualified_name.h"

namespace callgraph {
namespace {

// More matches than this are not looked at: nobody reads so many.
constexpr std::size_t kMostMatches = 500;

bool needs_no_quotes(std::string_view name) {
  return name.find_first_of(" \t()<>&*|;'\"`$!?[]{}\\#") == std::string_view::npos;
}

void add(std::set<std::string>& names, std::string_view name, std::string_view typed) {
  const std::string_view tail = last_parts(name, part_count(typed));
  if (tail.starts_with(typed) && needs_no_quotes(tail)) names.emplace(tail);
}

bool has_members(SymbolKind kind) {
  return kind == SymbolKind::class_type || kind == SymbolKind::enumeration ||
         kind == SymbolKind::name_space;
}

// The symbols that the scope, `Client` of `Client::`, declares or defines.
kipu::Result<std::vector<std::string>> members_of(Snapshot& snapshot, std::string_view scope) {
  const auto matches = find_symbols(snapshot, scope, kMostMatches);
  if (!matches) return kipu::fail(matches.error());
  std::vector<std::string> owners;
  for (const Match& match : *matches) {
    if (match.fit <= Fit::suffix && has_members(match.node.kind)) owners.push_back(match.node.usr);
  }
  const auto links = snapshot.links(owners, Direction::out);
  if (!links) return kipu::fail(links.error());
  std::set<std::string> members;
  for (const auto& of_one : *links) {
    for (const Link& link : of_one) {
      const bool has = link.relation == Relation::declares || link.relation == Relation::defines;
      if (has) members.insert(link.other);
    }
  }
  const auto nodes = snapshot.nodes(std::vector<std::string>(members.begin(), members.end()));
  if (!nodes) return kipu::fail(nodes.error());
  std::vector<std::string> names;
  for (const Node& node : *nodes) names.push_back(node.name);
  return names;
}

std::vector<std::string> first_of(const std::set<std::string>& names, std::size_t limit) {
  std::vector<std::string> first(names.begin(), names.end());
  if (first.size() > limit) first.resize(limit);
  return first;
}

}  // namespace

kipu::Result<std::vector<std::string>> complete_symbol(Snapshot& snapshot, std::string_view typed,
                                                       std::size_t limit) {
  std::set<std::string> names;
  constexpr std::string_view kJoint = "::";
  if (typed.ends_with(kJoint)) {
    const auto members = members_of(snapshot, typed.substr(0, typed.size() - kJoint.size()));
    if (!members) return kipu::fail(members.error());
    for (const std::string& name : *members) add(names, name, typed);
    return first_of(names, limit);
  }
  const auto matches = find_symbols(snapshot, typed, kMostMatches);
  if (!matches) return kipu::fail(matches.error());
  const bool a_file = typed.find_first_of("./") != std::string_view::npos;
  for (const Match& match : *matches) {
    if (a_file == (match.node.kind == SymbolKind::file)) add(names, match.node.name, typed);
  }
  return first_of(names, limit);
}

kipu::Result<std::vector<std::string>> complete_file(Snapshot& snapshot, std::string_view typed,
                                                     std::size_t limit) {
  const auto files = snapshot.files();
  if (!files) return kipu::fail(files.error());
  std::set<std::string> paths;
  for (const FileRecord& record : *files) {
    const std::string& path = record.file.path;
    if (!path.starts_with(typed)) continue;
    const std::size_t slash = path.find('/', typed.size());
    const std::string part = slash == std::string::npos ? path : path.substr(0, slash + 1);
    if (needs_no_quotes(part)) paths.insert(part);
  }
  return first_of(paths, limit);
}

}  // namespace callgraph

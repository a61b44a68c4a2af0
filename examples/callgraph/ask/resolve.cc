#include "examples/callgraph/ask/resolve.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "examples/callgraph/ask/answer.h"
#include "examples/callgraph/qualified_name.h"
#include "examples/callgraph/words.h"

namespace callgraph {
namespace {

constexpr std::size_t kListed = 20;
constexpr std::size_t kMostMatches = 500;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// Whether `whole` ends with `end`, and `joint` stands before that.
bool ends_after(std::string_view whole, std::string_view end, std::string_view joint) {
  if (!whole.ends_with(end)) return false;
  const std::string_view before = whole.substr(0, whole.size() - end.size());
  return before.empty() || before.ends_with(joint);
}

std::optional<Fit> fit_of(const Name& name, std::string_view text) {
  if (name.name == text) return Fit::exact;
  if (ends_after(name.name, text, "::")) return Fit::suffix;
  const std::string small = lower(text);
  if (ends_after(lower(name.name), small, "::")) return Fit::other_case;
  const std::string_view simple = simple_name(name.name);
  const std::string_view typed = simple_name(text);
  if (!lower(simple).starts_with(lower(typed))) return std::nullopt;
  const std::string_view scope = text.substr(0, text.size() - typed.size());
  const std::string_view in =
      std::string_view(name.name).substr(0, name.name.size() - simple.size());
  const bool fits = scope.empty() || ends_after(lower(in), lower(scope), "::");
  return fits ? std::optional(Fit::beginning) : std::nullopt;
}

// The name alone of something like `append(std::string_view)`.
std::string_view without_parameters(std::string_view text) {
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos || text.find("operator(") != std::string_view::npos) {
    return text;
  }
  return text.substr(0, open);
}

bool is_usr(std::string_view text) {
  return text.starts_with("c:") || text.starts_with("file:");
}

kipu::Result<std::vector<Match>> find_usr(Snapshot& snapshot, std::string_view text) {
  const std::vector<std::string> usrs{std::string(text)};
  auto nodes = snapshot.nodes(usrs);
  if (!nodes) return kipu::fail(std::move(nodes.error()));
  return std::vector<Match>{{Fit::exact, std::move(nodes->front())}};
}

kipu::Result<std::vector<Match>> find_names(Snapshot& snapshot, std::string_view text,
                                            std::size_t limit) {
  const std::string_view name = without_parameters(text);
  auto names = snapshot.names(simple_name(name));
  if (!names) return kipu::fail(std::move(names.error()));
  std::map<std::string, Fit> fits;
  for (const Name& candidate : *names) {
    const auto fit = fit_of(candidate, name);
    if (!fit) continue;
    const auto [at, is_new] = fits.emplace(candidate.usr, *fit);
    at->second = std::min(at->second, *fit);
  }
  std::vector<std::pair<Fit, std::string>> order;
  order.reserve(fits.size());
  for (const auto& [usr, fit] : fits) order.emplace_back(fit, usr);
  std::ranges::sort(order);
  if (order.size() > limit) order.resize(limit);
  std::vector<std::string> usrs;
  usrs.reserve(order.size());
  for (const auto& [fit, usr] : order) usrs.push_back(usr);
  auto nodes = snapshot.nodes(usrs);
  if (!nodes) return kipu::fail(std::move(nodes.error()));
  std::vector<Match> matches;
  for (std::size_t i = 0; i < usrs.size(); ++i) {
    Node& node = (*nodes)[i];
    if (node.mentions.empty()) continue;
    const bool other = name.size() != text.size() && node.signature != text;
    const bool outside = order[i].first < Fit::outside && is_outside(node);
    if (!other) matches.push_back({outside ? Fit::outside : order[i].first, std::move(node)});
  }
  return matches;
}

// Only what looks like a path is looked for among files: they are all listed for it.
kipu::Result<std::vector<Match>> find_files(Snapshot& snapshot, std::string_view text) {
  std::vector<Match> matches;
  if (text.find_first_of("./") == std::string_view::npos) return matches;
  auto files = snapshot.files();
  if (!files) return kipu::fail(std::move(files.error()));
  for (const FileRecord& record : *files) {
    const std::string& path = record.file.path;
    if (!ends_after(path, text, "/")) continue;
    const std::vector<std::string> usrs{file_usr(path)};
    auto nodes = snapshot.nodes(usrs);
    if (!nodes) return kipu::fail(std::move(nodes.error()));
    matches.push_back({path == text ? Fit::exact : Fit::suffix, std::move(nodes->front())});
  }
  return matches;
}

bool better(const Match& a, const Match& b) {
  if (a.fit != b.fit) return a.fit < b.fit;
  return std::tie(a.node.name, a.node.signature, a.node.usr) <
         std::tie(b.node.name, b.node.signature, b.node.usr);
}

std::string where(const Node& node) {
  const std::string place = place_of(node);
  return place.empty() ? place : "  " + place;
}

std::string listed(const std::vector<Match>& matches) {
  std::vector<std::string> typed;
  std::size_t width = 0;
  for (std::size_t i = 0; i < std::min(matches.size(), kListed); ++i) {
    typed.push_back("'" + to_type(matches[i].node, matches) + "'");
    width = std::max(width, typed.back().size());
  }
  std::string lines;
  for (std::size_t i = 0; i < typed.size(); ++i) {
    lines += fmt::format("\n  {:<{}}  {}{}", typed[i], width, word(matches[i].node.kind),
                         where(matches[i].node));
  }
  if (matches.size() > typed.size()) {
    lines +=
        fmt::format("\n  and {} more: `callgraph find` lists them", matches.size() - typed.size());
  }
  return lines;
}

bool is_about(SymbolKind kind, About about) {
  switch (about) {
    case About::functions:
      return kind == SymbolKind::function || kind == SymbolKind::method;
    case About::variables:
      return kind == SymbolKind::variable || kind == SymbolKind::member ||
             kind == SymbolKind::local || kind == SymbolKind::enumerator;
    case About::classes:
      return kind == SymbolKind::class_type;
    case About::files:
      return kind == SymbolKind::file;
    case About::anything:
      break;
  }
  return true;
}

}  // namespace

kipu::Error nothing_named(std::string_view text) {
  if (simple_name(without_parameters(text)).size() < 2) {
    return {kipu::ErrorCode::invalid_argument,
            fmt::format("nothing in the graph is named '{}': type two letters at least to find "
                        "what begins so",
                        text)};
  }
  return {kipu::ErrorCode::invalid_argument,
          fmt::format("nothing in the graph is named '{}', nor begins so: `callgraph find` takes "
                      "the first letters of a name, `callgraph files` lists what is indexed",
                      text)};
}

std::string to_type(const Node& node, const std::vector<Match>& matches) {
  const auto count = [&](auto part) {
    return std::ranges::count_if(
        matches, [&](const Match& other) { return part(other.node) == part(node); });
  };
  if (count([](const Node& n) { return n.name; }) == 1) return node.name;
  const bool has_parameters = node.signature.find('(') != std::string::npos &&
                              without_parameters(node.signature).ends_with(simple_name(node.name));
  if (has_parameters && count([](const Node& n) { return n.signature; }) == 1) {
    return node.signature;
  }
  return node.usr;
}

kipu::Result<std::vector<Match>> find_symbols(Snapshot& snapshot, std::string_view text,
                                              std::size_t limit) {
  if (is_usr(text)) return find_usr(snapshot, text);
  auto matches = find_names(snapshot, text, std::max(limit, kMostMatches));
  if (!matches) return matches;
  auto files = find_files(snapshot, text);
  if (!files) return files;
  std::ranges::move(*files, std::back_inserter(*matches));
  std::ranges::sort(*matches, better);
  // A file whose whole path was typed is found among the names, too.
  std::set<std::string> seen;
  std::erase_if(*matches, [&](const Match& match) { return !seen.insert(match.node.usr).second; });
  if (matches->size() > limit) matches->resize(limit);
  return matches;
}

kipu::Result<std::vector<std::string>> resolve(Snapshot& snapshot, std::string_view text, bool all,
                                               About about) {
  auto matches = find_symbols(snapshot, text, kMostMatches);
  if (!matches) return kipu::fail(std::move(matches.error()));
  if (matches->empty()) return kipu::fail(nothing_named(text));
  // Of a class and its constructor, `Base` and `Base::Base`, the one is meant that the question is
  // about.
  const auto is_meant = [&](const Match& match) {
    return match.fit <= Fit::suffix && is_about(match.node.kind, about);
  };
  if (std::ranges::any_of(*matches, is_meant)) std::erase_if(*matches, std::not_fn(is_meant));
  // What fits best counts alone: `append` is append, though append_async begins so.
  const Fit best = matches->front().fit;
  std::erase_if(*matches, [&](const Match& match) { return match.fit != best; });
  if (matches->size() > 1 && !all) {
    return kipu::fail(
        kipu::ErrorCode::invalid_argument,
        fmt::format("'{}' may mean {} symbols: type one of these, or --all for all of "
                    "them together{}",
                    text, matches->size(), listed(*matches)));
  }
  std::vector<std::string> usrs;
  for (Match& match : *matches) usrs.push_back(std::move(match.node.usr));
  return usrs;
}

}  // namespace callgraph

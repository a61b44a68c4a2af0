#include "examples/callgraph/program/ask_command.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "examples/callgraph/ask/diff.h"
#include "examples/callgraph/ask/path.h"
#include "examples/callgraph/ask/resolve.h"
#include "examples/callgraph/ask/walk.h"
#include "examples/callgraph/ask/whole.h"
#include "examples/callgraph/program/times.h"
#include "examples/callgraph/words.h"

namespace callgraph {
namespace {

constexpr std::size_t kLimit = 200;
constexpr std::size_t kPathLimit = 20'000;
constexpr std::size_t kManyRows = 100'000;

// What every question has at hand.
struct Asked {
  kipu::Client& client;
  const std::string& graph;
  const Arguments& arguments;
  kipu::WallTime now;
  Snapshot& snapshot;
  Format format = Format::text;
  Look look = Look::plain;
};

template <class Shown>
kipu::Result<Output> output(kipu::Result<Shown> shown, const Asked& asked) {
  if (!shown) return kipu::fail(std::move(shown.error()));
  auto text = show(*shown, asked.format, asked.look);
  if (!text) return kipu::fail(std::move(text.error()));
  return Output{std::move(*text), std::move(shown->notes)};
}

kipu::Result<Snapshot> snapshot_at(kipu::Client& client, const std::string& graph,
                                   const std::optional<std::string>& time, kipu::WallTime now) {
  if (!time) return Snapshot::open(client, graph);
  const auto until = end_of(*time, now);
  if (!until) return kipu::fail(until.error());
  return Snapshot::open(client, graph, *until);
}

kipu::Result<std::vector<std::string>> symbols(Asked& asked, const std::string& text,
                                               About about = About::anything) {
  return resolve(asked.snapshot, text, asked.arguments.has("all"), about);
}

kipu::Result<std::vector<Relation>> relations(const Asked& asked) {
  std::vector<Relation> relations;
  for (const std::string& text : asked.arguments.all("relation")) {
    const auto relation = relation_of(text);
    if (!relation) {
      std::string known;
      for (const Relation each : all_relations()) known += fmt::format(" {}", word(each));
      return kipu::fail(kipu::ErrorCode::invalid_argument,
                        fmt::format("'{}' is no relation; these are:{}", text, known));
    }
    relations.push_back(*relation);
  }
  return relations;
}

kipu::Result<std::size_t> depth(const Asked& asked, std::size_t otherwise) {
  auto depth = asked.arguments.number("depth", 0, otherwise);
  if (depth && *depth == 0) return kNoEnd;
  return depth;
}

kipu::Result<Output> walking(Asked& asked, Question question, About about = About::anything) {
  auto roots = symbols(asked, asked.arguments.operands().front(), about);
  if (!roots) return kipu::fail(std::move(roots.error()));
  WalkRequest walk = walk_for(question, std::move(*roots));
  const auto levels = depth(asked, walk.depth);
  if (!levels) return kipu::fail(levels.error());
  const auto limit = asked.arguments.number("limit", 1, walk.limit);
  if (!limit) return kipu::fail(limit.error());
  walk.depth = *levels;
  walk.limit = *limit;
  return output(ask(asked.snapshot, walk), asked);
}

kipu::Result<Output> callers(Asked& asked) {
  return walking(asked, Question::callers, About::functions);
}
kipu::Result<Output> callees(Asked& asked) {
  return walking(asked, Question::callees, About::functions);
}
kipu::Result<Output> readers(Asked& asked) {
  return walking(asked, Question::readers, About::variables);
}
kipu::Result<Output> writers(Asked& asked) {
  return walking(asked, Question::writers, About::variables);
}
kipu::Result<Output> impact(Asked& asked) {
  return walking(asked, Question::impact, About::classes);
}
kipu::Result<Output> includes(Asked& asked) {
  const bool by = asked.arguments.has("by");
  return walking(asked, by ? Question::included_by : Question::includes, About::files);
}

kipu::Result<Output> hierarchy(Asked& asked) {
  auto roots = symbols(asked, asked.arguments.operands().front(), About::classes);
  if (!roots) return kipu::fail(std::move(roots.error()));
  const auto levels = depth(asked, kNoEnd);
  if (!levels) return kipu::fail(levels.error());
  const auto limit = asked.arguments.number("limit", 1, kLimit);
  if (!limit) return kipu::fail(limit.error());
  return output(ask_hierarchy(asked.snapshot, *roots, *levels, *limit), asked);
}

kipu::Result<Output> related(Asked& asked) {
  auto roots = symbols(asked, asked.arguments.operands().front(), About::classes);
  if (!roots) return kipu::fail(std::move(roots.error()));
  const auto wanted = relations(asked);
  if (!wanted) return kipu::fail(wanted.error());
  const auto limit = asked.arguments.number("limit", 1, kLimit);
  if (!limit) return kipu::fail(limit.error());
  return output(ask_relations(asked.snapshot, *roots, *wanted, *limit), asked);
}

kipu::Result<Output> path_question(Asked& asked) {
  const auto named = stretches_of(asked.arguments.operands());
  if (!named) return kipu::fail(named.error());
  std::vector<Stretch> stretches;
  for (const NamedStretch& each : *named) {
    Stretch& stretch = stretches.emplace_back(Stretch{each.caption, {}});
    for (const std::string& name : each.names) {
      auto stop = symbols(asked, name, About::functions);
      if (!stop) return kipu::fail(std::move(stop.error()));
      stretch.stops.push_back(std::move(*stop));
    }
  }
  const auto limit = asked.arguments.number("limit", 1, kPathLimit);
  if (!limit) return kipu::fail(limit.error());
  return output(ask_path(asked.snapshot, stretches, *limit), asked);
}

kipu::Result<Output> unused(Asked& asked) {
  const auto limit = asked.arguments.number("limit", 1, kLimit);
  if (!limit) return kipu::fail(limit.error());
  return output(ask_unused(asked.snapshot, asked.arguments.all("roots"), *limit), asked);
}

kipu::Result<Output> cycles(Asked& asked) {
  auto wanted = relations(asked);
  if (!wanted) return kipu::fail(wanted.error());
  if (wanted->empty()) wanted->push_back(Relation::calls);
  const auto limit = asked.arguments.number("limit", 1, kLimit);
  if (!limit) return kipu::fail(limit.error());
  return output(ask_cycles(asked.snapshot, *wanted, *limit), asked);
}

kipu::Result<Output> files(Asked& asked) {
  const auto limit = asked.arguments.number("limit", 1, kManyRows);
  if (!limit) return kipu::fail(limit.error());
  return output(ask_files(asked.snapshot, *limit), asked);
}

kipu::Result<Output> diff(Asked& asked) {
  const auto& times = asked.arguments.operands();
  auto before = snapshot_at(asked.client, asked.graph, times[0], asked.now);
  if (!before) return kipu::fail(std::move(before.error()));
  const auto second = times.size() > 1 ? std::optional(times[1]) : std::nullopt;
  auto after = snapshot_at(asked.client, asked.graph, second, asked.now);
  if (!after) return kipu::fail(std::move(after.error()));
  const auto limit = asked.arguments.number("limit", 1, kLimit);
  if (!limit) return kipu::fail(limit.error());
  return output(ask_diff(*before, *after, *limit), asked);
}

kipu::Result<Output> find(Asked& asked) {
  const auto limit = asked.arguments.number("limit", 1, kLimit);
  if (!limit) return kipu::fail(limit.error());
  auto matches = find_symbols(asked.snapshot, asked.arguments.operands().front(), *limit + 1);
  if (!matches) return kipu::fail(std::move(matches.error()));
  Table table{{"name", "kind", "where", "usr"}, {}, {}};
  if (matches->size() > *limit) {
    matches->pop_back();
    table.notes.push_back(fmt::format("there are more: --limit N shows more than {}", *limit));
  }
  if (matches->empty()) {
    table.notes.push_back(nothing_named(asked.arguments.operands().front()).message);
  }
  for (const Match& match : *matches) {
    const Node& node = match.node;
    table.rows.push_back({label(node), std::string(word(node.kind)), place_of(node), node.usr});
  }
  return output(kipu::Result<Table>(std::move(table)), asked);
}

kipu::Result<Output> info(Asked& asked) {
  const auto info = asked.snapshot.info();
  if (!info) return kipu::fail(info.error());
  Table table{{"graph", "id", "made", "updated", "files"}, {}, {}};
  table.rows.push_back({info->name, info->id, written(info->created),
                        info->updated ? written(*info->updated) : "never",
                        std::to_string(info->files)});
  return output(kipu::Result<Table>(std::move(table)), asked);
}

// Of a time before the graph was, everything would be said not to be there.
kipu::Status check_age(Snapshot& snapshot) {
  if (snapshot.until() == kipu::StampTime::last()) return {};
  const auto created = snapshot.created();
  if (!created) return kipu::fail(created.error());
  if (kipu::StampTime::at(*created) < snapshot.until()) return {};
  return kipu::fail(kipu::ErrorCode::invalid_argument,
                    fmt::format("the graph '{}' was made at {}, after the time that --as-of names",
                                snapshot.graph(), written(*created)));
}

using Asking = kipu::Result<Output> (*)(Asked&);

constexpr std::array<std::pair<std::string_view, Asking>, 15> kQuestions{{
    {"callers", callers},
    {"callees", callees},
    {"readers", readers},
    {"writers", writers},
    {"impact", impact},
    {"includes", includes},
    {"path", path_question},
    {"hierarchy", hierarchy},
    {"relations", related},
    {"unused", unused},
    {"cycles", cycles},
    {"files", files},
    {"diff", diff},
    {"find", find},
    {"info", info},
}};

Asking asking(std::string_view command) {
  for (const auto& [name, question] : kQuestions) {
    if (name == command) return question;
  }
  return nullptr;
}

}  // namespace

kipu::Result<Output> answer(kipu::Client& client, const std::string& graph,
                            const Arguments& arguments, kipu::WallTime now, Look look) {
  const auto format = format_of(arguments.get("output").value_or("text"));
  if (!format) {
    return kipu::fail(kipu::ErrorCode::invalid_argument,
                      fmt::format("'{}' is no format: write text, json, dot, svg or graphml",
                                  *arguments.get("output")));
  }
  auto snapshot = snapshot_at(client, graph, arguments.get("as-of"), now);
  if (!snapshot) return kipu::fail(std::move(snapshot.error()));
  if (auto late = check_age(*snapshot); !late) return kipu::fail(std::move(late.error()));
  Asked asked{client, graph, arguments, now, *snapshot, *format, look};
  return asking(arguments.command().name)(asked);
}

}  // namespace callgraph

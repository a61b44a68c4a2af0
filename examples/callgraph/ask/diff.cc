#include "examples/callgraph/ask/diff.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "examples/callgraph/graph/parallel.h"
#include "examples/callgraph/words.h"

namespace callgraph {
namespace {

// A fact without its place, so that what only moved is the same.
using Relating = std::tuple<std::string, Relation, Certainty, std::string>;
using Row = std::vector<std::string>;

struct Said {
  std::map<std::string, Symbol> symbols;
  std::map<Relating, Edge> edges;
};

Said said_by(const FileFacts& facts) {
  Said said;
  for (const Symbol& symbol : facts.symbols) {
    said.symbols.emplace(symbol.usr + (symbol.is_definition ? "" : "#declared"), symbol);
  }
  for (const Edge& edge : facts.edges) {
    said.edges.emplace(Relating{edge.from, edge.relation, edge.certainty, edge.to}, edge);
  }
  return said;
}

std::string place(const std::string& path, std::uint32_t line) {
  return fmt::format("{}:{}", path, line);
}

// What `one` says and `other` does not.
void add_rows(const std::string& sign, const std::string& path, const Said& one, const Said& other,
              std::vector<Row>& rows) {
  for (const auto& [id, symbol] : one.symbols) {
    if (other.symbols.contains(id)) continue;
    const std::string what = symbol.is_definition ? "defines " : "declares ";
    rows.push_back({sign, place(path, symbol.line), what + std::string(word(symbol.kind)),
                    symbol.signature.empty() ? symbol.name : symbol.signature, ""});
  }
  for (const auto& [id, edge] : one.edges) {
    if (other.edges.contains(id)) continue;
    if (edge.relation == Relation::defines || edge.relation == Relation::declares) continue;
    rows.push_back(
        {sign, place(path, edge.line), std::string(word(edge.relation)), edge.from, edge.to});
  }
}

std::map<std::string, FileRecord> by_path(std::vector<FileRecord> files) {
  std::map<std::string, FileRecord> map;
  for (FileRecord& file : files) map.emplace(file.file.path, file);
  return map;
}

std::set<std::string> changed_paths(const std::map<std::string, FileRecord>& before,
                                    const std::map<std::string, FileRecord>& after) {
  std::set<std::string> paths;
  for (const auto& [path, record] : before) {
    const auto now = after.find(path);
    const bool same = now != after.end() && now->second.generation == record.generation;
    if (!same) paths.insert(path);
  }
  for (const auto& [path, record] : after) {
    if (!before.contains(path)) paths.insert(path);
  }
  return paths;
}

kipu::Result<std::vector<Row>> rows_of(Snapshot& before, Snapshot& after, const std::string& path) {
  auto old = before.facts(path);
  if (!old) return kipu::fail(std::move(old.error()));
  auto now = after.facts(path);
  if (!now) return kipu::fail(std::move(now.error()));
  std::vector<Row> rows;
  if (!*old || !*now) {
    rows.push_back({*now ? "+" : "-", path, "file", path, ""});
  }
  const Said was = said_by(old->value_or(FileFacts{}));
  const Said is = said_by(now->value_or(FileFacts{}));
  add_rows("-", path, was, is, rows);
  add_rows("+", path, is, was, rows);
  return rows;
}

// The usrs in the rows' last two cells become names.
kipu::Status name_rows(Snapshot& before, Snapshot& after, std::vector<Row>& rows) {
  std::vector<std::string> old_usrs;
  std::vector<std::string> usrs;
  for (const Row& row : rows) {
    if (row[4].empty()) continue;
    auto& list = row[0] == "-" ? old_usrs : usrs;
    list.insert(list.end(), {row[3], row[4]});
  }
  auto old = before.nodes(old_usrs);
  if (!old) return kipu::fail(std::move(old.error()));
  auto now = after.nodes(usrs);
  if (!now) return kipu::fail(std::move(now.error()));
  std::size_t next_old = 0;
  std::size_t next_now = 0;
  for (Row& row : rows) {
    if (row[4].empty()) continue;
    const bool gone = row[0] == "-";
    auto& nodes = gone ? *old : *now;
    std::size_t& next = gone ? next_old : next_now;
    row[3] = nodes[next++].name;
    row[4] = nodes[next++].name;
  }
  return {};
}

kipu::WallTime wall_of(std::int64_t microseconds) {
  return kipu::WallTime(
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::microseconds(microseconds)));
}

}  // namespace

std::string written(kipu::WallTime at) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(at));
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%FT%T", &utc);
  const auto part = (at - std::chrono::floor<std::chrono::seconds>(at)).count();
  return fmt::format("{}.{:03}Z", std::string_view(text, length), part);
}

kipu::Result<Table> ask_diff(Snapshot& before, Snapshot& after, std::size_t limit) {
  auto old = before.files();
  if (!old) return kipu::fail(std::move(old.error()));
  auto now = after.files();
  if (!now) return kipu::fail(std::move(now.error()));
  Table table{{"sign", "where", "what", "symbol", "other"}, {}, {}};
  std::size_t left_out = 0;
  for (const std::string& path : changed_paths(by_path(*old), by_path(*now))) {
    auto rows = rows_of(before, after, path);
    if (!rows) return kipu::fail(std::move(rows.error()));
    for (Row& row : *rows) {
      if (table.rows.size() < limit) {
        table.rows.push_back(std::move(row));
      } else {
        ++left_out;
      }
    }
  }
  if (auto named = name_rows(before, after, table.rows); !named) {
    return kipu::fail(std::move(named.error()));
  }
  if (left_out > 0) {
    table.notes.push_back(fmt::format(
        "{} more differences are left out: --limit N shows more than {}", left_out, limit));
  }
  return table;
}

kipu::Result<Table> ask_files(Snapshot& snapshot, std::size_t limit) {
  auto files = snapshot.files();
  if (!files) return kipu::fail(std::move(files.error()));
  Table table{{"path", "bytes", "md5", "adler32", "modified", "language", "generation"}, {}, {}};
  for (const FileRecord& record : *files) {
    if (table.rows.size() == limit) break;
    const SourceFile& file = record.file;
    table.rows.push_back({file.path, std::to_string(file.size), file.md5,
                          fmt::format("{:08x}", file.adler32), written(wall_of(file.modified)),
                          file.language, written(record.generation.time.wall())});
  }
  if (files->size() > limit) {
    table.notes.push_back(fmt::format("{} more files are left out: --limit N shows more than {}",
                                      files->size() - limit, limit));
  }
  return table;
}

}  // namespace callgraph

#include "examples/callgraph/graph/records.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <xxhash.h>

#include "examples/callgraph/graph/bytes.h"

namespace callgraph {
namespace {

constexpr std::size_t kLongestInKey = 900;
constexpr std::size_t kLongestGraphName = 48;
constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kSymbolTag = 's';
constexpr std::uint8_t kEdgeTag = 'e';
constexpr std::uint8_t kKinds = static_cast<std::uint8_t>(SymbolKind::file) + 1;
constexpr std::uint8_t kRelations = static_cast<std::uint8_t>(Relation::expands) + 1;
constexpr std::uint8_t kCertainties = static_cast<std::uint8_t>(Certainty::heuristic) + 1;
constexpr std::uint8_t kGenerationKinds = 3;

std::string in_key_form(std::string_view text) {
  if (!is_hashed(text)) return std::string(text);
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("#{:016x}{:016x}", hash.high64, hash.low64);
}

std::string key(std::string_view kind, std::string_view rest) {
  return std::string(kind) + in_key_form(rest);
}

void write_stamp(ByteWriter& out, const kipu::Stamp& stamp) {
  out.number(stamp.time.bits());
  out.number(stamp.writer);
}

kipu::Stamp read_stamp(ByteReader& in) {
  const kipu::StampTime time(in.number());
  return {time, in.number()};
}

bool whole(const ByteReader& in) {
  return in.at_end() && !in.failed();
}

}  // namespace

kipu::Result<std::string> bucket_of(std::string_view graph) {
  std::string bucket = std::string(kBucketPrefix) + std::string(graph);
  if (graph.empty() || graph.size() > kLongestGraphName || !kipu::is_bucket_name(bucket)) {
    return kipu::fail(kipu::ErrorCode::invalid_argument,
                      fmt::format("'{}' is no name of a graph: it has 1 to {} characters of "
                                  "A-Z, a-z, 0-9, '.', '_' and '-'",
                                  graph, kLongestGraphName));
  }
  return bucket;
}

std::string paths_key(std::size_t list) {
  return fmt::format("paths/{}", list);
}

std::string paths_key_of(std::string_view path) {
  return paths_key(XXH3_64bits(path.data(), path.size()) % kPathLists);
}

std::string record_key(std::string_view path) {
  return key("f/", path);
}
std::string facts_key(std::string_view path) {
  return key("g/", path);
}
std::string node_key(std::string_view usr) {
  return key("n/", usr);
}
std::string out_key(std::string_view usr) {
  return key("o/", usr);
}
std::string in_key(std::string_view usr) {
  return key("i/", usr);
}

std::string names_key(std::string_view simple_name) {
  std::string key = "s/";
  for (const char c : simple_name.substr(0, 2)) {
    key += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return key;
}

std::optional<std::string> path_of_file_usr(std::string_view usr) {
  constexpr std::string_view kPrefix = "file:";
  if (!usr.starts_with(kPrefix)) return std::nullopt;
  return std::string(usr.substr(kPrefix.size()));
}

bool is_hashed(std::string_view usr) {
  return usr.size() > kLongestInKey;
}

std::string encode(const Generation& generation) {
  ByteWriter out;
  out.byte(kFormat);
  out.byte(static_cast<std::uint8_t>(generation.kind));
  out.number(generation.parents.size());
  for (const kipu::Stamp& parent : generation.parents) write_stamp(out, parent);
  const SourceFile& file = generation.file;
  out.text(file.path);
  out.number(file.size);
  out.text(file.md5);
  out.number(file.adler32);
  out.number(static_cast<std::uint64_t>(file.modified));
  out.text(file.language);
  out.text(file.command);
  out.number(generation.includes.size());
  for (const std::string& path : generation.includes) out.text(path);
  return out.take();
}

bool decode(std::string_view bytes, Generation& generation) {
  ByteReader in(bytes);
  if (in.byte() != kFormat) return false;
  generation.kind = in.one_of<Generation::Kind>(kGenerationKinds);
  for (std::uint64_t left = in.number(); left > 0 && !in.failed(); --left) {
    generation.parents.push_back(read_stamp(in));
  }
  SourceFile& file = generation.file;
  file.path = in.text();
  file.size = in.number();
  file.md5 = in.text();
  file.adler32 = in.number32();
  file.modified = static_cast<std::int64_t>(in.number());
  file.language = in.text();
  file.command = in.text();
  for (std::uint64_t left = in.number(); left > 0 && !in.failed(); --left) {
    generation.includes.push_back(in.text());
  }
  return whole(in);
}

std::string encode(const Symbol& symbol) {
  ByteWriter out;
  out.byte(kSymbolTag);
  out.text(symbol.usr);
  out.byte(static_cast<std::uint8_t>(symbol.kind));
  out.text(symbol.name);
  out.text(symbol.signature);
  out.text(symbol.language);
  out.byte(symbol.is_definition ? 1 : 0);
  out.number(symbol.line);
  out.number(symbol.column);
  return out.take();
}

std::string encode(const Edge& edge) {
  ByteWriter out;
  out.byte(kEdgeTag);
  out.text(edge.from);
  out.text(edge.to);
  out.byte(static_cast<std::uint8_t>(edge.relation));
  out.byte(static_cast<std::uint8_t>(edge.certainty));
  out.number(edge.line);
  out.number(edge.column);
  return out.take();
}

bool is_symbol(std::string_view fact) {
  return !fact.empty() && static_cast<std::uint8_t>(fact.front()) == kSymbolTag;
}

bool decode(std::string_view fact, Symbol& symbol) {
  ByteReader in(fact);
  if (in.byte() != kSymbolTag) return false;
  symbol.usr = in.text();
  symbol.kind = in.one_of<SymbolKind>(kKinds);
  symbol.name = in.text();
  symbol.signature = in.text();
  symbol.language = in.text();
  symbol.is_definition = in.byte() != 0;
  symbol.line = in.number32();
  symbol.column = in.number32();
  return whole(in);
}

bool decode(std::string_view fact, Edge& edge) {
  ByteReader in(fact);
  if (in.byte() != kEdgeTag) return false;
  edge.from = in.text();
  edge.to = in.text();
  edge.relation = in.one_of<Relation>(kRelations);
  edge.certainty = in.one_of<Certainty>(kCertainties);
  edge.line = in.number32();
  edge.column = in.number32();
  return whole(in);
}

std::string marked(bool said, std::string_view fact) {
  std::string value(1, said ? kSaid : kDropped);
  return value.append(fact);
}

std::string encode(const Name& name) {
  ByteWriter out;
  out.text(name.name);
  out.byte(static_cast<std::uint8_t>(name.kind));
  out.text(name.usr);
  return out.take();
}

bool decode(std::string_view bytes, Name& name) {
  ByteReader in(bytes);
  name.name = in.text();
  name.kind = in.one_of<SymbolKind>(kKinds);
  name.usr = in.text();
  return whole(in);
}

}  // namespace callgraph

// What the values of a graph's keys say, and their bytes.
//
//   key          values                                          an entry's stamp
//   graph        the graph's id; the oldest entry counts         when it was made
//   paths/<n>    paths of files that ever were, n of 0..15       any
//   f/<path>     one file record                                 the generation
//   g/<path>     marked facts that the file says                 the generation
//   n/<usr>      path of a file, then marked symbols it says     the generation
//   o/<usr>      path, then marked edges that begin here         the generation
//   i/<usr>      path, then marked edges that end here           the generation
//   s/<xy>       names whose simple name begins with xy          any
//
// What a key says is left out of its values: n/ has symbols without their usr, o/ edges without
// where they begin, i/ without where they end. A mark is `+` (said from this generation on) or `-`
// (no longer said). <usr> that would make a key too long is `#` and the 128-bit XXH3 of it, and
// then the value after the path is the whole one. <xy> are the first two bytes of the simple name
// in lower case, or its only one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "examples/callgraph/facts.h"
#include "kipu/client.h"

namespace callgraph {

inline constexpr std::size_t kPathLists = 16;
inline constexpr std::string_view kGraphKey = "graph";

// The bucket of a graph. `invalid_argument` if `graph` cannot be a graph's name.
[[nodiscard]] kipu::Result<std::string> bucket_of(std::string_view graph);
// What begins the names of such buckets.
inline constexpr std::string_view kBucketPrefix = "callgraph.";

[[nodiscard]] std::string paths_key(std::size_t list);
[[nodiscard]] std::string paths_key_of(std::string_view path);
[[nodiscard]] std::string record_key(std::string_view path);
[[nodiscard]] std::string facts_key(std::string_view path);
[[nodiscard]] std::string node_key(std::string_view usr);
[[nodiscard]] std::string out_key(std::string_view usr);
[[nodiscard]] std::string in_key(std::string_view usr);
// REQUIRES: a simple name of at least one byte.
[[nodiscard]] std::string names_key(std::string_view simple_name);

// The path in the usr of a file, or nothing if it is none.
[[nodiscard]] std::optional<std::string> path_of_file_usr(std::string_view usr);

// Whether `usr` (or a path) stands in keys as a digest.
[[nodiscard]] bool is_hashed(std::string_view usr);

// A file record: one generation of a file.
struct Generation {
  enum class Kind : std::uint8_t { commit, add, remove };
  kipu::Stamp stamp;  // of its entry; not in the bytes
  Kind kind = Kind::commit;
  std::vector<kipu::Stamp> parents;
  SourceFile file;  // of a removal only the path
  std::vector<std::string> includes;
};

[[nodiscard]] std::string encode(const Generation& generation);
[[nodiscard]] bool decode(std::string_view bytes, Generation& generation);

// A fact, as equal facts are equal bytes. In f/ and g/ a byte tells symbols from edges.
[[nodiscard]] std::string encode(const Symbol& symbol);
[[nodiscard]] std::string encode(const Edge& edge);
[[nodiscard]] bool is_symbol(std::string_view fact);
[[nodiscard]] bool decode(std::string_view fact, Symbol& symbol);
[[nodiscard]] bool decode(std::string_view fact, Edge& edge);

inline constexpr char kSaid = '+';
inline constexpr char kDropped = '-';
// The mark before the bytes of a fact.
[[nodiscard]] std::string marked(bool said, std::string_view fact);

// A symbol's name, for completion.
struct Name {
  std::string name;  // qualified
  SymbolKind kind = SymbolKind::function;
  std::string usr;
  friend auto operator<=>(const Name&, const Name&) = default;
};

[[nodiscard]] std::string encode(const Name& name);
[[nodiscard]] bool decode(std::string_view bytes, Name& name);

}  // namespace callgraph

// A graph as it stood at a moment: what every question is asked of.
//
// What a snapshot has read of a file's history it keeps, so that its answers agree with each other;
// make a new one to see what came since. Requests for several keys go out together.
//
// Thread rule: an object belongs to one thread; it uses others. The client outlives it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "examples/callgraph/facts.h"
#include "examples/callgraph/graph/history.h"
#include "examples/callgraph/graph/reading.h"
#include "examples/callgraph/graph/writer.h"
#include "kipu/client.h"

namespace callgraph {

// Where a symbol is declared or defined.
struct Mention {
  std::string path;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool is_definition = false;
  friend auto operator<=>(const Mention&, const Mention&) = default;
};

struct Node {
  std::string usr;
  SymbolKind kind = SymbolKind::function;
  std::string name;       // qualified
  std::string signature;  // the name where it has none
  std::string language;
  std::vector<Mention> mentions;  // definitions first, then by path; none: known from edges only
  kipu::Stamp version;            // the generation of the first mention
};

// One relation of a symbol with another.
struct Link {
  std::string other;  // usr
  Relation relation = Relation::calls;
  Certainty certainty = Certainty::direct;
  std::string path;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend auto operator<=>(const Link&, const Link&) = default;
};

enum class Direction { out, in };

struct GraphInfo {
  std::string name;
  std::string id;
  kipu::WallTime created;
  std::optional<kipu::WallTime> updated;  // the newest generation of any file
  std::size_t files = 0;
};

class Snapshot {
 public:
  // `until`: what was recorded before it; without it, all that is recorded now. `invalid_argument`
  // with the names of the graphs that there are, if there is none of this name.
  [[nodiscard]] static kipu::Result<Snapshot> open(kipu::Client& client, std::string_view graph,
                                                   std::optional<kipu::StampTime> until = {});

  // Reads the history of every file.
  [[nodiscard]] kipu::Result<GraphInfo> info();
  // When the graph was made, whatever `until` is.
  [[nodiscard]] kipu::Result<kipu::WallTime> created() const;

  // In the order of `usrs`. A symbol that nothing declares has a name made from its usr, and a file
  // its path.
  [[nodiscard]] kipu::Result<std::vector<Node>> nodes(std::span<const std::string> usrs);
  // For each of `usrs` its links, sorted.
  [[nodiscard]] kipu::Result<std::vector<std::vector<Link>>> links(
      std::span<const std::string> usrs, Direction direction);
  // Names whose simple name begins with the first two bytes of `beginning` (in any case), sorted,
  // each once; also of symbols that are no longer there.
  [[nodiscard]] kipu::Result<std::vector<Name>> names(std::string_view beginning);

  // Sorted by path.
  [[nodiscard]] kipu::Result<std::vector<FileRecord>> files();
  // What one file says; nothing if it is not there.
  [[nodiscard]] kipu::Result<std::optional<FileFacts>> facts(const std::string& path);
  // What all files say, by path: for questions about the whole graph.
  [[nodiscard]] kipu::Result<std::map<std::string, FileFacts>> everything();

  kipu::StampTime until() const { return until_; }
  const std::string& graph() const { return graph_; }

 private:
  // What one key has about one fact of one file.
  struct Said {
    std::string path;
    std::string fact;
    Marks marks;
  };
  struct Kept {
    FileHistory history;
    FileHistory::View view;
  };

  Snapshot(Reading reading, std::string graph, kipu::StampTime until)
      : reading_(std::move(reading)), graph_(std::move(graph)), until_(until) {}

  kipu::Result<std::vector<Said>> said_under(const std::string& key, const std::string& usr) const;
  kipu::Result<std::vector<std::vector<Said>>> said_under_all(
      std::span<const std::string> usrs, std::string (*key_of)(std::string_view));
  kipu::Status keep_histories(const std::vector<std::string>& paths);
  const FileHistory::View& view_of(const std::string& path) const;
  bool holds(const Said& said) const;
  kipu::Result<Node> node_from(const std::string& usr, const std::vector<Said>& all) const;

  Reading reading_;
  std::string graph_;
  kipu::StampTime until_;
  std::map<std::string, std::unique_ptr<Kept>> kept_;
  std::map<std::string, Node> nodes_;
};

// A readable name made from a usr: `printf` of c:@F@printf.
[[nodiscard]] std::string name_from_usr(std::string_view usr);

// The graphs that the cluster has, sorted.
[[nodiscard]] kipu::Result<std::vector<std::string>> graph_names(kipu::Client& client);

}  // namespace callgraph

// Writes what is known of files into a graph: only what differs from what the graph says already.
//
// A file's facts belong to a generation: the facts are appended first, under the generation's
// stamp, and then the file record, under the same stamp. Facts of a generation without a record are
// invisible, so an indexer that is killed between the two leaves nothing behind that counts.
//
// A record names its parents: the generations that its facts were compared with. So a reader knows
// which differences build on which, and two indexers that write one file at once cannot mix theirs
// up (graph/history.h has the rule, graph/keys.h the keys and bytes):
//   - of two contents of a file, the one that was committed last counts, and alone;
//   - of one content, what both say is united.
//
// Thread rule: a GraphWriter may be used by any number of threads at once, and any number of
// processes may write one graph. The client outlives it.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "examples/callgraph/facts.h"
#include "kipu/client.h"

namespace callgraph {

// What the graph says of a file now.
struct FileRecord {
  SourceFile file;
  kipu::Stamp generation;
  std::vector<std::string> includes;  // paths of the files that it includes itself, sorted
};

// What is to become of one file.
struct Change {
  enum class Kind {
    commit,  // the facts are all that the file says: what they lack is dropped
    add,     // the facts are said too; what else is known of this content stays
    remove,  // the file is gone; of `file` only the path counts, and there are no facts
  };
  Kind kind = Kind::commit;
  SourceFile file;
  FileFacts facts;
  bool is_main = false;  // of a translation unit: recorded after what it showed of others
};

// What was done about one file.
struct Applied {
  bool recorded = false;  // false: nothing differed, and nothing was appended
  std::size_t added = 0;
  std::size_t dropped = 0;
};

class GraphWriter {
 public:
  // Makes the graph if there is none of that name (`invalid_argument` if it is no name: 1 to 48
  // characters of [A-Za-z0-9._-]). Every error of the client may come back from every call.
  [[nodiscard]] static kipu::Result<GraphWriter> open(kipu::Client& client, std::string_view graph);

  GraphWriter(GraphWriter&&) noexcept;
  GraphWriter& operator=(GraphWriter&&) noexcept;
  ~GraphWriter();

  // Every file that is there now, by path.
  [[nodiscard]] kipu::Result<std::map<std::string, FileRecord>> current_files();

  // Applies several changes together; the quickest way, as their facts travel at once. The records
  // follow when all facts are on disk, and those of main files when the others are: if this process
  // is killed in between, a main file is still to be indexed and brings the headers again.
  // One path may stand in it once. After an error some of the changes may have been made, each of
  // them whole.
  [[nodiscard]] kipu::Result<std::vector<Applied>> apply(std::span<const Change> changes);

  // One file. `commit` without a difference in facts appends a record only if the SourceFile
  // differs from the current one. `add_facts` for a file of which the graph has no record, or one
  // of another content (md5), commits. `remove` of a file that is not there does nothing. What this
  // object has written or seen before is remembered: facts that are known cost no request.
  [[nodiscard]] kipu::Result<Applied> commit(const SourceFile& file, const FileFacts& facts);
  [[nodiscard]] kipu::Result<Applied> add_facts(const SourceFile& file, const FileFacts& facts);
  [[nodiscard]] kipu::Result<Applied> remove(const std::string& path);

 private:
  class Impl;
  explicit GraphWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace callgraph

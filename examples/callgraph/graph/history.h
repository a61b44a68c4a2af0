// Which of a file's facts hold at a time: the rule of the whole graph, without any I/O.
//
// The generations of a file form a graph of their own: each names its parents, those that its
// differences were computed from. What a generation says is what its parents say together, without
// what it drops, with what it adds; a removal says nothing. At a time T:
//   - the newest commit or removal up to T decides which content of the file counts;
//   - what it says counts, and what every other generation of the same content (md5) up to T says
//     that it does not know of (is no ancestor of it): headers that another translation unit showed
//     more of, and indexers that wrote the same content at the same moment.
// So a generation that another indexer overtook, with another content, is not seen at all, and what
// is seen never depends on the order in which records arrived.
//
// Thread rule: const functions may be called from any number of threads at once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "examples/callgraph/graph/records.h"

namespace callgraph {

// What generations say of one fact: true where it is said from then on.
using Marks = std::map<kipu::Stamp, bool>;

class FileHistory {
 public:
  FileHistory() = default;
  explicit FileHistory(std::vector<Generation> generations);

  // Where the file stands just before `until`.
  class View {
   public:
    // Whether the file is there.
    bool exists() const { return !heads_.empty(); }
    // The generation that names the content. REQUIRES: exists().
    const Generation& head() const { return *heads_.front(); }
    // The newest generation that counts, a removal too. Nothing if there is none.
    const Generation* newest() const { return newest_; }
    // All whose facts are united, as parents of what comes next; of a removed file its removal.
    std::vector<kipu::Stamp> parents() const;
    // Of all heads, sorted.
    std::vector<std::string> includes() const;
    bool holds(const Marks& marks) const;

   private:
    friend class FileHistory;
    const FileHistory* history_ = nullptr;
    std::vector<const Generation*> heads_;  // none of a file that is not there
    const Generation* newest_ = nullptr;
  };

  // Valid as long as this object, which must not be moved meanwhile.
  View at(kipu::StampTime until) const;
  const std::map<kipu::Stamp, Generation>& generations() const { return generations_; }

 private:
  bool is_ancestor(const Generation& ancestor, const Generation& of) const;

  std::map<kipu::Stamp, Generation> generations_;
};

}  // namespace callgraph

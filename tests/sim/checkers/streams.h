// What must be true of streams, from the outside: told of every commit that became durable, every
// bundle that was published, every cursor that was saved, and every standing that was sent.
//
//  1  A position is used once: a commit's is greater than any before it in its run.
//  2  A bundle holds, of a commit that is durable where it comes from, exactly what is for its
//     reader.
//  3  Whoever saves a cursor holds everything up to it that was for him.
//  4  Nobody says that he stands further than his saved cursor.
//
// What a store lost with its disk counts no more, and its positions stay used.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/entry.h"
#include "base/ids.h"
#include "base/position.h"
#include "schema/messages.h"
#include "storage/store.h"
#include "tests/sim/checkers/verdict.h"

namespace kipu::sim {

class StreamModel {
 public:
  // Whether a store should hold an entry, and whether it does.
  using Knows = std::function<bool(StoreId, const Entry&)>;

  explicit StreamModel(Verdict& verdict) : verdict_(verdict) {}
  // Until then it checks nothing: there are no replicas yet.
  void set_place(Knows is_for, Knows is_held);

  // In this order for one change.
  void on_commit(StoreId origin, Position position, std::vector<Entry> entries);
  void on_cursor(StoreId reader, StoreId origin, Position cursor);

  void on_bundle(const schema::Bundle& bundle);
  void on_standing(const schema::Standing& standing, StoreId to);
  // Whether that commit was lost with the disk of its origin.
  bool is_lost(StoreId origin, Position position) const;
  // Whether some store still has, or had until it trimmed it, a record that passes the entry on.
  bool is_logged(const Entry& entry) const { return logged_.contains(entry.id()); }
  // The store came back like this.
  void on_disk_lost(StoreId store, const storage::StreamState& left);

 private:
  struct Commit {
    Position position;
    std::vector<Entry> entries;
    bool lost = false;  // with the disk
  };
  struct Origin {
    std::vector<Commit> commits;                  // oldest first
    std::map<std::uint64_t, std::uint64_t> last;  // counter by run
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> index;
  };
  struct Reader {
    std::size_t next = 0;  // the first commit that it may not hold: one past its cursor
    std::size_t checked = 0;
  };

  // One past the commit at the position; 0 for none. Fails where there never was one.
  std::size_t past(const Origin& origin, Position position, const char* what);
  void check_holds(StoreId reader, const Commit& commit);

  Verdict& verdict_;
  Knows is_for_;
  Knows is_held_;
  std::map<StoreId, Origin> origins_;
  std::map<std::pair<StoreId, StoreId>, Reader> readers_;  // by reader, origin
  std::multiset<EntryId> logged_;                          // by commits that are not lost
};

}  // namespace kipu::sim

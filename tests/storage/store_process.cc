// A store in a process of its own, for tests that kill it or its disk: kipu-test-store DIR, then a
// command a line on stdin. Merges run on the commit thread, counts at once.
//
//   merge KEY TIME   prints "merged KEY TIME ok", or the name of the error instead of "ok"
//   commit KEY TIME  the same, as the commit TIME of its stream, and a cursor is there then
//   count KEY        prints "count KEY ENTRIES", or the name of the error
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "base/random.h"
#include "storage/leveldb_store.h"
#include "storage/threads.h"

namespace kipu::storage {
namespace {

void print(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

std::string outcome(const Status& status) {
  return status ? "ok" : std::string(error_name(status.error().code));
}

Change change_of(const std::string& key, std::uint64_t time) {
  Entry entry =
      make_entry("b", key, Stamp{StampTime(time), 1}, EntryKind::append, {std::to_string(time)});
  Change change;
  change.entries.push_back({PartitionId{0}, std::move(entry)});
  return change;
}

void log(Change& change, std::uint64_t run, std::uint64_t time) {
  const StoreId other{Uuid{1, 1}};
  change.position = Position{run, time};
  change.logged = 1;
  change.cursors[other] = {1, time};
  change.acknowledged[other] = *change.position;
}

void merge(StoreThreads& threads, Change change, const std::string& key, std::uint64_t time) {
  threads.merge(std::move(change), [key, time](const storage::Merged& merged) {
    print(fmt::format("merged {} {} {}", key, time, outcome(merged.status)));
  });
}

void count(const Store& store, const std::string& key) {
  CountQuery query;
  query.bucket = "b";
  query.key = key;
  const Result<Count> count = store.count(query);
  print(fmt::format("count {} {}", key,
                    count ? std::to_string(count->entries) : outcome(fail(count.error()))));
}

int run(const char* directory) {
  Rng rng = Rng::from_system();
  const Result<std::unique_ptr<Store>> store = open_leveldb_store(directory, {}, rng);
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().message.c_str());
    return 1;
  }
  const std::uint64_t run = (*store)->info().runs.back().number;
  StoreThreads threads(**store, 1);
  print("ready");
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string command;
    std::string key;
    std::uint64_t time = 0;
    words >> command >> key >> time;
    Change change = change_of(key, time);
    if (command == "commit") log(change, run, time);
    command == "count" ? count(**store, key) : merge(threads, std::move(change), key, time);
  }
  return 0;
}

}  // namespace
}  // namespace kipu::storage

int main(int argc, char** argv) {
  return argc == 2 ? kipu::storage::run(argv[1]) : 2;
}

#include "client/cli/worker_folder.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "base/limits.h"
#include "client/cli/child.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;
using Kind = WorkerFolder::Kind;

constexpr std::chrono::seconds kMakeWithin{60};
constexpr std::chrono::seconds kComesFreeWithin{20};
constexpr std::chrono::milliseconds kLookAgain{50};
constexpr std::string_view kProgramName = "kipu-worker: ";

void show(WorkerFolder& worker, const Programs& programs) {
  worker.kind = Kind::damaged;
  const auto shown =
      run_to_end({programs.worker, "show", "--data", worker.path.string()}, kLookWithin);
  if (!shown) {
    worker.words = shown.error().message;
    return;
  }
  if (shown->status != 0) {
    worker.words = shown->output;
    if (worker.words.starts_with(kProgramName)) worker.words.erase(0, kProgramName.size());
    return;
  }
  auto store = parse_shown_store(shown->output);
  if (!store) {
    worker.words = fmt::format("{}: {}", worker.path.string(), store.error().message);
    return;
  }
  worker.words = store->damage;
  if (store->damage.empty()) worker.kind = Kind::store;
  worker.store = *std::move(store);
}

// By the names in it alone.
Kind kind_of(const std::vector<std::string>& names) {
  const auto has = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (names.empty()) return Kind::empty;
  if (has("store")) return Kind::store;
  const bool begun = std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return name == "store.init" || name == "db";
  });
  if (begun && has("store.init")) return Kind::unfinished;
  return has("db") ? Kind::damaged : Kind::foreign;
}

}  // namespace

Result<Programs> find_programs() {
  auto broker = find_program("kipu-broker");
  if (!broker) return fail(broker.error());
  auto worker = find_program("kipu-worker");
  if (!worker) return fail(worker.error());
  return Programs{*std::move(broker), *std::move(worker)};
}

WorkerFolder look_at_worker(const ClusterFolder& folder, const std::string& name,
                            const Programs& programs) {
  WorkerFolder worker;
  worker.name = name;
  worker.path = folder.path() / name;
  std::error_code error;
  const fs::file_status status = fs::status(worker.path, error);
  if (status.type() == fs::file_type::not_found) return worker;
  std::vector<std::string> names;
  fs::directory_iterator at(worker.path, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    const std::string found = at->path().filename().string();
    if (found != "lost+found") names.push_back(found);
  }
  if (error) {
    worker.kind = Kind::damaged;
    worker.words = fmt::format("{} cannot be looked at: {}", worker.path.string(), error.message());
    return worker;
  }
  worker.kind = kind_of(names);
  if (worker.kind == Kind::store || worker.kind == Kind::damaged) show(worker, programs);
  if (worker.kind == Kind::foreign) {
    worker.words = fmt::format("{} holds {}, and no store", worker.path.string(), names.front());
  }
  return worker;
}

Status make_store(const Programs& programs, const fs::path& place, StoreId instead_of,
                  bool accepts_loss) {
  std::vector<std::string> words{programs.worker, "init", "--data", place.string()};
  if (!instead_of.is_none()) words.insert(words.end(), {"--store", instead_of.id.to_string()});
  if (accepts_loss) words.emplace_back("--accept-loss");
  for (std::chrono::milliseconds waited{0};; waited += kLookAgain) {
    const auto made = run_to_end(words, kMakeWithin);
    if (!made) return fail(made.error());
    if (made->status == 0) return {};
    const bool in_use = made->output.find("in use") != std::string::npos;
    if (!in_use || waited > kComesFreeWithin) {
      return fail(ErrorCode::io_error,
                  fmt::format("{} ({})", made->output, describe_exit(made->status)));
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

std::uint32_t number_of_worker(std::string_view folder_name) {
  constexpr std::string_view kPrefix = "worker-";
  if (!folder_name.starts_with(kPrefix)) return 0;
  const std::string_view digits = folder_name.substr(kPrefix.size());
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  return whole && !digits.starts_with('0') && number <= limits::kMaxWorkers ? number : 0;
}

std::vector<WorkerFolder> look_at_workers(const ClusterFolder& folder, std::uint32_t least,
                                          const Programs& programs) {
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t number = 1; number <= least; ++number) numbers.push_back(number);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder.path(), error)) {
    const std::uint32_t number = number_of_worker(entry.path().filename().string());
    if (number > least) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  std::vector<WorkerFolder> workers;
  workers.reserve(numbers.size());
  for (const std::uint32_t number : numbers) {
    workers.push_back(look_at_worker(folder, worker_folder(number), programs));
  }
  return workers;
}

const ShownStore* newest_map(const std::vector<WorkerFolder>& workers, ClusterId cluster) {
  const ShownStore* newest = nullptr;
  for (const WorkerFolder& worker : workers) {
    if (!worker.store || worker.store->cluster != cluster || worker.store->map.is_none()) continue;
    if (newest == nullptr || worker.store->map > newest->map) newest = &*worker.store;
  }
  return newest;
}

}  // namespace kipu::cli

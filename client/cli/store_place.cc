#include "client/cli/store_place.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/plain_file.h"

namespace kipu::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // as the kernel has it

// The head of a store file, as docs/storage-format.md says: the magic, the version, the store's id.
constexpr std::string_view kMagic = "KIPUSTOR";
constexpr std::size_t kIdAt = kMagic.size() + 4;
constexpr std::size_t kIdBytes = 16;

bool is_link(const fs::path& path) {
  std::error_code error;
  return fs::is_symlink(fs::symlink_status(path, error));
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::status(path, error).type() != fs::file_type::not_found;
}

bool is_within(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

bool is_cluster_directory(const fs::path& path) {
  const bool is_made = is_there(path / "logs") && is_there(path / "pids");
  return is_made && (is_there(path / "cluster") || is_there(path / "stores"));
}

// Whatever lies there: why it is no place for the store of that worker.
std::string why_no_place(const ClusterFolder& folder, const std::string& name,
                         const fs::path& place, std::uint32_t workers) {
  std::error_code error;
  const fs::path home = fs::weakly_canonical(folder.path(), error);
  if (place == home) return "the cluster's own directory";
  if (is_within(place, home)) return "in the cluster's own directory";
  if (is_within(home, place)) return "in which the cluster's own directory lies";
  if (is_cluster_directory(place.parent_path())) return "in the directory of another cluster";
  for (std::uint32_t number = 1; number <= workers; ++number) {
    const std::string other = worker_folder(number);
    if (other == name) continue;
    const auto place_of_other = place_of(folder.path() / other);
    if (place_of_other && *place_of_other == place) {
      return fmt::format("to which {} leads, too", other);
    }
  }
  return {};
}

bool is_numbered(std::string_view name, std::string_view before, std::string_view after) {
  if (name.size() <= before.size() + after.size()) return false;
  if (!name.starts_with(before) || !name.ends_with(after)) return false;
  name.remove_prefix(before.size());
  name.remove_suffix(after.size());
  return name.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_of_a_database(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames{"CURRENT", "LOCK",      "LOG", "LOG.old",
                                                   "FILES",   "FILES.new", "lost"};
  if (std::find(kNames.begin(), kNames.end(), name) != kNames.end()) return true;
  for (const char* suffix : {".log", ".ldb", ".sst", ".dbtmp"}) {
    if (is_numbered(name, "", suffix)) return true;
  }
  return is_numbered(name, "MANIFEST-", "");
}

bool is_of_a_store(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames{"store", "store.new",      "store.init",
                                                   "db",    "store.init.new", "lost+found"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// A name in `path` that no worker gives, or nothing.
std::string stranger_in(const fs::path& path, bool (*is_own)(std::string_view),
                        std::error_code& error) {
  fs::directory_iterator at(path, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!is_own(name)) return name;
  }
  return {};
}

// The id in a store file, however damaged the rest of it is. None if there is no such file.
Result<StoreId> id_in_store_file(const fs::path& file) {
  if (!is_there(file)) return StoreId{};
  const auto text = read_plain_file(file, kIdAt + kIdBytes);
  if (!text && text.error().code == ErrorCode::corrupt) return StoreId{};
  if (!text) return fail(text.error());
  if (text->size() < kIdAt + kIdBytes || !text->starts_with(kMagic)) return StoreId{};
  std::string digits;
  for (const char byte : text->substr(kIdAt)) {
    digits += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return StoreId{Uuid::parse(digits).value_or(Uuid{})};
}

// What is there that may not be moved: "which holds …".
std::string why_not_ours(const fs::path& place, const WorkerFolder& worker, StoreId store) {
  const bool of_any = worker.store && !worker.store->cluster.is_none();
  if (worker.store && worker.store->store == store) return {};
  const auto found = id_in_store_file(place / "store");
  if (!found) return fmt::format("which cannot be read ({})", found.error().message);
  if (*found == store && !store.is_none()) return {};
  if (of_any || !found->is_none()) {
    return fmt::format("which holds the store {}{}",
                       (of_any ? worker.store->store : *found).id.to_string(),
                       of_any ? " of cluster " + worker.store->cluster.id.to_string() : "");
  }
  std::error_code error;
  std::string stranger = stranger_in(place, is_of_a_store, error);
  if (!error && stranger.empty() && is_there(place / "db")) {
    stranger = stranger_in(place / "db", is_of_a_database, error);
    if (!stranger.empty()) stranger.insert(0, "db/");
  }
  if (error) return fmt::format("which cannot be looked at ({})", error.message());
  return stranger.empty() ? std::string() : "which holds " + stranger;
}

}  // namespace

Result<fs::path> place_of(const fs::path& folder) {
  fs::path at = folder;
  std::error_code error;
  for (int links = 0; links < kMostLinks; ++links) {
    if (!is_link(at)) {
      if (links == 0) return at;
      fs::path place = fs::weakly_canonical(at, error);
      return error ? at : place;
    }
    at = at.parent_path() / fs::read_symlink(at, error);
    if (!at.has_filename()) at = at.parent_path();
  }
  return fail(ErrorCode::io_error,
              fmt::format("{} is a link that leads to no place", folder.string()));
}

LinkedPlace look_at_link(const ClusterFolder& folder, const WorkerFolder& worker, StoreId store,
                         std::uint32_t workers) {
  if (!is_link(worker.path)) return {};
  const auto place = place_of(worker.path);
  if (!place) return {place.error().message, false};
  std::string why = why_no_place(folder, worker.name, *place, workers);
  if (why.empty() && is_there(*place) && !worker.is_free()) {
    why = why_not_ours(*place, worker, store);
  }
  const std::string link =
      fmt::format("{} is a link to {}, ", worker.path.string(), place->string());
  if (!why.empty()) return {link + why, false};
  if (!is_there(*place)) return {link + "which is not there", true};
  return {};
}

Status check_parent(const fs::path& place, const WorkerFolder& worker) {
  std::error_code error;
  if (fs::is_directory(place.parent_path(), error)) return {};
  return fail(
      ErrorCode::io_error,
      fmt::format("{} is not there, in which {} should lie: bring its disk back, or another",
                  place.parent_path().string(), worker.name));
}

Result<std::string> clear_place(const fs::path& place, const WorkerFolder& worker) {
  if (auto status = check_parent(place, worker); !status) return fail(status.error());
  if (worker.is_free()) return std::string();
  const auto kept = set_aside(place, "lost");
  if (kept) return kept->string();
  struct stat here{};
  struct stat above{};
  const bool mounted = ::stat(place.c_str(), &here) == 0 &&
                       ::stat(place.parent_path().c_str(), &above) == 0 &&
                       here.st_dev != above.st_dev;
  if (!mounted) return fail(kept.error());
  return fail(ErrorCode::io_error,
              fmt::format("{} is a disk of its own, and cannot be renamed: move what is in it "
                          "elsewhere, and repeat this",
                          place.string()));
}

}  // namespace kipu::cli

#include "client/cli/disk_room.h"

#include <array>
#include <map>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "client/cli/units.h"

namespace kipu::cli {
namespace {

// What kipu-worker keeps if it is told nothing.
constexpr std::uint64_t kUsualReserve = std::uint64_t{256} << 20U;

struct Disk {
  std::uint64_t free = 0;
  std::string workers;
};

}  // namespace

std::vector<std::string> short_of_room(const ClusterFolder& folder, const Prepared& prepared,
                                       std::optional<std::uint64_t> reserve) {
  const std::uint64_t wanted = reserve.value_or(kUsualReserve);
  std::map<dev_t, Disk> disks;
  for (const WorkerFolder& worker : prepared.workers) {
    struct stat file{};
    struct statvfs room{};
    if (::stat(worker.path.c_str(), &file) != 0 || ::statvfs(worker.path.c_str(), &room) != 0) {
      continue;
    }
    Disk& disk = disks[file.st_dev];
    disk.free = std::uint64_t{room.f_bavail} * room.f_frsize;
    disk.workers += fmt::format("{}{}", disk.workers.empty() ? "" : ", ", worker.name);
  }
  std::vector<std::string> short_ones;
  for (const auto& [device, disk] : disks) {
    if (disk.free >= wanted) continue;
    short_ones.push_back(fmt::format(
        "the disk of {} in {} has {} free, and {} are kept in reserve, so appends are refused: "
        "make "
        "room, or keep less with --reserve SIZE",
        disk.workers, folder.path().string(), format_size(disk.free), format_size(wanted)));
  }
  return short_ones;
}

std::string daemon_size(std::optional<std::uint64_t> bytes) {
  constexpr std::array kUnits{"", "KiB", "MiB", "GiB"};
  constexpr std::uint64_t kStep = 1024;
  constexpr std::uint64_t kMostOfAUnit = 0xFFFF'FFFF;
  if (!bytes) return {};
  std::uint64_t count = *bytes;
  std::size_t unit = 0;
  while (count > kMostOfAUnit && unit + 1 < kUnits.size()) {
    count = count / kStep + (count % kStep == 0 ? 0 : 1);
    ++unit;
  }
  return fmt::format("{}{}", count, kUnits[unit]);
}

}  // namespace kipu::cli

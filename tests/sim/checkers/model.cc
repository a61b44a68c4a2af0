#include "tests/sim/checkers/model.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "base/little_endian.h"

namespace kipu::sim {
namespace {

std::string content_key(const Entry& entry) {
  std::string key;
  append_le(key, static_cast<std::uint32_t>(entry.bucket.size()));
  append_le(key, static_cast<std::uint32_t>(entry.key.size()));
  key += entry.bucket;
  key += entry.key;
  key.push_back(static_cast<char>(entry.kind));
  key += entry.kind == EntryKind::remove ? entry.stamp.to_string()
                                         : std::string(entry.values.packed());
  return key;
}

}  // namespace

std::string describe(const Entry& entry) {
  std::string key;
  for (const char c : entry.key) {
    const bool plain = c > ' ' && c <= '~';
    key += plain ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  const std::string first = entry.values.empty() ? "" : std::string(entry.values.front());
  return fmt::format("{}/{} kind {} stamp {} \"{}\"", entry.bucket, key,
                     static_cast<int>(entry.kind), entry.stamp.to_string(),
                     first.substr(0, first.find(':')));
}

WriteId Model::begin_write(std::string bucket, std::string key, EntryKind kind, Values values,
                           std::optional<Stamp> stamp) {
  ++now_;
  const WriteId id = writes_.size();
  Write& write = writes_.emplace_back();
  write.entry = make_entry(std::move(bucket), std::move(key), stamp.value_or(Stamp{}), kind,
                           std::move(values));
  write.stamped = stamp.has_value();
  write.open = 1;
  if (!by_content_.emplace(content_key(write.entry), id).second) {
    verdict_.fail("model", "two writes of the same content: " + describe(write.entry));
  }
  by_key_[{write.entry.bucket, write.entry.key}].push_back(id);
  return id;
}

void Model::begin_again(WriteId write) {
  ++now_;
  ++writes_[write].open;
}

void Model::take_stamp(Write& write, Stamp stamp) {
  if (write.stamped && write.entry.stamp != stamp) {
    verdict_.fail("I3", fmt::format("one write under a second stamp, {}: {}", stamp.to_string(),
                                    describe(write.entry)));
    return;
  }
  write.entry.stamp = stamp;
  write.entry.digest = digest_of(write.entry);
  write.stamped = true;
}

// Who held it may have lost it since.
void Model::settle(Write& write, std::uint32_t holders) {
  if (write.on == 0) return;
  while (write.held_since.size() < std::min(holders, replicas_))
    write.held_since.push_back(now_ + 1);
  ++now_;
}

bool Model::is_due(const Write& write, Moment begun, std::uint32_t asked) const {
  // So many holders that any `asked` of the replicas include one.
  // Who came back with an older copy of its disk serves reads of one until it has compared.
  const bool meets_majority = asked > replicas_ / 2;
  if (!meets_majority && (write.owed != 0 || begun < write.made_good)) return false;
  const std::uint32_t enough = replicas_ - std::clamp(asked, 1U, replicas_) + 1;
  return write.held_since.size() >= enough && write.held_since[enough - 1] <= begun;
}

void Model::on_acknowledged(WriteId id, Stamp stamp, std::uint32_t holders, std::uint32_t asked) {
  Write& write = writes_[id];
  --write.open;
  write.maybe_done = true;
  take_stamp(write, stamp);
  if (holders > replicas_) {
    verdict_.fail("I1", fmt::format("acknowledged by {} holders of {} replicas: {}", holders,
                                    replicas_, describe(write.entry)));
  }
  // What is answered together is answered with the least of its numbers, and held by as many as
  // its level needs all the same.
  holders = std::max(holders, asked);
  if (holders == 0) return;
  const auto disks = static_cast<std::uint32_t>(std::popcount(write.ever));
  if (disks < holders) {
    verdict_.fail("I1", fmt::format("acknowledged by {} holders, and on {} disks: {}", holders,
                                    disks, describe(write.entry)));
  }
  ++acknowledged_;
  write.acknowledged = true;
  settle(write, holders);
}

void Model::on_unknown(WriteId id, std::optional<Stamp> stamp) {
  Write& write = writes_[id];
  --write.open;
  write.maybe_done = true;
  if (stamp) take_stamp(write, *stamp);
}

void Model::on_refused(WriteId id) {
  Write& write = writes_[id];
  --write.open;
  if (refusals_are_final_ && !write.possible() && write.on_disk()) {
    verdict_.fail("I6", "reported as not done, and on a disk: " + describe(write.entry));
  }
}

Model::Write* Model::find(const Entry& entry) {
  const auto found = by_content_.find(content_key(entry));
  return found == by_content_.end() ? nullptr : &writes_[found->second];
}

const Model::Write* Model::find(const Entry& entry) const {
  const auto found = by_content_.find(content_key(entry));
  return found == by_content_.end() ? nullptr : &writes_[found->second];
}

void Model::on_stored(const Entry& entry, std::size_t disk) {
  Write* write = find(entry);
  if (write == nullptr) {
    verdict_.fail("I2", "stored, and never written: " + describe(entry));
    return;
  }
  check_seen(entry, "stored");
  const Disks bit = Disks{1} << disk;
  write->on |= bit;
  write->ever |= bit;
  if (write->owed != 0 && (write->owed &= ~bit) == 0) write->made_good = ++now_;
  if (refusals_are_final_ && !write->possible()) {
    verdict_.fail("I6", "reported as not done, and stored: " + describe(entry));
  }
}

bool Model::was_stored(const Entry& entry) const {
  const Write* write = find(entry);
  return write != nullptr && write->on_disk();
}

bool Model::holds(const Entry& entry, std::size_t disk) const {
  const Write* write = find(entry);
  return write != nullptr && (write->on & (Disks{1} << disk)) != 0;
}

// What a majority held must be on another disk. What fewer held may be gone, or is somewhere, where
// nobody has to look.
void Model::lose(Write& write, Disks disk) {
  write.on &= ~disk;
  const std::size_t majority = replicas_ / 2 + 1;
  if (write.on != 0) {
    write.owed |= disk;
    return;
  }
  if (write.held_since.size() >= majority) {
    verdict_.fail("I1", "lost with one disk, and held by a majority: " + describe(write.entry));
  }
  write.held_since.clear();
}

void Model::on_disk_lost(std::size_t disk, const std::vector<Entry>& left) {
  const Disks bit = Disks{1} << disk;
  std::set<const Write*> kept;
  for (const Entry& entry : left) kept.insert(find(entry));
  for (Write& write : writes_) {
    if ((write.on & bit) != 0 && !kept.contains(&write)) lose(write, bit);
  }
}

std::size_t Model::owed_to(std::size_t disk) const {
  const Disks bit = Disks{1} << disk;
  return static_cast<std::size_t>(std::count_if(
      writes_.begin(), writes_.end(), [bit](const Write& w) { return (w.owed & bit) != 0; }));
}

void Model::check_seen(const Entry& entry, const std::string& where) {
  Write* write = find(entry);
  if (write == nullptr) {
    verdict_.fail("I2", where + ", and never written: " + describe(entry));
    return;
  }
  if (digest_of(entry) != entry.digest) {
    verdict_.fail("I2", where + " with a wrong digest: " + describe(entry));
  }
  take_stamp(*write, entry.stamp);
}

std::optional<std::string> Model::first_that_differs(const Place& place,
                                                     const Logged& is_logged) const {
  const std::uint32_t majority = replicas_ / 2 + 1;
  for (const Write& write : writes_) {
    if (write.on == 0) continue;
    const Disks due = place(write.entry);
    const bool is_promised = write.held_since.size() >= majority;
    if (write.on != due && (is_promised || is_logged(write.entry))) {
      return fmt::format("on the disks {:b}, not {:b}: {}", write.on, due, describe(write.entry));
    }
  }
  return std::nullopt;
}

void Model::on_converged() {
  for (Write& write : writes_) {
    const auto disks = static_cast<std::uint32_t>(std::popcount(write.on));
    if (disks >= replicas_) settle(write, replicas_);
  }
}

void Model::check_disk(std::size_t disk, const std::vector<Entry>& entries) {
  const Disks bit = Disks{1} << disk;
  std::set<const Write*> found;
  for (const Entry& entry : entries) {
    check_seen(entry, "on a disk");
    const Write* write = find(entry);
    if (!found.insert(write).second) verdict_.fail("I3", "twice on a disk: " + describe(entry));
    if (write != nullptr && (write->on & bit) == 0) {
      verdict_.fail("I2", "on a disk that it was never stored on: " + describe(entry));
    }
  }
  for (const Write& write : writes_) {
    if ((write.on & bit) != 0 && !found.contains(&write)) {
      verdict_.fail("I1", "gone from a disk that held it: " + describe(write.entry));
    }
  }
}

void Model::check_disks(const std::vector<std::vector<Entry>>& disks) {
  for (std::size_t disk = 0; disk < disks.size(); ++disk) check_disk(disk, disks[disk]);
  for (const Write& write : writes_) {
    if (!write.held_since.empty() && write.on == 0) {
      verdict_.fail("I1",
                    "acknowledged or read, and on no disk at the end: " + describe(write.entry));
    }
  }
}

std::vector<std::string> Model::keys_of(const std::string& bucket) const {
  std::vector<std::string> keys;
  for (const auto& [name, writes] : by_key_) {
    if (name.first == bucket && !name.second.empty()) keys.push_back(name.second);
  }
  return keys;
}

}  // namespace kipu::sim

#include "tests/sim/checkers/model.h"

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

void Model::on_acknowledged(WriteId id, Stamp stamp, std::uint32_t holders) {
  Write& write = writes_[id];
  --write.open;
  write.maybe_done = true;
  take_stamp(write, stamp);
  if (holders == 0) return;
  if (!write.on_disk) {
    verdict_.fail("I1", "acknowledged, and on no disk: " + describe(write.entry));
  }
  ++acknowledged_;
  write.acknowledged = true;
  if (!write.certain_since) write.certain_since = ++now_;
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
  if (refusals_are_final_ && !write.possible() && write.on_disk) {
    verdict_.fail("I6", "reported as not done, and on a disk: " + describe(write.entry));
  }
}

Model::Write* Model::find(const Entry& entry) {
  const auto found = by_content_.find(content_key(entry));
  return found == by_content_.end() ? nullptr : &writes_[found->second];
}

void Model::on_stored(const Entry& entry) {
  Write* write = find(entry);
  if (write == nullptr) {
    verdict_.fail("I2", "stored, and never written: " + describe(entry));
    return;
  }
  check_seen(entry, "stored");
  write->on_disk = true;
  if (refusals_are_final_ && !write->possible()) {
    verdict_.fail("I6", "reported as not done, and stored: " + describe(entry));
  }
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

void Model::check_disks(const std::vector<Entry>& entries) {
  std::set<std::pair<std::string, EntryId>> seen;
  std::set<const Write*> found;
  for (const Entry& entry : entries) {
    check_seen(entry, "on a disk");
    if (!seen.emplace(content_key(entry), entry.id()).second) {
      verdict_.fail("I3", "on more than one disk: " + describe(entry));
    }
    found.insert(find(entry));
  }
  for (const Write& write : writes_) {
    if (write.certain_since && !found.contains(&write)) {
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

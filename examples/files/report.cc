#include "examples/files/report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "examples/files/text.h"

namespace files {
namespace {

using Json = nlohmann::ordered_json;

const char* type_name(FileType type) {
  switch (type) {
    case FileType::regular:
      return "file";
    case FileType::symlink:
      return "link";
    case FileType::directory:
      return "folder";
  }
  return "unknown";
}

char type_letter(FileType type) {
  if (type == FileType::regular) return '-';
  return type == FileType::symlink ? 'l' : 'd';
}

Json named(const std::string& name) {
  Json json;
  if (is_utf8(name)) {
    json["name"] = name;
  } else {
    json["name_b64"] = base64(name);
  }
  return json;
}

std::string stored_time(const StoredVersion& stored) {
  return format_time(
      std::chrono::floor<std::chrono::seconds>(stored.stamp.time.wall().time_since_epoch())
          .count());
}

void describe(Json& json, const StoredVersion& stored) {
  const Version& version = stored.version;
  if (stored.number != 0) json["version"] = stored.number;
  json["type"] = type_name(version.type);
  json["size"] = version.size;
  json["mode"] = fmt::format("{:04o}", version.mode);
  json["modified"] = format_time(version.seconds);
  json["stored"] = stored_time(stored);
  json["stamp"] = stored.stamp.to_string();
  json["sha256"] = hex(version.content);
}

}  // namespace

std::string upload_text(const Uploaded& uploaded, const std::string& name) {
  if (uploaded.unchanged) {
    return fmt::format("unchanged  {}  {}", name, format_size(uploaded.size));
  }
  return fmt::format("stored     {}  {}, {} of {} chunks sent, {}", name,
                     format_size(uploaded.size), format_number(uploaded.sent_chunks),
                     format_number(uploaded.chunks), format_size(uploaded.sent_bytes));
}

std::string upload_json(const Uploaded& uploaded) {
  Json json = named(uploaded.name);
  json["type"] = type_name(uploaded.type);
  json["size"] = uploaded.size;
  json["unchanged"] = uploaded.unchanged;
  json["stamp"] = uploaded.stamp.to_string();
  json["chunks"] = uploaded.chunks;
  json["sent_chunks"] = uploaded.sent_chunks;
  json["sent_bytes"] = uploaded.sent_bytes;
  return json.dump();
}

std::string info_text(const StoredVersion& stored, const std::string& name,
                      const ChunkCounts& counts) {
  const Version& version = stored.version;
  std::string out = fmt::format("name      {}\n", name);
  if (stored.number != 0) out += fmt::format("version   {}\n", stored.number);
  out += fmt::format("type      {}\n", type_name(version.type));
  out += fmt::format("size      {} ({} bytes)\n", format_size(version.size),
                     format_number(version.size));
  out += fmt::format("mode      {}\n", format_mode(type_letter(version.type), version.mode));
  out += fmt::format("modified  {}\n", format_time(version.seconds));
  out += fmt::format("stored    {}\n", stored_time(stored));
  out += fmt::format("stamp     {}\n", stored.stamp.to_string());
  out += fmt::format("sha256    {}\n", hex(version.content));
  out += fmt::format("chunks    {}", format_number(counts.chunks));
  if (counts.holes > 0) {
    out += fmt::format(", and {} in {} holes", format_size(counts.hole_bytes),
                       format_number(counts.holes));
  }
  return out;
}

std::string info_json(const StoredVersion& stored, const ChunkCounts& counts) {
  Json json = named(stored.version.name);
  describe(json, stored);
  json["chunks"] = counts.chunks;
  json["holes"] = counts.holes;
  json["hole_bytes"] = counts.hole_bytes;
  return json.dump();
}

std::string version_text(const StoredVersion& stored) {
  const Version& version = stored.version;
  std::string out = stored.number == 0 ? std::string() : fmt::format("{:>4}  ", stored.number);
  return out + fmt::format("{}  {:>10}  {}", format_mode(type_letter(version.type), version.mode),
                           format_size(version.size), stored_time(stored));
}

std::string version_json(const StoredVersion& stored) {
  Json json = named(stored.version.name);
  describe(json, stored);
  return json.dump();
}

std::string done_json(const std::string& name, const char* action, const StoredVersion& stored) {
  Json json = named(name);
  json[action] = true;
  json["size"] = stored.version.size;
  json["sha256"] = hex(stored.version.content);
  json["stamp"] = stored.stamp.to_string();
  return json.dump();
}

std::string name_json(const std::string& name) {
  return named(name).dump();
}

}  // namespace files

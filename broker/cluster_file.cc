#include "broker/cluster_file.h"

#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "base/plain_file.h"
#include "base/shell_quoted.h"
#include "bus/daemon/settings.h"
#include "storage/files.h"

namespace kipu::broker {
namespace {

constexpr std::uint32_t kFormat = 1;

std::filesystem::path cluster_file(const std::filesystem::path& directory) {
  return directory / "cluster.toml";
}

std::string to_text(const ClusterFile& cluster) {
  return "# The cluster that this broker serves, written by `kipu-broker init`. If it is lost:\n"
         "# `kipu-broker init --cluster-id` with the id that `kipu status` shows.\n"
         "format = " +
         std::to_string(kFormat) + "\ncluster-id = \"" + cluster.cluster.id.to_string() +
         "\"\nworkers = " + std::to_string(cluster.workers) +
         "\nreplicas = " + std::to_string(cluster.replicas) +
         "\npartitions = " + std::to_string(cluster.partitions) + "\n";
}

using Values = std::map<std::string, std::string>;

std::optional<std::uint32_t> number_of(const Values& values, const std::string& name) {
  const auto found = values.find(name);
  if (found == values.end()) return std::nullopt;
  const std::string& text = found->second;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<ClusterFile> parse(const Values& values) {
  const auto id = values.find("cluster-id");
  const auto uuid = id == values.end() ? std::nullopt : Uuid::parse(id->second);
  const auto workers = number_of(values, "workers");
  const auto replicas = number_of(values, "replicas");
  const auto partitions = number_of(values, "partitions");
  if (!uuid || uuid->is_none() || !workers || !replicas || !partitions) return std::nullopt;
  return ClusterFile{ClusterId{*uuid}, *workers, *replicas, *partitions};
}

Error damaged(const std::filesystem::path& file, const std::string& how) {
  const std::string at = shell_quoted(file.string());
  return {ErrorCode::corrupt,
          file.string() + " is damaged (" + how + "): set it aside with `mv " + at + " " +
              shell_quoted(file.string() + ".damaged") +
              "`, and write it anew with `kipu-broker init --data " +
              shell_quoted(file.parent_path().string()) +
              " --workers N --cluster-id HEX`, of the N workers of the cluster whose id "
              "`kipu-worker show` of any of them names"};
}

// What lies there, other than what an interrupted init and a file system leave.
Status check_empty(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::directory_iterator at(directory, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name == "lost+found" || name.starts_with("cluster.toml.")) continue;
    return fail(ErrorCode::invalid_argument, directory.string() + " is not empty, it holds " +
                                                 name + ": choose another directory");
  }
  if (!error) return {};
  return fail(ErrorCode::io_error, "cannot list " + directory.string() + ": " + error.message());
}

}  // namespace

Status write_cluster_file(const std::filesystem::path& directory, const ClusterFile& cluster) {
  if (auto made = storage::make_directory(directory); !made) return made;
  std::error_code error;
  if (std::filesystem::exists(cluster_file(directory), error)) {
    return fail(ErrorCode::invalid_argument,
                directory.string() +
                    " is a broker's directory already: start it with `kipu-broker "
                    "--data " +
                    shell_quoted(directory.string()) + "`");
  }
  if (auto empty = check_empty(directory); !empty) return empty;
  return storage::replace_file(cluster_file(directory), to_text(cluster));
}

Result<ClusterFile> read_cluster_file(const std::filesystem::path& directory) {
  const auto file = cluster_file(directory);
  std::error_code ignored;  // what cannot be looked at is there: reading it says what is wrong
  if (std::filesystem::status(file, ignored).type() == std::filesystem::file_type::not_found) {
    return fail(ErrorCode::not_a_store, directory.string() +
                                            " is no broker's directory: make it one with "
                                            "`kipu-broker init --data " +
                                            shell_quoted(directory.string()) +
                                            " --workers N`, and with --cluster-id HEX, too, in the "
                                            "place of one that is lost");
  }
  if (const auto kind = special_kind(file); !kind.empty()) {
    return fail(damaged(file, "it is " + std::string(kind)));
  }
  const auto settings = daemon::read_settings(file);
  if (!settings && settings.error().code == ErrorCode::io_error) return fail(settings.error());
  if (!settings) return fail(damaged(file, settings.error().message));
  Values values;
  for (const daemon::Setting& setting : *settings) values[setting.name] = setting.value;
  const auto format = number_of(values, "format");
  if (format && *format > kFormat) {
    return fail(ErrorCode::newer_format,
                file.string() + " was written by a newer version: use that version");
  }
  const auto cluster = parse(values);
  if (cluster && format == kFormat) return *cluster;
  return fail(damaged(file, "it lacks what it should say"));
}

}  // namespace kipu::broker

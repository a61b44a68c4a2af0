#include "bus/daemon/settings.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include <toml++/toml.h>

namespace kipu::daemon {
namespace {

std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  return std::nullopt;
}

Result<std::string> read_whole(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string bytes;
  std::array<char, 4096> block{};
  // An iterator over the stream's buffer would throw where the system cannot read.
  while (in.read(block.data(), block.size()) || in.gcount() > 0) {
    bytes.append(block.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.eof() && !in.bad()) return bytes;
  return fail(ErrorCode::io_error, "cannot read " + file.string() + ": " + std::strerror(errno));
}

}  // namespace

Result<std::vector<Setting>> read_settings(const std::filesystem::path& file) {
  const auto bytes = read_whole(file);
  if (!bytes) return fail(bytes.error());
  const auto place = [&file](const toml::source_region& where) {
    return file.string() + ":" + std::to_string(where.begin.line);
  };
  std::vector<Setting> settings;
  try {
    const toml::table table = toml::parse(*bytes);
    for (const auto& [name, node] : table) {
      auto text = text_of(node);
      if (!text) {
        return fail(ErrorCode::invalid_argument,
                    place(node.source()) + ": '" + std::string(name.str()) +
                        "' is neither a text, nor a whole number, nor true or false");
      }
      settings.push_back({std::string(name.str()), std::move(*text), place(node.source())});
    }
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid_argument,
                place(error.source()) + ": " + std::string(error.description()));
  }
  return settings;
}

}  // namespace kipu::daemon

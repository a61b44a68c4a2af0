#include "examples/callgraph/indexer/source_files.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include <openssl/evp.h>
#include <sys/stat.h>
#include <zlib.h>

namespace callgraph {

namespace fs = std::filesystem;

namespace {

std::optional<std::string> content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

std::string md5_of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[digest[i] >> 4U];
    text += kDigits[digest[i] & 15U];
  }
  return text;
}

std::uint32_t adler32_of(std::string_view bytes) {
  const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
  return static_cast<std::uint32_t>(adler32_z(adler32_z(0, nullptr, 0), data, bytes.size()));
}

std::optional<std::string> relative_to(const fs::path& root, const fs::path& path) {
  const auto [end, rest] = std::ranges::mismatch(root, path);
  if (end != root.end() || rest == path.end()) return std::nullopt;
  fs::path below;
  for (auto part = rest; part != path.end(); ++part) below /= *part;
  return below.generic_string();
}

std::optional<std::size_t> ProjectFiles::left_out_by(const fs::path& path) const {
  for (std::size_t i = 0; i < left_out.size(); ++i) {
    if (path == left_out[i] || relative_to(left_out[i], path)) return i;
  }
  return std::nullopt;
}

std::optional<std::string> ProjectFiles::find(const fs::path& path) const {
  if (left_out_by(path)) return std::nullopt;
  return relative_to(root, path);
}

std::int64_t modified_time(const fs::path& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return 0;
  constexpr std::int64_t kMicroseconds = 1'000'000;
  return found.st_mtim.tv_sec * kMicroseconds + found.st_mtim.tv_nsec / 1000;
}

OnDisk compare_with_disk(const fs::path& root, const SourceFile& file) {
  const fs::path path = root / file.path;
  const auto content = content_of(path);
  if (!content) return fs::exists(path) ? OnDisk::changed : OnDisk::gone;
  if (content->size() != file.size || adler32_of(*content) != file.adler32) return OnDisk::changed;
  if (modified_time(path) == file.modified) return OnDisk::same;
  return md5_of(*content) == file.md5 ? OnDisk::same : OnDisk::changed;
}

}  // namespace callgraph

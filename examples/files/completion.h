// What a line that is being typed may go on with.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace files {

// The word at the cursor begins at byte `start` of the line and may become each of `words`, which
// are not quoted. One that ends with `/` may go on.
struct Completions {
  std::size_t start = 0;
  std::vector<std::string> words;
};

// The names of stored files that begin with a prefix, as many as are worth showing.
using StoredNames = std::function<std::vector<std::string>(const std::string& prefix)>;

[[nodiscard]] Completions complete(std::string_view line, const StoredNames& stored);

// The files of this machine whose paths begin so; folders end with `/`.
[[nodiscard]] std::vector<std::string> local_paths(const std::string& prefix, bool only_folders);

// Stored names as folders show them: what follows the next `/` is left out.
[[nodiscard]] std::vector<std::string> by_folder(const std::vector<std::string>& names,
                                                 const std::string& prefix);

// What all of `words` begin with, without a broken UTF-8 sequence at its end.
[[nodiscard]] std::string common_start(const std::vector<std::string>& words);

}  // namespace files

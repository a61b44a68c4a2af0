// A word as a shell reads it back, for commands that messages name.
#pragma once

#include <string>
#include <string_view>

namespace kipu {

// `word` as it is if it needs no quotes, else in single quotes.
[[nodiscard]] std::string shell_quoted(std::string_view word);

}  // namespace kipu

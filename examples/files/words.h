// A line of the shell, taken into words.
//
// Words are separated by blanks. 'Single' quotes keep everything. Within "double" quotes and
// outside of quotes a backslash makes \n \t \r and \xNN those bytes, and keeps any other sign as it
// is.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace files {

// `invalid_argument` if a quote is not closed or an escape is none.
[[nodiscard]] kipu::Result<std::vector<std::string>> split_words(std::string_view line);

// A line that is being typed: the words before the last one, and that, which begins at `start` and
// may be empty or lack its closing quote.
struct Unfinished {
  std::vector<std::string> before;
  std::string last;
  std::size_t start = 0;
};
[[nodiscard]] Unfinished split_unfinished(std::string_view line);

// The word as split_words() needs it. What quotes the beginning of a word begins what quotes the
// word, so that completion can stop anywhere.
[[nodiscard]] std::string quote_word(std::string_view word);

}  // namespace files

// One line of the shell, taken into words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kipu::cli {

// Words are separated by blanks. 'Single' quotes keep everything; within "double" quotes and
// outside of quotes, \n \t \r \\ \" \' \  and \xNN stand for those bytes. `malformed` if a quote is
// not closed or an escape is none.
[[nodiscard]] Result<std::vector<std::string>> split_words(std::string_view line);

// The word as split_words() would need it.
[[nodiscard]] std::string quote_word(std::string_view word);

}  // namespace kipu::cli

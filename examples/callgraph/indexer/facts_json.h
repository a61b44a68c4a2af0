// Facts as JSON, for those who want to see what the indexer finds.
#pragma once

#include <string>

#include "examples/callgraph/facts.h"

namespace callgraph {

// One line: path, md5, and arrays `symbols` and `edges` with the fields of facts.h, their
// enumerations as words.h has them. What is no UTF-8 is replaced.
[[nodiscard]] std::string facts_json(const SourceFile& file, const FileFacts& facts);

}  // namespace callgraph

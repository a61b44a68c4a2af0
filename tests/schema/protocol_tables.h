// The tables of docs/protocol.md, so that tests hold what it says against what the code does. A
// table follows a line `<!-- table: name -->`; its first two lines are head and rule.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace kipu::tests {

using Row = std::vector<std::string>;

// A cell without the spaces around it and without backticks.
inline std::string plain(std::string_view cell) {
  std::string text;
  for (const char c : cell) {
    if (c != '`') text.push_back(c);
  }
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

inline Row cells_of(const std::string& line) {
  Row cells;
  std::size_t begin = 1;  // after the first bar
  for (std::size_t bar = line.find('|', begin); bar != std::string::npos;
       bar = line.find('|', begin)) {
    cells.push_back(plain(std::string_view(line).substr(begin, bar - begin)));
    begin = bar + 1;
  }
  return cells;
}

// The rows of the table `name` in the file at `path`; none if there is no such table.
inline std::vector<Row> table(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line) && line != "<!-- table: " + name + " -->") {
  }
  std::vector<Row> rows;
  while (std::getline(file, line) && (line.empty() || line.front() == '|')) {
    if (!line.empty()) rows.push_back(cells_of(line));
  }
  if (rows.size() < 2) return {};
  rows.erase(rows.begin(), rows.begin() + 2);
  return rows;
}

// Bytes from hex; `-` stands for none.
inline std::string from_hex(const std::string& hex) {
  std::string bytes;
  if (hex == "-") return bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes.push_back(static_cast<char>(std::stoul(hex.substr(at, 2), nullptr, 16)));
  }
  return bytes;
}

inline std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex.push_back(kDigits[byte >> 4U]);
    hex.push_back(kDigits[byte & 0xfU]);
  }
  return hex.empty() ? "-" : hex;
}

}  // namespace kipu::tests

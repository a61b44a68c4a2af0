#include "examples/callgraph/qualified_name.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace callgraph {
namespace {

constexpr std::string_view kJoint = "::";

bool is_identifier(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Where `operator…` begins in a name that ends with one, such as A::operator<; else its end.
std::size_t operator_at(std::string_view name) {
  constexpr std::string_view kWord = "operator";
  const std::size_t at = name.rfind(kWord);
  if (at == std::string_view::npos) return name.size();
  const std::size_t after = at + kWord.size();
  const bool begins = at == 0 || !is_identifier(name[at - 1]);
  const bool ends = after < name.size() && !is_identifier(name[after]);
  return begins && ends ? at : name.size();
}

// Where each part begins: behind "::" that stand in no template argument and no parentheses.
std::vector<std::size_t> starts_of_parts(std::string_view name) {
  std::vector<std::size_t> starts{0};
  const std::size_t end = operator_at(name);
  int depth = 0;
  for (std::size_t i = 0; i < end; ++i) {
    if (name[i] == '<' || name[i] == '(') ++depth;
    if (name[i] == '>' || name[i] == ')') --depth;
    if (depth == 0 && name.substr(i, kJoint.size()) == kJoint) {
      i += kJoint.size() - 1;
      starts.push_back(i + 1);
    }
  }
  return starts;
}

}  // namespace

std::string_view simple_name(std::string_view name) {
  if (name.ends_with(kJoint)) name.remove_suffix(kJoint.size());
  const std::string_view part = last_parts(name, 1);
  if (operator_at(part) == 0) return part;
  // A name that begins with `<`, such as one that a compiler makes up, is its own simple name.
  const std::size_t arguments = part.find('<');
  return arguments == 0 ? part : part.substr(0, arguments);
}

std::size_t part_count(std::string_view name) {
  return starts_of_parts(name).size();
}

std::string_view last_parts(std::string_view name, std::size_t count) {
  const auto starts = starts_of_parts(name);
  return name.substr(starts[starts.size() - std::min(count, starts.size())]);
}

}  // namespace callgraph

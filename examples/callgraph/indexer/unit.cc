#include "examples/callgraph/indexer/unit.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "examples/callgraph/indexer/clang_handles.h"
#include "examples/callgraph/indexer/facts_sink.h"
#include "examples/callgraph/indexer/source_files.h"
#include "examples/callgraph/indexer/unit_files.h"
#include "examples/callgraph/indexer/walk.h"

namespace callgraph {

namespace {

void sort_once(FileFacts& facts) {
  const auto once = [](auto& all) {
    std::ranges::sort(all);
    const auto rest = std::ranges::unique(all);
    all.erase(rest.begin(), rest.end());
  };
  once(facts.symbols);
  once(facts.edges);
}

class Reader {
 public:
  Reader(CXTranslationUnit unit, const CompileCommand& command, const ReadOptions& options,
         Claims& claims)
      : unit_(unit),
        command_(command),
        claims_(claims),
        files_(options.project),
        sink_(files_, command.language.starts_with("C++") ? "C++" : "C"),
        walk_(files_, sink_, claims, options.locals),
        root_(options.project.root) {}

  void read(ReadUnit& result) {
    count_errors(result);
    find_files(result);
    claim(result.errors > 0);
    walk_top();
    walk_.read_instances();
    say_macros();
    collect(result);
  }

 private:
  void count_errors(ReadUnit& result);
  void find_files(ReadUnit& result);
  void claim(bool has_errors);
  std::unordered_map<const UnitFile*, std::string> conditional_parts();
  void add_names(std::unordered_map<const UnitFile*, std::string>& parts);
  void walk_top();
  void preprocess(CXCursor cursor);
  void say_macro(CXCursor cursor, const Place& at);
  void say_include(CXCursor cursor, const Place& at);
  void say_macros();
  void say_file(UnitFile& file);
  void collect(ReadUnit& result);
  SourceFile source_file(const UnitFile& file);

  CXTranslationUnit unit_;
  const CompileCommand& command_;
  Claims& claims_;
  UnitFiles files_;
  FactsSink sink_;
  Walk walk_;
  std::filesystem::path root_;
  UnitFile* main_ = nullptr;

  struct Expansion {
    Place at;
    std::string macro;
  };
  std::vector<Expansion> expansions_;
};

void Reader::count_errors(ReadUnit& result) {
  const unsigned int count = clang_getNumDiagnostics(unit_);
  for (unsigned int i = 0; i < count; ++i) {
    CXDiagnostic diagnostic = clang_getDiagnostic(unit_, i);
    if (clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error) {
      if (result.errors++ == 0) {
        result.error =
            text_of(clang_formatDiagnostic(diagnostic, CXDiagnostic_DisplaySourceLocation));
      }
    }
    clang_disposeDiagnostic(diagnostic);
  }
}

void Reader::find_files(ReadUnit& result) {
  clang_getInclusions(
      unit_,
      [](CXFile file, CXSourceLocation*, unsigned int, CXClientData files) {
        static_cast<UnitFiles*>(files)->find(file);
      },
      &files_);
  main_ = files_.find(clang_getFile(unit_, command_.source.c_str()));
  for (const auto& file : files_.all()) {
    if (file->inside) result.shown.push_back(file->path);
  }
  std::ranges::sort(result.shown);
}

// What the preprocessor left out of each file, as text that differs where it does.
std::unordered_map<const UnitFile*, std::string> Reader::conditional_parts() {
  std::unordered_map<const UnitFile*, std::string> parts;
  CXSourceRangeList* skipped = clang_getAllSkippedRanges(unit_);
  for (unsigned int i = 0; skipped != nullptr && i < skipped->count; ++i) {
    const Place begin = files_.place(clang_getRangeStart(skipped->ranges[i]));
    const Place end = files_.place(clang_getRangeEnd(skipped->ranges[i]));
    if (begin.file == nullptr || !begin.file->inside) continue;
    parts[begin.file] += std::to_string(begin.offset) + '-' + std::to_string(end.offset) + ' ';
  }
  clang_disposeSourceRangeList(skipped);
  return parts;
}

// A header may be written to be included again, with other macros that give its functions other
// names: C's templates.
void Reader::add_names(std::unordered_map<const UnitFile*, std::string>& parts) {
  for_each_child(clang_getTranslationUnitCursor(unit_), [&](CXCursor cursor) {
    if (clang_isPreprocessing(clang_getCursorKind(cursor))) return CXChildVisit_Continue;
    const UnitFile* file = files_.place(cursor).file;
    if (file == nullptr || !file->inside) return CXChildVisit_Continue;
    parts[file] += text_of(clang_getCursorSpelling(cursor)) + ' ';
    return CXChildVisit_Continue;
  });
}

void Reader::claim(bool has_errors) {
  auto parts = conditional_parts();
  add_names(parts);
  for (const auto& file : files_.all()) {
    if (!file->inside) continue;
    const std::string key = sink_.language() + ' ' + file->path + ' ' + md5_of(parts[file.get()]);
    const bool free = has_errors ? !claims_.has(key) : claims_.take(key);
    file->wanted = free || file.get() == main_;
  }
}

void Reader::walk_top() {
  for_each_child(clang_getTranslationUnitCursor(unit_), [this](CXCursor cursor) {
    if (clang_isPreprocessing(clang_getCursorKind(cursor))) {
      preprocess(cursor);
      return CXChildVisit_Continue;
    }
    const Place at = files_.place(cursor);
    if (at.file == nullptr || !at.file->inside) return CXChildVisit_Continue;
    if (at.file->wanted) {
      walk_.read(cursor);
    } else {
      walk_.read_defaulted(cursor);
    }
    return CXChildVisit_Continue;
  });
}

void Reader::preprocess(CXCursor cursor) {
  const Place at = files_.place(cursor);
  if (at.file == nullptr || !at.file->wanted) return;
  const CXCursorKind kind = clang_getCursorKind(cursor);
  if (kind == CXCursor_InclusionDirective) return say_include(cursor, at);
  if (kind == CXCursor_MacroDefinition) return say_macro(cursor, at);
  if (kind != CXCursor_MacroExpansion) return;
  const Place defined = files_.place(clang_getCursorReferenced(cursor));
  if (defined.file == nullptr || !defined.file->inside) return;
  const std::string name = text_of(clang_getCursorSpelling(cursor));
  expansions_.push_back({at, walk_.names().macro_usr(*defined.file, name)});
}

void Reader::say_macro(CXCursor cursor, const Place& at) {
  Symbol symbol;
  symbol.name = text_of(clang_getCursorSpelling(cursor));
  symbol.signature = symbol.name;
  symbol.usr = walk_.names().macro_usr(*at.file, symbol.name);
  symbol.kind = SymbolKind::macro;
  symbol.is_definition = true;
  sink_.symbol(at, std::move(symbol));
}

void Reader::say_include(CXCursor cursor, const Place& at) {
  const UnitFile* included = files_.find(clang_getIncludedFile(cursor));
  if (included == nullptr || !included->inside) return;
  sink_.edge(at, at.file->usr, included->usr, Relation::includes);
}

// Macros are used by the function around, or else by the file. Functions are known by now.
void Reader::say_macros() {
  for (const Expansion& expansion : expansions_) {
    const Named* function = walk_.function_at(*expansion.at.file, expansion.at.offset);
    const std::string& from = function == nullptr ? expansion.at.file->usr : function->usr;
    sink_.edge(expansion.at, from, expansion.macro, Relation::expands);
  }
}

void Reader::collect(ReadUnit& result) {
  UnitFile* last = main_;
  const auto take = [&](UnitFile& file) {
    if (file.wanted) say_file(file);
    sort_once(file.facts);
    ReadFile read;
    read.file = source_file(file);
    read.facts = std::move(file.facts);
    result.files.push_back(std::move(read));
  };
  for (const auto& file : files_.all()) {
    const bool says = file->wanted || !file->facts.edges.empty() || !file->facts.symbols.empty();
    if (file->inside && says && file.get() != last) take(*file);
  }
  if (last != nullptr && last->inside) take(*last);
}

void Reader::say_file(UnitFile& file) {
  Symbol symbol;
  symbol.usr = file.usr;
  symbol.kind = SymbolKind::file;
  symbol.name = file.path;
  symbol.signature = file.path;
  symbol.is_definition = true;
  symbol.language = sink_.language();
  symbol.line = 1;
  symbol.column = 1;
  file.facts.symbols.push_back(std::move(symbol));
}

SourceFile Reader::source_file(const UnitFile& file) {
  const std::string_view content = text_of(unit_, file.handle);
  SourceFile source;
  source.path = file.path;
  source.size = content.size();
  source.md5 = md5_of(content);
  source.adler32 = adler32_of(content);
  source.modified = modified_time(root_ / file.path);
  source.language = &file == main_ ? command_.language : sink_.language();
  return source;
}

std::string why(CXErrorCode error) {
  switch (error) {
    case CXError_Crashed:
      return "libclang crashed on it";
    case CXError_InvalidArguments:
      return "libclang does not take its compile command";
    case CXError_ASTReadError:
      return "libclang could not read a syntax tree";
    default:
      return "libclang could not read it";
  }
}

}  // namespace

// An action of its own for each unit skips the bodies of functions in system headers, which makes
// parsing faster than the compiler's, and no bodies of the project's. Without the wish for
// instances of templates there would be none to walk.
ReadUnit read_unit(const CompileCommand& command, const ReadOptions& options, Claims& claims) {
  ReadUnit result;
  const IndexHandle index(clang_createIndex(0, 0));
  const ActionHandle action(clang_IndexAction_create(index.get()));
  std::vector<const char*> arguments;
  arguments.reserve(command.arguments.size());
  for (const std::string& argument : command.arguments) arguments.push_back(argument.c_str());
  IndexerCallbacks callbacks{};
  CXTranslationUnit parsed = nullptr;
  const int error = clang_indexSourceFileFullArgv(
      action.get(), nullptr, &callbacks, sizeof callbacks,
      CXIndexOpt_SkipParsedBodiesInSession | CXIndexOpt_IndexImplicitTemplateInstantiations,
      nullptr, arguments.data(), static_cast<int>(arguments.size()), nullptr, 0, &parsed,
      CXTranslationUnit_DetailedPreprocessingRecord | CXTranslationUnit_KeepGoing);
  const UnitHandle unit(parsed);
  if (unit == nullptr) {
    result.error = why(static_cast<CXErrorCode>(error));
    result.errors = 1;
    return result;
  }
  result.parsed = true;
  Reader(unit.get(), command, options, claims).read(result);
  return result;
}

}  // namespace callgraph

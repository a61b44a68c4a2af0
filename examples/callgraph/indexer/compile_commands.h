// compile_commands.json: which files are compiled, and how, made fit for libclang.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace callgraph {

struct CompileCommand {
  std::filesystem::path source;        // absolute, normal
  std::vector<std::string> arguments;  // of clang, its name first, the source last
  std::string language;                // "C" or "C++", with the standard's year if it was given
};

// A command as a shell would split it: quotes and backslashes, no expansion.
[[nodiscard]] std::vector<std::string> split_command(std::string_view command);

// What libclang needs of a compiler's arguments: what changes the meaning of the source, and
// nothing about output, warnings, code generation or launchers such as ccache. Relative paths are
// left to -working-directory. A directory of `-isystem` below `root` becomes one of `-I`: it is the
// project's own code, and its function bodies are to be read.
[[nodiscard]] CompileCommand fit_for_clang(const std::vector<std::string>& arguments,
                                           const std::filesystem::path& directory,
                                           const std::filesystem::path& source,
                                           const std::filesystem::path& root);

// Reads the commands, in the order of the file. `compdb` is the file, or its directory.
// invalid_argument, with the remedy, if there is no such file or it is no compile database.
[[nodiscard]] kipu::Result<std::vector<CompileCommand>> read_compile_commands(
    const std::filesystem::path& compdb, const std::filesystem::path& root);

// The root of a project whose compile database this is: the nearest folder above it that has .git,
// or else the folder above the one that the database lies in.
[[nodiscard]] std::filesystem::path root_of(const std::filesystem::path& compdb);

// The folder of the compile database, if what stands in it was made by the build: if it is a folder
// within the root, and sources of the project stand beside it, too.
[[nodiscard]] std::optional<std::filesystem::path> build_folder(
    const std::filesystem::path& compdb, const std::filesystem::path& root,
    const std::vector<CompileCommand>& commands);

}  // namespace callgraph

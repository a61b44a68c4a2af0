// What each command does.
#pragma once

#include <span>
#include <string>

#include "examples/files/arguments.h"
#include "examples/files/manual.h"
#include "examples/files/session.h"

namespace files {

// Runs a command with its parsed words. Errors are reported; the exit code is that of the first.
Exit run_command(Session& session, const CommandSpec& command, const Arguments& arguments);

// transfers.cc
Exit run_upload(Session& session, const Arguments& arguments);
Exit run_download(Session& session, const Arguments& arguments);
Exit run_verify(Session& session, const Arguments& arguments);
// listings.cc
Exit run_list_files(Session& session, const Arguments& arguments);
Exit run_info(Session& session, const Arguments& arguments);
Exit run_history(Session& session, const Arguments& arguments);
// commands.cc
Exit run_cd(Session& session, const Arguments& arguments);
Exit run_ls(Session& session, const Arguments& arguments);
Exit run_pwd(Session& session, const Arguments& arguments);
Exit run_man(Session& session, const Arguments& arguments);

// The version that --number or --as-of chooses, else the newest; nothing if there is none.
[[nodiscard]] kipu::Result<std::optional<StoredVersion>> find_version(FileStore& store,
                                                                      const std::string& name,
                                                                      const Arguments& arguments);
// Says that there is no such file, and what to do.
Exit report_absent(Session& session, const std::string& name);

}  // namespace files

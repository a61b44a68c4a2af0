// upload, download, verify: many files at once.
#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "examples/files/commands.h"
#include "examples/files/download.h"
#include "examples/files/local.h"
#include "examples/files/names.h"
#include "examples/files/report.h"
#include "examples/files/sender.h"
#include "examples/files/text.h"
#include "examples/files/upload.h"

namespace files {
namespace {

using kipu::Error;
using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;
using kipu::Status;

// Bytes of chunks that are held at once, whatever the number and the size of the files.
constexpr std::size_t kBudgetBytes = std::size_t{48} * 1024 * 1024;

// Threads that hash, compress, and wait for the cluster: more of them than processors.
std::size_t chunk_threads() {
  return std::max<std::size_t>(8, std::size_t{2} * std::thread::hardware_concurrency());
}

// The exit code of the first that failed.
class FirstFailure {
 public:
  explicit FirstFailure(Session& session) : session_(session) {}
  void report(const Error& error) { note(session_.report(error)); }
  void note(Exit exit) {
    Exit none = Exit::done;
    exit_.compare_exchange_strong(none, exit);
  }
  Exit exit() const { return exit_; }

 private:
  Session& session_;
  std::atomic<Exit> exit_ = Exit::done;
};

// Everything that one upload command has under way. Files end before what they refer to.
class Uploads {
 public:
  Uploads(Session& session, FileStore& store, const Arguments& arguments)
      : session_(session),
        failure_(session),
        sender_(store, progress_, {chunk_threads(), kBudgetBytes}, arguments.has("verify")),
        parts_{store, sender_, progress_, interrupted()},
        display_(progress_, "sent", session.shows_progress()),
        files_(std::in_place, session.jobs()) {}

  // A file, or a folder with all that is in it.
  void add(const std::string& path, const std::string& name) {
    struct stat facts{};
    const auto look = open_path(path, O_PATH);
    if (!look) return failure_.report(look.error());
    if (::fstat(look->get(), &facts) != 0) {
      return failure_.report(system_error("look at", path, errno));
    }
    if (!S_ISDIR(facts.st_mode)) return submit(path, name, Links::follow);
    walk(
        path,
        [&](const Found& found) {
          if (found.kind == Found::Kind::special) {
            session_.note(in_quotes(found.path) + " is a device, a pipe or a socket: passed over");
          } else {
            submit(found.path, join_path(name, found.name), Links::keep);
          }
          return !interrupted();
        },
        [&](const Error& error) { refuse(error); });
  }

  void refuse(const Error& error) { failure_.report(error); }

  Exit finish() {
    files_.reset();
    return failure_.exit();
  }

 private:
  void submit(const std::string& path, const std::string& name, Links links) {
    if (auto valid = check_name(name); !valid) return failure_.report(valid.error());
    ++progress_.files_found;
    files_->submit([this, path, name, links] {
      const auto uploaded = upload(parts_, path, name, links);
      ++progress_.files_done;
      if (!uploaded) return failure_.report(uploaded.error());
      if (session_.quiet()) return;
      session_.print(session_.json() ? upload_json(*uploaded)
                                     : upload_text(*uploaded, printable(name)));
    });
  }

  Session& session_;
  FirstFailure failure_;
  Progress progress_;
  ChunkSender sender_;
  const UploadParts parts_;
  ProgressDisplay display_;
  std::optional<Pool> files_;
};

// What is done with each version that was found.
using Action =
    std::function<Status(const DownloadParts&, const StoredVersion&, const std::string& below)>;

class Downloads {
 public:
  // `word`: what has been done to a file, such as "downloaded".
  Downloads(Session& session, FileStore& store, const Arguments& arguments, const char* word,
            Action action)
      : session_(session),
        store_(store),
        arguments_(arguments),
        word_(word),
        action_(std::move(action)),
        failure_(session),
        budget_(kBudgetBytes),
        parts_{store, chunks_, budget_, progress_, interrupted()},
        display_(progress_, "", session.shows_progress()),
        chunks_(chunk_threads()),
        files_(std::in_place, session.jobs()) {}

  // The file of that name, or else all below the folder of that name.
  Exit run(const std::string& name) {
    if (!name.empty()) {
      auto stored = find_version(store_, name, arguments_);
      if (!stored) return session_.report(stored.error());
      if (*stored) {
        submit(std::move(**stored), "");
        return finish();
      }
    }
    if (arguments_.has("number")) return report_absent(session_, name);
    bool any = false;
    const std::string prefix = name.empty() ? "" : name + '/';
    auto visited = store_.visit_names(prefix, [&](const std::string& found) {
      any = true;
      submit_newest(found, found.substr(prefix.size()));
      return !interrupted();
    });
    if (!visited) failure_.report(visited.error());
    return any || !visited ? finish() : report_absent(session_, name);
  }

 private:
  void submit_newest(const std::string& name, const std::string& below) {
    ++progress_.files_found;
    files_->submit([this, name, below] {
      const auto stored = find_version(store_, name, arguments_);
      if (!stored) return failure_.report(stored.error());
      // With --as-of it may have come later.
      if (*stored) act(**stored, below);
    });
  }

  void submit(StoredVersion stored, const std::string& below) {
    ++progress_.files_found;
    files_->submit([this, stored = std::move(stored), below] { act(stored, below); });
  }

  void act(const StoredVersion& stored, const std::string& below) {
    const auto done = action_(parts_, stored, below);
    ++progress_.files_done;
    if (!done) return failure_.report(done.error());
    if (session_.quiet()) return;
    const std::string& name = stored.version.name;
    session_.print(session_.json() ? done_json(name, word_, stored)
                                   : fmt::format("{}  {}  {}", word_, printable(name),
                                                 format_size(stored.version.size)));
  }

  Exit finish() {
    files_.reset();
    return failure_.exit();
  }

  Session& session_;
  FileStore& store_;
  const Arguments& arguments_;
  const char* const word_;
  const Action action_;
  FirstFailure failure_;
  Progress progress_;
  Budget budget_;
  const DownloadParts parts_;
  ProgressDisplay display_;
  Pool chunks_;
  std::optional<Pool> files_;
};

// A stored name as it was typed: `photos/` is the folder `photos`, and `.` is everything, which an
// empty word is not: it may be a variable that was not set.
Result<std::string> stored_name(const std::string& typed) {
  if (typed.empty()) return fail(ErrorCode::invalid_argument, "a name has at least one byte");
  auto name = name_of_path(typed);
  if (name) return name;
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} is no stored name, which has no ..", in_quotes(typed)));
}

}  // namespace

Exit run_upload(Session& session, const Arguments& arguments) {
  const auto as = arguments.value("as");
  if (as && arguments.operands.size() != 1) {
    return session.report({ErrorCode::invalid_argument,
                           "--as names one file or folder: upload others by themselves"});
  }
  if (as && !check_name(*as)) return session.report(check_name(*as).error());
  const auto store = session.store(Session::Purpose::write);
  if (!store) return session.report(store.error());
  Uploads uploads(session, **store, arguments);
  for (const std::string& path : arguments.operands) {
    const auto name = as ? Result<std::string>(*as) : name_of_path(path);
    if (name) {
      uploads.add(path, *name);
    } else {
      uploads.refuse(name.error());
    }
  }
  return uploads.finish();
}

Exit run_download(Session& session, const Arguments& arguments) {
  const auto store = session.store(Session::Purpose::read);
  if (!store) return session.report(store.error());
  const auto name = stored_name(arguments.operands[0]);
  if (!name) return session.report(name.error());
  const std::string root = arguments.operands.size() > 1 ? arguments.operands[1] : "";
  const std::string as = arguments.value("as").value_or(*name);
  if (arguments.has("as") && !check_name(as)) return session.report(check_name(as).error());
  const bool replace = arguments.has("force");
  return Downloads(session, **store, arguments, "downloaded",
                   [&](const DownloadParts& parts, const StoredVersion& stored,
                       const std::string& below) -> Status {
                     const std::string to = join_path(as, below);
                     // What is stored may come from a program that is less careful.
                     if (auto valid = check_name(to); !valid) return valid;
                     return download(parts, stored.version, root, to, replace);
                   })
      .run(*name);
}

Exit run_verify(Session& session, const Arguments& arguments) {
  const auto store = session.store(Session::Purpose::read);
  if (!store) return session.report(store.error());
  const auto name = stored_name(arguments.operands[0]);
  if (!name) return session.report(name.error());
  return Downloads(session, **store, arguments, "verified",
                   [](const DownloadParts& parts, const StoredVersion& stored,
                      const std::string& /*below*/) {
                     return read_version(parts, stored.version,
                                         [](std::uint64_t, std::string_view) { return Status{}; });
                   })
      .run(*name);
}

}  // namespace files

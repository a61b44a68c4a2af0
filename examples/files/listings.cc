// list-files, info, history.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "examples/files/commands.h"
#include "examples/files/pool.h"
#include "examples/files/report.h"
#include "examples/files/text.h"
#include "examples/files/tree.h"

namespace files {
namespace {

using kipu::fail;
using kipu::Result;
using kipu::Status;

// Names of which details are asked for at once, to be shown in their order.
constexpr std::size_t kBatch = 64;

std::string details(bool json, const StoredVersion& stored) {
  if (json) return version_json(stored);
  return fmt::format("{}  {}", version_text(stored), printable(stored.version.name));
}

Status print_details(Session& session, FileStore& store, const std::vector<std::string>& names) {
  std::vector<Result<std::optional<StoredVersion>>> found(names.size(), std::nullopt);
  {
    Pool pool(std::min(session.jobs(), names.size()));
    for (std::size_t i = 0; i < names.size(); ++i) {
      pool.submit([&, i] { found[i] = store.last_version(names[i]); });
    }
  }
  for (const auto& version : found) {
    if (!version) return fail(version.error());
    if (*version) session.print(details(session.json(), **version));
  }
  return {};
}

Status list_long(Session& session, FileStore& store, const std::string& prefix) {
  std::vector<std::string> names;
  Status printed;
  auto visited = store.visit_names(prefix, [&](const std::string& name) {
    names.push_back(name);
    if (names.size() < kBatch) return true;
    printed = print_details(session, store, names);
    names.clear();
    return printed.has_value();
  });
  if (!visited || !printed) return visited ? printed : visited;
  return names.empty() ? Status{} : print_details(session, store, names);
}

Result<ChunkCounts> count_chunks(FileStore& store, const Version& version) {
  TreeWalker walker(version.refs, [&](const Ref& list) { return store.fetch_chunk(list); });
  ChunkCounts counts;
  while (true) {
    const auto ref = walker.next();
    if (!ref) return fail(ref.error());
    if (!*ref) return counts;
    if ((*ref)->kind == RefKind::data) ++counts.chunks;
    if ((*ref)->kind != RefKind::hole) continue;
    ++counts.holes;
    counts.hole_bytes += (*ref)->length;
  }
}

}  // namespace

Exit run_list_files(Session& session, const Arguments& arguments) {
  const auto store = session.store(Session::Purpose::read);
  if (!store) return session.report(store.error());
  const std::string prefix = arguments.operands.empty() ? "" : arguments.operands[0];
  Status listing;
  if (arguments.has("long")) {
    listing = list_long(session, **store, prefix);
  } else {
    const char end = arguments.has("null") ? '\0' : '\n';
    listing = (*store)->visit_names(prefix, [&](const std::string& name) {
      const bool raw = end == '\0';
      session.print(session.json() ? name_json(name)
                    : raw          ? name
                                   : session.listed(name),
                    session.json() ? '\n' : end);
      return true;
    });
  }
  return listing ? Exit::done : session.report(listing.error());
}

Exit run_info(Session& session, const Arguments& arguments) {
  const auto store = session.store(Session::Purpose::read);
  if (!store) return session.report(store.error());
  const std::string& name = arguments.operands[0];
  auto stored = find_version(**store, name, arguments);
  if (!stored) return session.report(stored.error());
  if (!*stored) return report_absent(session, name);
  const auto counts = count_chunks(**store, (*stored)->version);
  if (!counts) return session.report(counts.error());
  session.print(session.json() ? info_json(**stored, *counts)
                               : info_text(**stored, printable(name), *counts));
  return Exit::done;
}

Exit run_history(Session& session, const Arguments& arguments) {
  const auto store = session.store(Session::Purpose::read);
  if (!store) return session.report(store.error());
  const std::string& name = arguments.operands[0];
  bool any = false;
  auto visited = (*store)->visit_versions(name, [&](const StoredVersion& stored) {
    any = true;
    session.print(session.json() ? version_json(stored) : version_text(stored));
    return true;
  });
  if (!visited) return session.report(visited.error());
  return any ? Exit::done : report_absent(session, name);
}

}  // namespace files

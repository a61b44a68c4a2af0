// From a line of an import to the entry that it is: in which bucket, of which kind.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/entry.h"
#include "client/cli/import_request.h"
#include "client/cli/json_record.h"
#include "client/cli/program.h"
#include "kipu/client.h"

namespace kipu::cli {

struct Record {
  Entry entry;                 // without stamp and digest
  std::optional<Stamp> stamp;  // that it brings along

  // What a name of `--once` stands for of it.
  OnceRecord in_short(std::uint64_t number) const;
};

// Thread rule: one thread.
class RecordParser {
 public:
  // The references outlive this.
  RecordParser(const Context& context, const ImportRequest& request, Client& client,
               const CallOptions& options)
      : context_(context),
        request_(request),
        bucket_given_(context.arguments.has("bucket")),
        client_(client),
        options_(options) {}

  // Whether the bucket that all records go to, if one is named, is there.
  [[nodiscard]] Status check_bucket();
  // The record of a line; nothing of a blank one.
  [[nodiscard]] Result<std::optional<Record>> parse(std::string_view line, std::uint64_t number);

 private:
  Result<std::optional<Record>> parse_tab(std::string_view line);
  Result<std::optional<Record>> parse_json(std::string_view line, std::uint64_t number);
  // Where the record goes: where it says, else where the command line or the settings say.
  Result<std::string> bucket_of(const JsonRecord& record) const;
  // The kind of that bucket's records that name none.
  Result<EntryKind> usual_kind(const std::string& bucket, std::optional<EntryKind> wanted);

  const Context& context_;
  const ImportRequest& request_;
  const bool bucket_given_;  // on the command line: then every record goes there, or is refused
  Client& client_;
  const CallOptions options_;
  std::map<std::string, EntryKind> usual_kinds_;  // by bucket, of those that records went to
  std::string scratch_;
};

}  // namespace kipu::cli

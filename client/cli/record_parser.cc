#include "client/cli/record_parser.h"

#include <utility>

#include <fmt/format.h>

#include "client/cli/record_line.h"
#include "client/cli/tsv.h"

namespace kipu::cli {

OnceRecord Record::in_short(std::uint64_t number) const {
  return {number,
          make_entry(entry.bucket, entry.key, stamp.value_or(Stamp{}), entry.kind, entry.values)
              .digest.bits};
}

// Of a jsonl, each record may name a bucket, and the usual one may not be meant at all.
Status RecordParser::check_bucket() {
  if (request_.format == RecordFormat::jsonl && !bucket_given_) return {};
  const auto kind = usual_kind(context_.settings.bucket, std::nullopt);
  if (!kind) return fail(kind.error());
  return {};
}

Result<std::optional<Record>> RecordParser::parse(std::string_view line, std::uint64_t number) {
  const auto text = record_text(line, number, context_.out.style().terminator);
  if (!text) return fail(text.error());
  return request_.format == RecordFormat::tsv ? parse_tab(*text) : parse_json(*text, number);
}

Result<std::optional<Record>> RecordParser::parse_tab(std::string_view line) {
  if (line.empty()) return std::optional<Record>();
  const auto record = parse_tsv(line, scratch_);
  if (!record) return fail(record.error());
  const std::string& bucket = context_.settings.bucket;
  const auto kind = usual_kind(bucket, std::nullopt);
  if (!kind) return fail(kind.error());
  Values values;
  values.push_back(record->value);
  return Record{{bucket, std::string(record->key), {}, *kind, std::move(values), {}}, std::nullopt};
}

Result<std::optional<Record>> RecordParser::parse_json(std::string_view line,
                                                       std::uint64_t number) {
  if (is_blank_json(line)) return std::optional<Record>();
  auto record = parse_json_record(line);
  if (!record) {
    if (number > 1 || line.find('{') == 0) return fail(record.error());
    return fail(record.error().code, record.error().message + " (is it --format tsv?)");
  }
  auto bucket = bucket_of(*record);
  if (!bucket) return fail(bucket.error());
  const auto usual = usual_kind(*bucket, record->kind);
  if (!usual) return fail(usual.error());
  const EntryKind kind = record->kind.value_or(*usual);
  if (kind == EntryKind::put && record->values.size() != 1) {
    return fail(ErrorCode::malformed, "a put has one value");
  }
  if (auto status = check_digest(*record, *bucket, kind); !status) return fail(status.error());
  return Record{
      {*std::move(bucket), std::move(record->key), {}, kind, std::move(record->values), {}},
      record->stamp};
}

Result<std::string> RecordParser::bucket_of(const JsonRecord& record) const {
  const std::string& otherwise = context_.settings.bucket;
  if (!record.bucket || *record.bucket == otherwise) return otherwise;
  if (!bucket_given_) return *record.bucket;
  return fail(ErrorCode::invalid_argument,
              fmt::format("the record is of bucket '{}', and --bucket says '{}': without --bucket "
                          "it goes where it belongs",
                          *record.bucket, otherwise));
}

Result<EntryKind> RecordParser::usual_kind(const std::string& bucket,
                                           std::optional<EntryKind> wanted) {
  const auto known = usual_kinds_.find(bucket);
  if (known != usual_kinds_.end()) return known->second;
  const auto found = client_.bucket(bucket, options_);
  if (!found && found.error().code == ErrorCode::unknown_bucket) {
    return fail(
        ErrorCode::unknown_bucket,
        fmt::format("there is no bucket '{0}': `kipu bucket create {0}{1}` makes it", bucket,
                    wanted.value_or(EntryKind::append) == EntryKind::append ? "" : " --mode wmrm"));
  }
  if (!found) return fail(found.error());
  const EntryKind kind = found->mode == BucketMode::wmrm ? EntryKind::put : EntryKind::append;
  usual_kinds_.emplace(bucket, kind);
  return kind;
}

}  // namespace kipu::cli

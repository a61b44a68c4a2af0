#include "client/once_records.h"

#include <array>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/little_endian.h"
#include "cluster/own_buckets.h"

namespace kipu::client {
namespace {

// With its key, an entry stays within the smallest usual pair.
constexpr std::size_t kPartBytes = 9600;

std::string key_of(std::uint64_t list) {
  return fmt::format("{:016x}", list);
}

std::uint64_t hash_of(std::uint64_t before, const OnceRecord& record) {
  const std::array words{before, record.number, record.digest};  // little-endian, as all machines
  return hash64({reinterpret_cast<const char*>(words.data()), sizeof words});
}

std::uint32_t short_hash(const OnceRecord& record) {
  return static_cast<std::uint32_t>(hash_of(0, record));
}

// Sends parts of a list; keeps the first failure.
class ListWriter {
 public:
  ListWriter(Client& client, std::uint64_t list, const CallOptions& options)
      : client_(client), key_(key_of(list)) {
    static_cast<CallOptions&>(options_) = options;
    options_.bucket = cluster::kOnceContentsBucket;
  }

  // False once something failed.
  bool add(const OnceRecord& record) {
    append_le(part_, short_hash(record));
    if (part_.size() >= kPartBytes) send();
    return !failure();
  }

  Status finish() {
    if (!part_.empty()) send();
    client_.flush();
    if (const auto error = failure()) return fail(*error);
    return {};
  }

 private:
  void send() {
    client_.append_async(key_, Values{std::exchange(part_, {})}, options_,
                         [this](const Result<Stamp>& result, std::optional<Stamp>) {
                           const std::lock_guard lock(mutex_);
                           if (!result && !failure_) failure_ = result.error();
                         });
  }
  std::optional<Error> failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

  Client& client_;
  const std::string key_;
  AppendOptions options_;
  std::string part_;
  mutable std::mutex mutex_;  // guards failure_
  std::optional<Error> failure_;
};

// The list, record by record.
class ListReader {
 public:
  ListReader(Client& client, std::uint64_t list, const CallOptions& options)
      : parts_(client.values(key_of(list), read_options(options))), at_(parts_.begin()) {}

  // The next record's bits, or nothing at the end.
  Result<std::optional<std::uint32_t>> next() {
    while (true) {
      if (at_ == parts_.end()) return std::optional<std::uint32_t>();
      if (!*at_) return fail(at_->error());
      const std::string& part = (*at_)->value;
      if (offset_ + sizeof(std::uint32_t) <= part.size()) break;
      offset_ = 0;
      ++at_;
    }
    const char* const bytes = (*at_)->value.data() + offset_;
    offset_ += sizeof(std::uint32_t);
    return std::optional(load_le<std::uint32_t>(bytes));
  }

 private:
  static ReadOptions read_options(const CallOptions& options) {
    ReadOptions read;
    static_cast<CallOptions&>(read) = options;
    read.bucket = cluster::kOnceContentsBucket;
    return read;
  }

  ItemRange parts_;
  ItemRange::Iterator at_;
  std::size_t offset_ = 0;
};

}  // namespace

Result<OnceSum> write_records(Client& client, std::uint64_t list, const OnceContent& content,
                              const CallOptions& options) {
  ListWriter writer(client, list, options);
  OnceSum sum;
  const Status walked = content([&](const OnceRecord& record) {
    sum.add(record);
    return writer.add(record);
  });
  const Status written = writer.finish();
  if (!walked) return fail(walked.error());
  if (!written) return fail(written.error());
  return sum;
}

Result<OnceSum> sum_of(const OnceContent& content) {
  OnceSum sum;
  const Status walked = content([&](const OnceRecord& record) {
    sum.add(record);
    return true;
  });
  if (!walked) return fail(walked.error());
  return sum;
}

Result<std::optional<Difference>> first_difference(Client& client, std::uint64_t list,
                                                   const OnceContent& content,
                                                   const CallOptions& options) {
  ListReader reader(client, list, options);
  Difference at;
  Status read;
  const Status walked = content([&](const OnceRecord& record) {
    const auto listed = reader.next();
    if (!listed) {
      read = fail(listed.error());
      return false;
    }
    if (*listed == short_hash(record)) {
      ++at.place;
      return true;
    }
    at.number = record.number;
    return false;
  });
  if (!walked) return fail(walked.error());
  if (!read) return fail(read.error());
  if (at.number) return std::optional(at);
  const auto more = reader.next();
  if (!more) return fail(more.error());
  if (!*more) return std::optional<Difference>();
  return std::optional(at);
}

}  // namespace kipu::client

namespace kipu {

void OnceSum::add(const OnceRecord& record) {
  ++records;
  bits = client::hash_of(bits, record);
}

}  // namespace kipu

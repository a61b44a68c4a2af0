// kipu::Client: the store, from a program.
//
//     auto client = kipu::Client::connect();
//     if (!client || !client->append("fruit", "apple")) return 1;
//     for (const auto& item : client->values("fruit")) {
//       std::cout << (item ? item->value : item.error().message) << '\n';
//     }
//
// Failures come back as Result (base/result.h) with a code of base/error.h; nothing throws. The
// client retries by itself, under the same stamp, until the call's deadline; `outcome_unknown`
// means that an append may or may not be stored, and that appending with the same stamp (see
// AppendOptions::stamp) settles it without storing it twice.
//
// Thread rule: a Client may be used by any number of threads at once. One loop thread of its own
// talks to the brokers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/bucket.h"
#include "base/entry.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/result.h"
#include "base/stamp.h"
#include "base/status.h"
#include "base/time.h"
#include "base/values.h"
#include "kipu/ranges.h"

namespace kipu {

struct ClientOptions {
  std::vector<std::string> brokers = {"tcp://127.0.0.1:7400"};  // tried in turn
  std::optional<ClusterId> cluster;            // refuse any other (`wrong_cluster`)
  Duration timeout = std::chrono::seconds(5);  // of calls that name none
  std::optional<Duration> connect_timeout;     // of connect(); none: `timeout`
  // Batching: an append waits at most `linger` for others, once batches are on their way.
  Duration linger = std::chrono::milliseconds(1);
  std::size_t batch_bytes = std::size_t{512} * 1024;
  std::uint32_t batch_entries = 8192;
  // append_async blocks while so many bytes of appends are unanswered.
  std::size_t in_flight_bytes = std::size_t{16} * 1024 * 1024;
  // Told of what the client meets on its way (a broker lost, found again). Called on the loop
  // thread; it must not block.
  LogSink log;
};

// What every call takes. Fields left alone have the client's or the bucket's defaults. The structs
// below inherit, so they are filled field by field: AppendOptions o; o.bucket = "logs";
struct CallOptions {
  std::string bucket = "default";
  // For each request and its retries. A read of many pages, or a count, takes as long as it takes,
  // as long as each page arrives in time.
  std::optional<Duration> timeout;
  Level level = Level::bucket_default;
  std::stop_token stop;  // a request to stop ends the call with `cancelled` or `outcome_unknown`
  // Called, on the thread that waits, before a blocking call or a range waits for an answer that is
  // not there yet: what was made of earlier answers can be shown meanwhile.
  std::function<void()> before_wait;
};

struct AppendOptions : CallOptions {
  std::optional<Stamp> stamp;  // of an entry that is asked again, imported, or made by Once
};

// In a wmrm bucket a read sees the newest entry between `since` and `until` only (nothing, if that
// is a removal) unless it asks for the history.
struct ReadOptions : CallOptions {
  std::optional<StampTime> since;  // inclusive
  std::optional<StampTime> until;  // exclusive
  std::optional<EntryId> after;    // a cursor: Item::id of the last item whose entry was seen whole
  bool reverse = false;            // newest entry first, and its last value first
  // At most one of these (`invalid_argument`). A last n that is longer than a page is read twice:
  // backward, to find where it begins, then forward.
  std::optional<std::uint64_t> first;  // only so many values, from where reading starts
  std::optional<std::uint64_t> last;   // only so many values, up to where reading ends
  bool history = false;                // wmrm: every entry, removals too
  // Asks this worker for what its store has, as it stands: it may lack entries, and `level` does
  // not count. `invalid_argument` if it is no replica of the key. Not for count().
  std::optional<WorkerId> from_worker;
  std::uint32_t page_entries = limits::kMaxPageEntries;
};

struct KeysOptions : CallOptions {
  std::string prefix;
  std::optional<std::string> after;  // exclusive
  // Of keys() and entries(): how many at most in a page. Smaller if only a few are wanted.
  std::uint32_t page_keys = limits::kMaxPageEntries;
};

struct CountResult {
  std::uint64_t values = 0;
  std::uint64_t entries = 0;
};

// Partition → its replicas in order.
struct Ring {
  std::vector<std::vector<WorkerId>> placement;
};

// What came of an entry that was imported.
struct Imported {
  Stamp stamp;
  // Whether it was there before. Nothing where nobody can say: the worker is of a version that does
  // not, or another attempt of this client may have stored it.
  std::optional<bool> was_there;
};

struct PingResult {
  Duration round_trip{0};
  ClusterId cluster;
};

// One record of an import: its number, of which its stamp is made, and 64 bits over what it says,
// such as make_entry(bucket, key, {}, kind, values).digest.bits.
struct OnceRecord {
  std::uint64_t number = 0;
  std::uint64_t digest = 0;
};

// What the records of an import come to: how many they are, and 64 bits over all of them in order.
struct OnceSum {
  std::uint64_t records = 0;
  std::uint64_t bits = 0;
  void add(const OnceRecord& record);
  friend bool operator==(const OnceSum&, const OnceSum&) = default;
};

// Shows every record of an import to `take`, from the first on, until that returns false: the same
// ones each time it is called. What it returns other than success ends Client::once.
using OnceContent = std::function<Status(const std::function<bool(const OnceRecord&)>& take)>;

// Gives stamps to an importer, so that an import that is repeated stores nothing twice: record
// `number` of the import `name` has the same stamp each time. Made by Client::once.
class Once {
 public:
  Once(StampTime start, std::uint64_t writer, OnceSum content = {}, bool again = false)
      : start_(start), writer_(writer), content_(content), again_(again) {}
  Stamp stamp(std::uint64_t number) const { return {start_.plus(number), writer_}; }
  StampTime start() const { return start_; }
  // What the name stands for. An importer that reads its input again as it stores it compares.
  const OnceSum& content() const { return content_; }
  // Whether the name was begun before: then records of it may be stored already.
  bool again() const { return again_; }

 private:
  StampTime start_;
  std::uint64_t writer_;
  OnceSum content_;
  bool again_;
};

class Client {
 public:
  // Called once, on the loop thread (after the client has closed: on the caller's). It must not
  // block, nor call the client's blocking functions (which refuse: `invalid_argument`), nor destroy
  // the client. The stamp comes along with errors too, once the entry has one.
  using AppendCallback = std::function<void(Result<Stamp>, std::optional<Stamp>)>;
  // The same rules.
  using ImportCallback = std::function<void(Result<Imported>)>;
  // The same rules; and on the caller's thread where the question is refused before it is sent.
  using ExistsCallback = std::function<void(Result<bool>)>;

  // Reaches a broker and takes the cluster map: `unavailable` if none answers within its timeout,
  // `wrong_cluster`, `wrong_version`, `invalid_argument` (an endpoint that is none), `io_error`
  // (too few file descriptors are left). Of the descriptors 0 to 2, those that are closed are
  // opened on /dev/null, so that what this process writes there goes into no socket or file of
  // the client's (base/standard_streams.h).
  [[nodiscard]] static Result<Client> connect(const ClientOptions& options = {});
  // How the cluster does, also while it is not ready and connect() would wait for it: a broker
  // answers as soon as it runs, and says what it waits for. Errors as of connect().
  [[nodiscard]] static Result<ClusterStatus> ask_status(const ClientOptions& options = {});

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  // Calls under way end with `closed` or `outcome_unknown`.
  ~Client();

  // Writing. An entry with several values is stored, sent and read as one. The stamp that comes
  // back names the entry, which is durable.
  [[nodiscard]] Result<Stamp> append(std::string_view key, std::string_view value,
                                     const AppendOptions& options = {});
  // Several: client.append("fruit", kipu::Values{"apple", "pear"}).
  [[nodiscard]] Result<Stamp> append(std::string_view key, Values values,
                                     const AppendOptions& options = {});
  // Returns once the entry is taken: it blocks while in_flight_bytes are unanswered, except in a
  // callback. The timeout runs from then on. Entries of one thread get their stamps in order.
  void append_async(std::string_view key, Values values, const AppendOptions& options,
                    AppendCallback done);
  // Waits until every append_async before it has been called back. In a callback it does not wait,
  // and only sends what lingers.
  void flush();
  // In wmrm buckets.
  [[nodiscard]] Result<Stamp> put(std::string_view key, std::string_view value,
                                  const AppendOptions& options = {});
  [[nodiscard]] Result<Stamp> remove(std::string_view key, const AppendOptions& options = {});
  // Any entry, as an export gave it. Its digest is computed.
  void write_async(Entry entry, const CallOptions& options, AppendCallback done);
  // The same, and tells whether it was there before: for imports. Costs the worker a look-up.
  void import_async(Entry entry, const CallOptions& options, ImportCallback done);

  // Reading. Ranges are lazy (kipu/ranges.h): at most one page and the next are in memory, however
  // many values there are. An error is the last item of its range.
  [[nodiscard]] ItemRange values(std::string_view key, const ReadOptions& options = {});
  // The first and the last value of those that values() would give; nothing if there are none.
  [[nodiscard]] Result<std::optional<Item>> first(std::string_view key,
                                                  const ReadOptions& options = {});
  [[nodiscard]] Result<std::optional<Item>> last(std::string_view key,
                                                 const ReadOptions& options = {});
  // A scan, on the worker: it costs reading the key. `first`, `last` and `reverse` are ignored.
  // `so_far`, if there is one, is told now and then how far it has come, on this thread.
  [[nodiscard]] Result<CountResult> count(
      std::string_view key, const ReadOptions& options = {},
      const std::function<void(const CountResult&)>& so_far = {});
  [[nodiscard]] Result<bool> exists(std::string_view key, const CallOptions& options = {});
  // Returns at once, so that many keys can be asked for together; how many are under way is for the
  // caller to bound. flush() does not wait for it. (Only the first question about a bucket may wait
  // for the cluster, and is refused in a callback.)
  void exists_async(std::string_view key, const CallOptions& options, ExistsCallback done);
  // In byte order; without those that are removed.
  [[nodiscard]] KeyRange keys(const KeysOptions& options = {});
  // Every entry of the bucket, removals too, by partition, then key, then id: for exports.
  [[nodiscard]] EntryRange entries(const KeysOptions& options = {});

  // Buckets. Making one that exists as it is asked for succeeds; else `bucket_differs`.
  [[nodiscard]] Result<Bucket> create_bucket(const Bucket& bucket, const CallOptions& options = {});
  [[nodiscard]] Result<std::vector<Bucket>> buckets(const CallOptions& options = {});
  [[nodiscard]] Result<Bucket> bucket(std::string_view name, const CallOptions& options = {});

  // The first call with a name records the time, and the content, in buckets of Kipu's own (made if
  // need be); later ones return the same stamps, and are refused as `content_differs` where the
  // content is another, with the first record that differs. So is the loser of two first calls at
  // the same moment, unless both have the same content: then they agree, whatever their clocks.
  // Call it before anything is stored; it walks the content up to twice. A name of 1 to 1,024
  // bytes.
  [[nodiscard]] Result<Once> once(std::string_view name, const OnceContent& content,
                                  const CallOptions& options = {});
  // Without content: the caller sees to it that a number means the same record each time.
  [[nodiscard]] Result<Once> once(std::string_view name, const CallOptions& options = {});

  // The cluster.
  [[nodiscard]] Result<PingResult> ping(const CallOptions& options = {});
  [[nodiscard]] Result<ClusterStatus> status(const CallOptions& options = {});
  [[nodiscard]] Result<Ring> ring(const CallOptions& options = {});

  // For other parts of the library: a client is made of a loop, and closes it.
  class Loop;
  explicit Client(std::shared_ptr<Loop> loop);

 private:
  std::shared_ptr<Loop> loop_;
};

}  // namespace kipu

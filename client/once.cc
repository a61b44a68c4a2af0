#include "client/once.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/little_endian.h"
#include "base/random.h"
#include "client/agreement.h"
#include "client/once_records.h"
#include "cluster/own_buckets.h"

namespace kipu::client {
namespace {

// Who meets others in the first rounds waits up to so long before the next, twice as long each
// time.
constexpr std::chrono::milliseconds kFirstPause(5);
constexpr std::uint32_t kMaxDoublings = 6;
// Only participants that take turns for ever get so far.
constexpr std::uint32_t kMaxRounds = 64;

// True if the bucket is there now, as Kipu makes it.
Result<bool> make_bucket(Client& client, std::string_view name, const CallOptions& options) {
  const auto made = client.create_bucket(cluster::own_bucket(name), options);
  if (made) return *made == cluster::own_bucket(name);
  if (made.error().code == ErrorCode::bucket_differs) return false;
  return fail(made.error());
}

Status make_own_buckets(Client& client, const CallOptions& options) {
  for (const std::string_view name : {cluster::kOnceNamesBucket, cluster::kOnceContentsBucket}) {
    const auto made = make_bucket(client, name, options);
    if (!made) return fail(made.error());
    if (*made) continue;
    return fail(
        ErrorCode::bucket_differs,
        fmt::format("bucket '{}' was made by somebody else before its name was reserved, so "
                    "this cluster remembers no names: import without one",
                    name));
  }
  return {};
}

// The set of a name's marks, as a key.
class Marks {
 public:
  Marks(Client& client, std::string_view name, const CallOptions& options)
      : client_(client), name_(name) {
    static_cast<CallOptions&>(read_) = options;
    read_.bucket = cluster::kOnceNamesBucket;
    static_cast<CallOptions&>(append_) = options;
    append_.bucket = cluster::kOnceNamesBucket;
  }

  Result<std::vector<Mark>> read() const {
    std::vector<Mark> marks;
    std::vector<std::string> values;
    EntryId entry;
    const auto take = [&] {
      if (auto mark = mark_of(values)) marks.push_back(*std::move(mark));
      values.clear();
    };
    for (const auto& item : client_.values(name_, read_)) {
      if (!item) return fail(item.error());
      if (item->id != entry) take();
      entry = item->id;
      values.push_back(item->value);
    }
    take();
    return marks;
  }

  Status add(const Mark& mark) const {
    const auto done = client_.append(name_, values_of(mark), append_);
    if (!done) return fail(done.error());
    return {};
  }

 private:
  Client& client_;
  const std::string name_;
  ReadOptions read_;
  AppendOptions append_;
};

void pause(Rng& rng, std::uint32_t round) {
  const auto longest = kFirstPause * (1U << std::min(round, kMaxDoublings));
  const auto most = static_cast<std::uint64_t>(std::chrono::microseconds(longest).count());
  std::this_thread::sleep_for(std::chrono::microseconds(rng.below(most)));
}

Result<std::string> agree(const Marks& marks, std::string proposal, Rng& rng) {
  Agreement agreement(std::move(proposal));
  while (agreement.round() < kMaxRounds) {
    const std::uint32_t round = agreement.round();
    const auto seen = marks.read();
    if (!seen) return fail(seen.error());
    const auto mark = agreement.on_read(*seen);
    if (agreement.decision()) return *agreement.decision();
    if (agreement.round() > round) pause(rng, round);
    if (auto added = marks.add(*mark); !added) return fail(added.error());
  }
  return fail(ErrorCode::unavailable, "others began an import of this name again and again");
}

// What was decided before, if anything was.
Result<std::optional<OnceTerms>> known_terms(const Marks& marks) {
  const auto seen = marks.read();
  if (!seen) return fail(seen.error());
  Agreement listener({});
  static_cast<void>(listener.on_read(*seen));
  if (!listener.decision()) return std::optional<OnceTerms>();
  return parse_terms(*listener.decision());
}

// How Kipu 0.1 remembers a name: by the stamp of its oldest entry.
class OldStart {
 public:
  OldStart(Client& client, std::string_view name, const CallOptions& options)
      : client_(client), name_(name), options_(options) {
    options_.bucket = cluster::kOnceBucket;
  }

  Result<std::optional<StampTime>> read() {
    const auto made = make_bucket(client_, cluster::kOnceBucket, options_);
    if (!made) return fail(made.error());
    is_there_ = *made;
    if (!is_there_) return std::optional<StampTime>();
    ReadOptions read;
    static_cast<CallOptions&>(read) = options_;
    const auto first = client_.first(name_, read);
    if (!first) return fail(first.error());
    if (!*first) return std::optional<StampTime>();
    return std::optional((*first)->id.stamp.time);
  }

  Status write(StampTime start) {
    if (!is_there_) return {};
    AppendOptions options;
    static_cast<CallOptions&>(options) = options_;
    options.stamp = Stamp{start, hash64(name_)};
    const auto done = client_.append(name_, "started", options);
    if (!done) return fail(done.error());
    return {};
  }

 private:
  Client& client_;
  const std::string name_;
  CallOptions options_;
  bool is_there_ = false;  // as it should be; somebody may have made another of that name
};

struct Begun {
  OnceTerms terms;
  OnceSum own;         // of this importer's content
  bool again = false;  // somebody began it before
};

// Agrees with whoever else begins now, after the list of the records is whole.
Result<Begun> begin_first(Client& client, const Marks& marks, OldStart& old,
                          const OnceContent& content, const CallOptions& options) {
  Rng rng = Rng::from_system();
  const auto old_start = old.read();
  if (!old_start) return fail(old_start.error());
  OnceTerms wanted;
  wanted.start = old_start->value_or(StampTime::at(
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())));
  wanted.list = rng.next();
  const auto sum = write_records(client, wanted.list, content, options);
  if (!sum) return fail(sum.error());
  wanted.content = *sum;
  const auto decided = agree(marks, format_terms(wanted), rng);
  if (!decided) return fail(decided.error());
  const auto terms = parse_terms(*decided);
  if (!terms) return fail(ErrorCode::corrupt, "what was agreed on for this name is no terms");
  if (*old_start != terms->start) {
    if (auto written = old.write(terms->start); !written) return fail(written.error());
  }
  // An earlier build, or whoever begins it at the same moment, may have stored some of it.
  const bool alone = !*old_start && terms->list == wanted.list;
  return Begun{*terms, *sum, !alone};
}

// Of a name that was decided on before, or now.
Result<Begun> begin(Client& client, std::string_view name, const OnceContent& content,
                    const CallOptions& options) {
  const Marks marks(client, name, options);
  const auto known = known_terms(marks);
  if (!known) return fail(known.error());
  if (!*known) {
    OldStart old(client, name, options);
    return begin_first(client, marks, old, content, options);
  }
  const auto own = sum_of(content);
  if (!own) return fail(own.error());
  return Begun{**known, *own, true};
}

Error refusal(std::string_view name, const OnceTerms& terms,
              const std::optional<Difference>& difference) {
  std::string where = "they differ";
  if (difference && difference->number) {
    where = fmt::format("record {} differs", *difference->number);
  } else if (difference) {
    where = fmt::format("it has {} records and these end after {}", terms.content.records,
                        difference->place);
  }
  return {
      ErrorCode::content_differs,
      fmt::format("the name '{}' stands for other records: {}; nothing of these was stored, and "
                  "under another name they will be",
                  name, where)};
}

}  // namespace

std::string format_terms(const OnceTerms& terms) {
  return fmt::format("start={:016x} records={} content={:016x} list={:016x}", terms.start.bits(),
                     terms.content.records, terms.content.bits, terms.list);
}

std::optional<OnceTerms> parse_terms(std::string_view text) {
  std::uint64_t start = 0;
  OnceTerms terms;
  const auto take = [&text](std::string_view word, std::uint64_t& into, int base) {
    if (!text.starts_with(word)) return false;
    text.remove_prefix(word.size());
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into, base);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc{};
  };
  const bool good = take("start=", start, 16) && take(" records=", terms.content.records, 10) &&
                    take(" content=", terms.content.bits, 16) && take(" list=", terms.list, 16);
  terms.start = StampTime(start);
  if (!good || !text.empty()) return std::nullopt;
  return terms;
}

Once once_of(std::string_view name, const OnceTerms& terms, bool again) {
  std::string hashed(name);
  append_le(hashed, terms.start.bits());
  return {terms.start, hash64(hashed), terms.content, again};
}

Result<Once> begin_once(Client& client, std::string_view name, const OnceContent& content,
                        const CallOptions& options) {
  CallOptions call = options;
  call.level = Level::bucket_default;  // quorums: that is what the agreement rests on
  if (auto made = make_own_buckets(client, call); !made) return fail(made.error());
  const auto begun = begin(client, name, content, call);
  if (!begun) return fail(begun.error());
  const OnceTerms& terms = begun->terms;
  if (begun->own == terms.content) return once_of(name, terms, begun->again);
  const auto difference = first_difference(client, terms.list, content, call);
  if (!difference) return fail(difference.error());
  return fail(refusal(name, terms, *difference));
}

}  // namespace kipu::client

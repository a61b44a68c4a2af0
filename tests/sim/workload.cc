#include "tests/sim/workload.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"

namespace kipu::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Buckets that programs create: so many of each mode.
constexpr std::uint64_t kBuckets = 3;
constexpr std::uint64_t kCalls = 0xd1b54a32d192ed03U;  // tells the randomness of calls from other

// Whoever finds that an entry is not what was written says so.
bool tells_of_alteration(ErrorCode code) {
  return code == ErrorCode::bad_digest || code == ErrorCode::corrupt;
}

bool is_usual_failure(ErrorCode code) {
  return code == ErrorCode::outcome_unknown || code == ErrorCode::cancelled ||
         (remedy(code) == Remedy::retry && code != ErrorCode::closed);
}

}  // namespace

Program::Program(World& world, Shared& shared, ClientProcess& client)
    : world_(world), shared_(shared), client_(client), rng_(world.rng.next()) {
  client_.set_program([this] { begin(); });
}

void Program::begin() {
  clock_.emplace(rng_.next(), seconds(1));
  if (shared_.faults_ended) return;
  for (std::uint32_t i = 0; i < world_.options.calls_at_once; ++i) next_after_a_while();
}

void Program::next_after_a_while() {
  const Duration longest = rng_.one_in(20) ? milliseconds(500) : milliseconds(20);
  client_.post(rng_.between(Duration::zero(), longest), [this] { next(); });
}

void Program::next() {
  if (shared_.calls_left == 0 || shared_.faults_ended) return;
  const std::uint32_t number = world_.options.calls - shared_.calls_left--;
  rng_ = Rng(world_.options.seed * kCalls + number);
  if (world_.options.without.calls.contains(number)) return next_after_a_while();
  ++shared_.busy;
  step();
}

void Program::end_activity() {
  --shared_.busy;
  if (client_.up()) next_after_a_while();
}

void Program::step() {
  const std::uint64_t drawn = rng_.below(100);
  if (drawn < 46) return append();
  if (drawn < 54) return append_again();
  if (drawn < 68) return put_or_remove();
  if (drawn < 71) return write_wrongly();
  if (drawn < 75) return create_bucket();
  if (drawn < 86) return read_key();
  if (drawn < 90) return count_key();
  if (drawn < 93) return list_keys();
  if (drawn < 95) return scan_partition();
  if (drawn < 98) return fetch_map();
  ping_or_status();
}

// ---- writes ----

void Program::append() {
  const std::optional<Stamp> stamp = rng_.one_in(6) ? std::optional(draw_stamp()) : std::nullopt;
  const Level level = draw_write_level();
  const std::string bucket = draw_bucket(BucketMode::worm);
  write(bucket, draw_key(), EntryKind::append, draw_values(3), stamp, level, expected_of(bucket));
}

void Program::append_again() {
  if (shared_.repeatable.empty()) return append();
  const WriteId write = shared_.repeatable[rng_.below(shared_.repeatable.size())];
  shared_.model.begin_again(write);
  ask(write, Level::bucket_default, expected_of(shared_.model.content_of(write).bucket));
}

void Program::put_or_remove() {
  const std::string bucket = draw_bucket(BucketMode::wmrm);
  // A removal has no value to be told by, so its stamp is known from the start.
  if (rng_.one_in(3)) {
    write(bucket, draw_key(), EntryKind::remove, {}, draw_stamp(), Level::bucket_default,
          expected_of(bucket));
  } else {
    write(bucket, draw_key(), EntryKind::put, draw_values(1), std::nullopt, Level::bucket_default,
          expected_of(bucket));
  }
}

void Program::write_wrongly() {
  Expected expected;
  switch (rng_.below(4)) {
    case 0:
      expected.error = ErrorCode::wrong_mode;
      return write("default", draw_key(), EntryKind::put, draw_values(1), std::nullopt,
                   Level::bucket_default, expected);
    case 1:
      expected.error = ErrorCode::too_large;
      return write("default", draw_key(), EntryKind::append,
                   Values{draw_value(), std::string(limits::kDefaultMaxPairBytes, 'x')},
                   std::nullopt, Level::bucket_default, expected);
    case 2:
      expected.error = ErrorCode::unknown_bucket;
      return write("nowhere", draw_key(), EntryKind::append, draw_values(2), std::nullopt,
                   Level::bucket_default, expected);
    default:
      expected.error = ErrorCode::empty_key;
      return write("default", "", EntryKind::append, draw_values(2), std::nullopt,
                   Level::bucket_default, expected);
  }
}

void Program::write(const std::string& bucket, const std::string& key, EntryKind kind,
                    Values values, std::optional<Stamp> stamp, Level level, Expected expected) {
  const WriteId write = shared_.model.begin_write(bucket, key, kind, std::move(values), stamp);
  if (stamp && !expected.error) {
    shared_.repeatable.push_back(write);
    if (shared_.repeatable.size() > 20) shared_.repeatable.pop_front();
  }
  const Entry& content = shared_.model.content_of(write);
  client::AppendCall append{content.bucket, content.key, kind, content.values, stamp, level};
  start_write(write, std::move(append), expected);
}

void Program::ask(WriteId write, Level level, Expected expected) {
  const Entry& content = shared_.model.content_of(write);
  start_write(write,
              {content.bucket, content.key, content.kind, content.values, content.stamp, level},
              expected);
}

void Program::start_write(WriteId write, client::AppendCall append, Expected expected) {
  const Level level = append.level;
  const auto done = [this, write, level, expected](const client::Completion& completion) {
    on_written(write, level, completion, expected);
    end_activity();
  };
  const auto forgotten = [this, write] {
    ++world_.totals.unknown;
    shared_.model.on_unknown(write, std::nullopt);
    --shared_.busy;
  };
  call(std::move(append), done, forgotten);
}

void Program::on_written(WriteId write, Level level, const client::Completion& completion,
                         const Expected& expected) {
  if (completion.reply) {
    const auto* appended = std::get_if<client::Appended>(&*completion.reply);
    if (appended == nullptr) return world_.verdict.fail("I6", "an append got another reply");
    shared_.model.on_acknowledged(write, appended->stamp, appended->holders,
                                  holders(level, shared_.model.content_of(write).bucket));
    if (appended->holders > 0) ++world_.totals.acknowledged;
    if (expected.error) world_.verdict.fail("I6", "a wrong write was taken");
    return;
  }
  const Error& error = completion.reply.error();
  if (error.code == ErrorCode::outcome_unknown) {
    shared_.model.on_unknown(write, completion.stamp);
  } else {
    shared_.model.on_refused(write);
  }
  check_error(error, expected);
}

// ---- what is drawn ----

Duration Program::draw_timeout() {
  if (shared_.faults_ended) return seconds(60) * world_.options.slowness();
  const Duration choices[] = {milliseconds(300), seconds(1), seconds(3), seconds(8)};
  return choices[rng_.below(std::size(choices))];
}

Level Program::draw_read_level() {
  return rng_.one_in(6) ? Level::one : rng_.one_in(10) ? Level::all : Level::bucket_default;
}

Level Program::draw_write_level() {
  if (rng_.one_in(20)) return Level::none;
  if (rng_.one_in(6)) return Level::one;
  return rng_.one_in(10) ? Level::all : Level::bucket_default;
}

std::uint32_t Program::readers(Level level, const std::string& bucket) const {
  if (level == Level::bucket_default) level = with_levels({bucket}).read_level;
  return holders_of(level, world_.options.replicas);
}

std::uint32_t Program::holders(Level level, const std::string& bucket) const {
  if (level == Level::bucket_default) level = with_levels({bucket}).write_level;
  return holders_of(level, world_.options.replicas);
}

std::string Program::draw_key() {
  const std::uint64_t number = rng_.below(world_.options.keys);
  switch (number % 5) {
    case 0:  // keys that are prefixes of one another
      return std::string(1 + number, 'k');
    case 1:  // any bytes
      return std::string("\0\xff", 2) + std::to_string(number);
    case 2:  // keys that share a partition
      return fmt::format("{{tag}}{}", number);
    default:
      return fmt::format("key-{}", number);
  }
}

std::string Program::draw_bucket(BucketMode mode) {
  const std::uint64_t number = rng_.below(kBuckets);
  if (mode == BucketMode::wmrm) return fmt::format("p{}", number);
  return rng_.one_in(2) ? "default" : fmt::format("a{}", number);
}

Bucket Program::draw_new_bucket() {
  Bucket bucket;
  bucket.mode = rng_.one_in(2) ? BucketMode::worm : BucketMode::wmrm;
  bucket.name =
      fmt::format("{}{}", bucket.mode == BucketMode::worm ? 'a' : 'p', rng_.below(kBuckets));
  if (rng_.one_in(4)) bucket.max_pair_bytes = 20'000;
  return with_levels(std::move(bucket));
}

// A time within the run, or a little off it.
StampTime Program::draw_time() {
  return StampTime::at(client_.now().wall - milliseconds(rng_.below(10'000)));
}

// Unlike any other: what tells writes apart.
std::string Program::draw_value() {
  std::string value = fmt::format("{}:", ++shared_.last_tag);
  const std::uint64_t filler = rng_.below(world_.options.value_bytes);
  for (std::uint64_t i = 0; i < filler; ++i) value.push_back(static_cast<char>(rng_.below(256)));
  return value;
}

Values Program::draw_values(std::uint32_t most) {
  Values values{draw_value()};
  for (std::uint64_t i = rng_.below(most); i > 0; --i) {
    values.push_back(rng_.one_in(3) ? std::string() : draw_value());
  }
  return values;
}

Stamp Program::draw_stamp() {
  return clock_->next(client_.now().wall);
}

// ---- calls ----

// A bucket that nobody knows to exist may be unknown.
Program::Expected Program::expected_of(const std::string& bucket) const {
  Expected expected;
  if (!shared_.buckets.is_certain(bucket)) expected.also = ErrorCode::unknown_bucket;
  return expected;
}

Program::Expected Program::expected_of_read(Level level, const std::string& bucket) const {
  Expected expected = expected_of(bucket);
  expected.needs_all = readers(level, bucket) >= world_.options.replicas;
  return expected;
}

void Program::call(client::Call call, ClientProcess::Done done, std::function<void()> forgotten) {
  const client::CallId id =
      client_.call(std::move(call), draw_timeout(), std::move(done), std::move(forgotten));
  if (shared_.faults_ended) return;
  if (rng_.one_in(10)) client_.flush();
  if (rng_.one_in(50)) {
    client_.post(rng_.between(Duration::zero(), milliseconds(20)),
                 [this, id] { client_.cancel(id); });
  }
}

void Program::check_error(const Error& error, const Expected& expected) {
  ++(error.code == ErrorCode::outcome_unknown ? world_.totals.unknown : world_.totals.refused);
  const bool named = error.code == expected.error || error.code == expected.also;
  const bool excused = !shared_.faults_ended && is_usual_failure(error.code);
  const bool altered = world_.options.network.altered > 0 && !shared_.faults_ended &&
                       tells_of_alteration(error.code);
  const bool unreadable = expected.needs_all && !shared_.faults_ended &&
                          error.code == ErrorCode::unreadable &&
                          world_.options.faults.on[index_of(Fault::rot)];
  if (named || excused || altered || unreadable) return;
  world_.verdict.fail(
      "I6", fmt::format("{} got {}: {}", client_.name(), error_name(error.code), error.message));
}

}  // namespace kipu::sim

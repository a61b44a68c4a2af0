// bench: how fast the store is, from here.
#include <atomic>
#include <mutex>
#include <semaphore>
#include <thread>

#include <fmt/format.h>

#include "base/random.h"
#include "client/cli/handlers.h"
#include "client/cli/latency.h"
#include "client/cli/results.h"
#include "client/cli/session.h"
#include "client/cli/text.h"
#include "client/cli/units.h"

namespace kipu::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct BenchRequest {
  bool reads = false;
  std::optional<double> rate;  // of all clients together, a second
  Duration length = std::chrono::seconds(10);
  std::uint64_t value_bytes = 100;
  std::uint64_t keys = 10'000;
  std::size_t clients = 1;
  std::size_t batch = 1;  // appends of one client on their way at once
  std::string bucket;
};

constexpr std::uint64_t kMaxClients = 256;
constexpr std::uint64_t kMaxBatch = 1'000'000;

Status read_number(const Arguments& arguments, std::string_view name, std::uint64_t least,
                   std::uint64_t most, std::uint64_t& into) {
  const auto text = arguments.get(name);
  if (!text) return {};
  const auto number = of_option(name, parse_size(*text));
  if (!number) return fail(number.error());
  if (*number < least || *number > most) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("--{} lies from {} to {}", name, least, most));
  }
  into = *number;
  return {};
}

Status read_times(const Arguments& arguments, BenchRequest& request) {
  std::uint64_t seconds = 10;
  if (auto status = read_number(arguments, "seconds", 1, 86'400, seconds); !status) return status;
  request.length = std::chrono::seconds(seconds);
  if (!arguments.has("rate")) return {};
  std::uint64_t rate = 0;
  if (auto status = read_number(arguments, "rate", 1, 100'000'000, rate); !status) return status;
  request.rate = static_cast<double>(rate);
  return {};
}

Result<BenchRequest> parse_bench(const Context& context) {
  BenchRequest request;
  const Arguments& arguments = context.arguments;
  const std::string what = arguments.operands().empty() ? "append" : arguments.operands()[0];
  if (what != "append" && what != "get") {
    return fail(ErrorCode::invalid_argument,
                fmt::format("bench: {} is not measured: append or get", in_quotes(what)));
  }
  request.reads = what == "get";
  // What a benchmark appends stays for good, so it has a bucket of its own unless told otherwise.
  request.bucket = arguments.has("bucket") ? context.settings.bucket : "bench";
  if (auto status = read_times(arguments, request); !status) return fail(status.error());
  std::uint64_t clients = request.clients;
  std::uint64_t batch = request.batch;
  Status status =
      read_number(arguments, "values", 0, limits::kLargestMaxPairBytes / 2, request.value_bytes);
  if (status) status = read_number(arguments, "keys", 1, 100'000'000, request.keys);
  if (status) status = read_number(arguments, "clients", 1, kMaxClients, clients);
  if (status) status = read_number(arguments, "batch", 1, kMaxBatch, batch);
  if (!status) return fail(status.error());
  request.clients = static_cast<std::size_t>(clients);
  request.batch = static_cast<std::size_t>(batch);
  return request;
}

std::string bench_key(std::uint64_t number) {
  return fmt::format("bench:{}", number);
}

// One client and what it measured. Its histogram belongs to whoever completes its requests: for
// appends the client's loop thread, until flush() has returned; for reads the thread that asks.
class Runner {
 public:
  Runner(Client client, const BenchRequest& request, std::size_t index, const Settings& settings)
      : client_(std::move(client)),
        request_(request),
        index_(index),
        rng_(Rng::from_system()),
        slots_(static_cast<std::ptrdiff_t>(request.batch)),
        value_(static_cast<std::size_t>(request.value_bytes), 'k') {
    settings.apply(append_options_);
    settings.apply(read_options_);
    append_options_.bucket = read_options_.bucket = request.bucket;
  }

  void run(Clock::time_point start) {
    for (std::uint64_t n = 0; !interrupted(); ++n) {
      const auto intended = intended_start(start, n);
      if (intended - start >= request_.length) break;
      request_.reads ? read(intended) : append(intended);
    }
    client_.flush();
  }

  const LatencyHistogram& latencies() const { return latencies_; }
  std::uint64_t failed() const { return failed_; }
  const std::string& first_error() const { return first_error_; }

 private:
  // With a rate, requests start when they are due, and one that starts late counts from when it was
  // due: a stall must show in every request that it held up.
  Clock::time_point intended_start(Clock::time_point start, std::uint64_t n) {
    if (!request_.rate) return Clock::now();
    const double place = static_cast<double>(n * request_.clients + index_);
    const auto due = start + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(place / *request_.rate));
    std::this_thread::sleep_until(due);
    return due;
  }

  void append(Clock::time_point intended) {
    slots_.acquire();
    // Without a rate the wait for a slot is the benchmark's own.
    const auto from = request_.rate ? intended : Clock::now();
    Values values;
    values.push_back(value_);
    client_.append_async(bench_key(rng_.below(request_.keys)), std::move(values), append_options_,
                         [this, from](const Result<Stamp>& result, std::optional<Stamp>) {
                           done(from, result ? nullptr : &result.error());
                           slots_.release();
                         });
  }

  void read(Clock::time_point intended) {
    const auto item = client_.first(bench_key(rng_.below(request_.keys)), read_options_);
    if (item && !*item) {
      const Error missing{ErrorCode::internal, "a key that was stored was not found"};
      done(intended, &missing);
      return;
    }
    done(intended, item ? nullptr : &item.error());
  }

  void done(Clock::time_point from, const Error* error) {
    if (error == nullptr) {
      latencies_.record(Clock::now() - from);
      return;
    }
    if (failed_++ == 0) first_error_ = error->message;
  }

  Client client_;
  const BenchRequest& request_;
  const std::size_t index_;
  Rng rng_;
  std::counting_semaphore<> slots_;
  const std::string value_;
  AppendOptions append_options_;
  ReadOptions read_options_;
  LatencyHistogram latencies_;
  std::uint64_t failed_ = 0;
  std::string first_error_;
};

// Reads need something to read: each key once, however often this is asked for.
Status prepare_reads(Client& client, const BenchRequest& request, const Settings& settings) {
  AppendOptions options;
  settings.apply(options);
  options.bucket = request.bucket;
  const auto once = client.once(
      fmt::format("bench-{}-{}-{}", request.bucket, request.keys, request.value_bytes), options);
  if (!once) return fail(once.error());
  std::mutex mutex;
  std::optional<Error> failure;
  for (std::uint64_t key = 0; key < request.keys; ++key) {
    Values values;
    values.push_back(std::string(static_cast<std::size_t>(request.value_bytes), 'k'));
    options.stamp = once->stamp(key);
    client.append_async(bench_key(key), std::move(values), options,
                        [&](const Result<Stamp>& result, std::optional<Stamp>) {
                          const std::lock_guard lock(mutex);
                          if (!result && !failure) failure = result.error();
                        });
  }
  client.flush();
  const std::lock_guard lock(mutex);
  if (failure) return fail(*failure);
  return {};
}

Status prepare(Client& client, const BenchRequest& request, const Context& context) {
  CallOptions options;
  context.settings.apply(options);
  const auto existing = client.bucket(request.bucket, options);
  if (!existing && existing.error().code == ErrorCode::unknown_bucket) {
    Bucket bucket;
    bucket.name = request.bucket;
    bucket.max_pair_bytes = limits::kLargestMaxPairBytes;
    if (auto made = client.create_bucket(bucket, options); !made) return fail(made.error());
  } else if (!existing) {
    return fail(existing.error());
  }
  return request.reads ? prepare_reads(client, request, context.settings) : Status();
}

Result<std::vector<std::unique_ptr<Runner>>> make_runners(Context& context,
                                                          const BenchRequest& request) {
  std::vector<std::unique_ptr<Runner>> runners;
  for (std::size_t i = 0; i < request.clients; ++i) {
    auto client = open_client(context, Purpose::write);
    if (!client) return fail(client.error());
    if (i == 0) {
      if (auto status = prepare(*client, request, context); !status) return fail(status.error());
    }
    runners.push_back(std::make_unique<Runner>(*std::move(client), request, i, context.settings));
  }
  return runners;
}

BenchReport measure(const std::vector<std::unique_ptr<Runner>>& runners,
                    const BenchRequest& request) {
  const auto start = Clock::now();
  {
    std::vector<std::jthread> threads;
    threads.reserve(runners.size());
    for (const auto& runner : runners) threads.emplace_back([&] { runner->run(start); });
  }
  BenchReport report;
  report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  report.what = request.reads ? "get" : "append";
  report.intended_rate = request.rate;
  LatencyHistogram all;
  for (const auto& runner : runners) {
    all.merge(runner->latencies());
    report.failed += runner->failed();
    if (report.first_error.empty()) report.first_error = runner->first_error();
  }
  report.done = all.count();
  report.bytes = report.done * request.value_bytes;
  report.latencies = all.summary();
  return report;
}

}  // namespace

Result<Exit> run_bench(Context& context) {
  if (auto status = check_not_reserved(context); !status) return fail(status.error());
  const auto request = parse_bench(context);
  if (!request) return fail(request.error());
  if (context.settings.embedded && request->clients > 1) {
    return fail(ErrorCode::invalid_argument, "bench: with --embedded there is one client");
  }
  const auto runners = make_runners(context, *request);
  if (!runners) return fail(runners.error());
  note_interrupts();
  const BenchReport report = measure(*runners, *request);
  show(context.out, report);
  return report.failed == 0 ? Exit::done : Exit::unhealthy;
}

}  // namespace kipu::cli

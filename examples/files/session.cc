#include "examples/files/session.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

#include "examples/files/text.h"
#include "kipu/embedded.h"

namespace files {
namespace {

// Whoever waits for an answer to the first question wants to know soon that nobody is there.
constexpr kipu::Duration kConnectTimeout = std::chrono::seconds(10);
// A broker that runs says at once what it waits for.
constexpr kipu::Duration kStatusTimeout = std::chrono::seconds(1);
constexpr kipu::Duration kCompletionTimeout = std::chrono::seconds(1);

using kipu::ErrorCode;
using kipu::fail;
using kipu::Result;
using kipu::Status;

std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (comma != 0) parts.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return parts;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

// A store is made by whoever stores something first, and in a folder of its own.
kipu::Error embedded_error(const std::string& folder, const kipu::Error& error) {
  if (error.code != ErrorCode::not_a_store) return error;
  return {
      error.code,
      fmt::format("{} holds no store: `upload` makes one in a folder that is empty or not there",
                  in_quotes(folder))};
}

void on_interrupt(int /*signal*/) {
  interrupted() = true;
}

}  // namespace

std::atomic<bool>& interrupted() {
  static std::atomic<bool> flag = false;  // signal handlers take no context
  static_assert(std::atomic<bool>::is_always_lock_free);
  return flag;
}

void catch_interrupts() {
  interrupted() = false;
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second one ends the program
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

void ignore_interrupts() {
  struct sigaction action{};
  action.sa_handler = SIG_IGN;
  sigaction(SIGINT, &action, nullptr);
}

// As `kipu` does. Without a default, so that a new code does not compile until it has its place.
Exit exit_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return Exit::usage;
    case ErrorCode::malformed:
    case ErrorCode::wrong_version:
    case ErrorCode::wrong_cluster:
    case ErrorCode::empty_key:
    case ErrorCode::too_large:
    case ErrorCode::unknown_bucket:
    case ErrorCode::bucket_differs:
    case ErrorCode::wrong_mode:
    case ErrorCode::bad_digest:
    case ErrorCode::unsupported:
    case ErrorCode::content_differs:
    case ErrorCode::read_only:
    case ErrorCode::clock_skew:
    case ErrorCode::in_use:
    case ErrorCode::not_a_store:
    case ErrorCode::newer_format:
      return Exit::refused;
    case ErrorCode::wrong_worker:
    case ErrorCode::unavailable:
    case ErrorCode::overloaded:
    case ErrorCode::closed:
      return Exit::unreachable;
    case ErrorCode::deadline_exceeded:
    case ErrorCode::outcome_unknown:
      return Exit::unknown;
    case ErrorCode::cancelled:
      return Exit::interrupted;
    case ErrorCode::unreadable:
    case ErrorCode::io_error:
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      return Exit::unhealthy;
  }
  return Exit::unhealthy;
}

Result<Settings> settle(const Arguments& arguments) {
  Settings settings;
  const auto given = arguments.options.find("broker");
  const char* variable = std::getenv("KIPU_BROKER");
  if (given != arguments.options.end()) {
    settings.brokers = given->second;
  } else if (variable != nullptr) {
    settings.brokers = split_list(variable);
  }
  if (settings.brokers.empty()) settings.brokers = kipu::ClientOptions().brokers;
  settings.embedded = arguments.value("embedded");
  settings.store = arguments.value("store").value_or(settings.store);
  // The longest of the two endings leaves 57 of the 64 bytes that a bucket's name may have.
  if (!kipu::is_bucket_name(settings.store + ".chunks")) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("--store {}: a store's name is 1 to 57 letters, digits, dots, dashes "
                            "and underscores",
                            in_quotes(settings.store)));
  }
  if (const auto text = arguments.value("timeout")) {
    const auto timeout = parse_duration(*text);
    if (!timeout) return fail(timeout.error());
    settings.timeout = settings.chunk_timeout = *timeout;
  }
  return settings;
}

Status Session::connect(Purpose purpose) {
  kipu::ClientOptions options;
  options.brokers = settings_.brokers;
  options.timeout = settings_.timeout;
  options.in_flight_bytes = kInFlightBytes;
  if (settings_.embedded) {
    kipu::EmbeddedOptions embedded;
    embedded.client = options;
    embedded.create = purpose == Purpose::write;
    auto client = kipu::open_embedded(*settings_.embedded, embedded);
    if (!client) return fail(embedded_error(*settings_.embedded, client.error()));
    client_.emplace(std::move(*client));
    return {};
  }
  options.connect_timeout = std::min(
      settings_.timeout, purpose == Purpose::complete ? kCompletionTimeout : kConnectTimeout);
  auto client = kipu::Client::connect(options);
  if (client) {
    client_.emplace(std::move(*client));
    return {};
  }
  if (client.error().code != ErrorCode::unavailable) return fail(client.error());
  options.connect_timeout = std::min(*options.connect_timeout, kStatusTimeout);
  const auto status = kipu::Client::ask_status(options);
  if (status && !status->waiting_for.empty()) {
    return fail(ErrorCode::unavailable,
                fmt::format("the cluster is not ready yet: it waits for {}; see `kipu status`",
                            status->waiting_for));
  }
  return fail(ErrorCode::unavailable,
              fmt::format("no cluster answers at {}: start one with `kipu up`, or name another "
                          "with --broker ({})",
                          joined(settings_.brokers), client.error().message));
}

Result<FileStore*> Session::store(Purpose purpose) {
  if (!client_) {
    if (auto connected = connect(purpose); !connected) return fail(std::move(connected).error());
    store_ = std::make_unique<FileStore>(*client_, settings_.store, settings_.chunk_timeout);
  }
  if (purpose == Purpose::write && !made_buckets_) {
    if (auto made = store_->make_buckets(); !made) return fail(std::move(made).error());
    made_buckets_ = true;
  }
  return store_.get();
}

Status Session::begin(const Arguments& arguments) {
  json_ = arguments.has("json");
  quiet_ = arguments.has("quiet");
  progress_ = !quiet_ && isatty(STDERR_FILENO) == 1;
  constexpr std::uint64_t kMostJobs = 256;
  const auto jobs = parse_number(arguments.value("jobs").value_or("8"));
  if (!jobs || *jobs == 0 || *jobs > kMostJobs) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("--jobs takes a number from 1 to {}", kMostJobs));
  }
  jobs_ = *jobs;
  return {};
}

void Session::print(std::string_view line, char end) {
  const std::lock_guard lock(mutex_);
  if (progress_ && isatty(STDOUT_FILENO) == 1) std::cerr << "\r\x1b[K";
  std::cout << line << end << std::flush;
}

std::string Session::listed(std::string_view name) const {
  return isatty(STDOUT_FILENO) == 1 ? printable(name) : std::string(name);
}

void Session::note(std::string_view text) {
  const std::lock_guard lock(mutex_);
  std::cerr << fmt::format("{}kipu-files: {}\n", progress_ ? "\r\x1b[K" : "", text);
}

Exit Session::report(const kipu::Error& error) {
  note(error.message);
  return exit_of(error.code);
}

}  // namespace files

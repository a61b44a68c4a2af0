#include "client/cli/session.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>

#include <fmt/format.h>

#include "base/shell_quoted.h"
#include "kipu/embedded.h"

namespace kipu::cli {
namespace {

volatile std::sig_atomic_t interrupts = 0;
std::atomic<Alarm*> interrupt_alarm = nullptr;

void on_interrupt(int /*signal*/) {
  interrupts = 1;
  if (Alarm* const alarm = interrupt_alarm) alarm->ring();
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += fmt::format("{}{}", out.empty() ? "" : ", ", word);
  return out;
}

ClientOptions client_options(const Settings& settings) {
  ClientOptions options;
  options.brokers = settings.brokers;
  if (settings.timeout) options.timeout = *settings.timeout;
  return options;
}

tl::unexpected<Error> no_cluster(const Settings& settings, const Error& why) {
  return fail(
      ErrorCode::unavailable,
      fmt::format("no cluster answers at {}: start one with `kipu up`, or name another with "
                  "--broker ({})",
                  join(settings.brokers), why.message));
}

// Why no client came about: no broker answers, or one does and is not ready.
tl::unexpected<Error> not_connected(const Context& context, const Error& why) {
  // Whoever runs answers this at once.
  constexpr Duration kPatience = std::chrono::seconds(1);
  ClientOptions options = client_options(context.settings);
  options.timeout = std::min(options.timeout, kPatience);
  const auto status = Client::ask_status(options);
  if (!status) return no_cluster(context.settings, why);
  if (!status->in_force.is_none()) {
    return fail(
        ErrorCode::unavailable,
        fmt::format("the cluster was not ready in time, and is now: ask again ({})", why.message));
  }
  return fail(ErrorCode::unavailable,
              fmt::format("the cluster is not ready yet: it waits for {}; see `kipu status`",
                          status->waiting_for));
}

// Those that name a cluster, as they are typed after a command.
std::string cluster_options(const Arguments& arguments) {
  std::string options;
  for (const char* name : {"broker", "embedded"}) {
    for (const std::string& value : arguments.all(name)) {
      options += fmt::format(" --{} {}", name, shell_quoted(value));
    }
  }
  return options;
}

// Whether a command is for a cluster, and leaves open which.
bool asks_some_cluster(std::string_view command) {
  if (!command.starts_with("kipu ")) return false;
  for (const std::string_view other : {"kipu up", "kipu down", "kipu help", "kipu completion"}) {
    const std::string_view rest = command.substr(std::min(other.size(), command.size()));
    if (command.starts_with(other) && (rest.empty() || rest.starts_with(' '))) return false;
  }
  for (const char* option : {" --broker", " --embedded", " --data", " --help"}) {
    if (command.find(option) != std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

Result<Client> open_client(const Context& context, Purpose purpose) {
  const Settings& settings = context.settings;
  const ClientOptions options = client_options(settings);
  if (settings.embedded) {
    EmbeddedOptions embedded;
    embedded.client = options;
    embedded.create = purpose == Purpose::write;
    auto client = open_embedded(*settings.embedded, embedded);
    if (client || client.error().code != ErrorCode::not_a_store) return client;
    return fail(ErrorCode::not_a_store,
                fmt::format("{0} holds no store: `kipu --embedded {0} append KEY VALUE` makes one, "
                            "if {0} is new or empty",
                            *settings.embedded));
  }
  auto client = Client::connect(options);
  if (client || client.error().code != ErrorCode::unavailable) return client;
  return not_connected(context, client.error());
}

Status check_not_embedded(const Context& context) {
  if (!context.arguments.has("embedded")) return {};
  return fail(
      ErrorCode::invalid_argument,
      "--embedded names a store without a cluster, which has no processes to start, stop or "
      "replace: leave it out, and name a cluster's directory with --data");
}

Result<ClusterStatus> ask_status(const Context& context) {
  if (context.settings.embedded) {
    auto client = open_client(context, Purpose::read);
    if (!client) return fail(client.error());
    CallOptions options;
    context.settings.apply(options);
    return client->status(options);
  }
  auto status = Client::ask_status(client_options(context.settings));
  if (status || status.error().code != ErrorCode::unavailable) return status;
  return no_cluster(context.settings, status.error());
}

std::string over_same_cluster(const Context& context, std::string_view text) {
  const std::string options = cluster_options(context.arguments);
  std::string out;
  bool quoted = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('`'), text.size());
    const std::string_view part = text.substr(0, end);
    out += part;
    const bool is_command = quoted && end < text.size();
    if (is_command && asks_some_cluster(part)) out += options;
    if (end < text.size()) out += '`';
    quoted = !quoted;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

void note_bucket_meant(const Context& context, Client& client, std::string_view prefix) {
  if (prefix == context.settings.bucket || !is_bucket_name(prefix)) return;
  CallOptions options;
  context.settings.apply(options);
  if (!client.bucket(prefix, options)) return;
  note(
      context.out.style(),
      fmt::format("kipu: no key of bucket '{0}' begins with '{1}', which is a bucket: --bucket {1}",
                  context.settings.bucket, prefix));
}

Status check_not_reserved(const Context& context) {
  const std::string& bucket = context.settings.bucket;
  if (!bucket.starts_with(kReservedBucketPrefix)) return {};
  return fail(ErrorCode::unsupported,
              fmt::format("bucket '{}' is Kipu's own: choose another --bucket", bucket));
}

void note_interrupts() {
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

InterruptRings::InterruptRings(Alarm& alarm) {
  interrupt_alarm = &alarm;
  note_interrupts();
}

InterruptRings::~InterruptRings() {
  interrupt_alarm = nullptr;
}

bool interrupted() {
  return interrupts != 0;
}

}  // namespace kipu::cli

#include "client/cli/session.h"

#include <csignal>

#include <fmt/format.h>

#include "kipu/embedded.h"

namespace kipu::cli {
namespace {

volatile std::sig_atomic_t interrupts = 0;

void on_interrupt(int /*signal*/) {
  interrupts = 1;
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += fmt::format("{}{}", out.empty() ? "" : ", ", word);
  return out;
}

}  // namespace

Result<Client> open_client(const Context& context, Purpose purpose) {
  const Settings& settings = context.settings;
  ClientOptions options;
  options.brokers = settings.brokers;
  if (settings.timeout) options.timeout = *settings.timeout;
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
  return fail(
      ErrorCode::unavailable,
      fmt::format("no cluster answers at {}: start one with `kipu up`, or name another with "
                  "--broker ({})",
                  join(settings.brokers), client.error().message));
}

void note_interrupts() {
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

bool interrupted() {
  return interrupts != 0;
}

}  // namespace kipu::cli

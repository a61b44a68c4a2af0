#include "examples/callgraph/serve/server.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

#include <fmt/format.h>
#include <httplib.h>

#include "examples/callgraph/graph/snapshot.h"
#include "examples/callgraph/serve/api.h"
#include "examples/callgraph/serve/page.h"

namespace callgraph {
namespace {

constexpr const char* kLoopback = "127.0.0.1";
constexpr const char* kJson = "application/json";

// A page of another site, whose name was made to lead to this machine, asks under that name.
bool names_this_machine(const httplib::Request& request) {
  std::string host = request.get_header_value("Host");
  host.erase(std::min(host.rfind(':'), host.size()));
  return host == kLoopback || host == "localhost";
}

Parameters parameters_of(const httplib::Request& request) {
  Parameters parameters;
  for (const auto& [name, value] : request.params) parameters.emplace(name, value);
  return parameters;
}

void secure(httplib::Response& response) {
  response.set_header("Content-Security-Policy", std::string(page_policy()));
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_header("Cache-Control", "no-store");
}

}  // namespace

class Server::Impl {
 public:
  Impl(kipu::Client& client, ServerOptions options)
      : client_(client), options_(std::move(options)) {
    // The library would share the port with another server (SO_REUSEPORT).
    http_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    http_.Get("/", [](const httplib::Request& request, httplib::Response& response) {
      secure(response);
      if (!names_this_machine(request)) {
        response.status = 403;
        return;
      }
      response.set_content(page().data(), page().size(), "text/html; charset=utf-8");
    });
    http_.Get("/api/.*", [this](const httplib::Request& request, httplib::Response& response) {
      secure(response);
      answer(request, response);
    });
  }

  kipu::Status start() {
    const int port = options_.port == 0 ? http_.bind_to_any_port(kLoopback)
                     : http_.bind_to_port(kLoopback, options_.port) ? options_.port
                                                                    : -1;
    if (port < 0) {
      return kipu::fail(
          kipu::ErrorCode::in_use,
          fmt::format("port {} of {} is in use: name another with --port, or 0 for any",
                      options_.port, kLoopback));
    }
    port_ = static_cast<std::uint16_t>(port);
    thread_ = std::thread([this] {
      http_.listen_after_bind();
      ended_ = true;
    });
    // The port takes connections already; but stopping a server that does not run yet would not end
    // it.
    while (!http_.is_running() && !ended_) std::this_thread::yield();
    return {};
  }

  ~Impl() {
    http_.stop();
    if (thread_.joinable()) thread_.join();
  }

  std::uint16_t port() const { return port_; }

 private:
  // Exceptions of the libraries stop here.
  void answer(const httplib::Request& request, httplib::Response& response) {
    if (!names_this_machine(request)) {
      response.status = 403;
      return;
    }
    try {
      const Reply made =
          reply(client_, options_.graph, options_.until, request.path, parameters_of(request));
      response.status = made.status;
      response.set_content(made.json, kJson);
    } catch (const std::exception&) {
      response.status = 500;
      response.set_content("{\"error\": \"the answer could not be made\"}\n", kJson);
    }
  }

  kipu::Client& client_;
  const ServerOptions options_;
  httplib::Server http_;
  std::thread thread_;
  std::atomic<bool> ended_{false};
  std::uint16_t port_ = 0;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;
std::uint16_t Server::port() const {
  return impl_->port();
}

kipu::Result<std::unique_ptr<Server>> Server::start(kipu::Client& client,
                                                    const ServerOptions& options) {
  const auto snapshot = Snapshot::open(client, options.graph, options.until);
  if (!snapshot) return kipu::fail(snapshot.error());
  auto impl = std::make_unique<Impl>(client, options);
  if (auto started = impl->start(); !started) return kipu::fail(std::move(started.error()));
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

}  // namespace callgraph

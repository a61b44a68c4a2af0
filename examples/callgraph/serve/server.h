// The page over HTTP, on this machine only.
//
// Thread rule: the server answers on threads of its own; start and destroy it from one thread. The
// client outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "kipu/client.h"

namespace callgraph {

struct ServerOptions {
  std::string graph = "main";
  std::uint16_t port = 0;  // of 127.0.0.1; 0: any that is free
  std::optional<kipu::StampTime> until;
};

class Server {
 public:
  // Serves from when this returns. `invalid_argument` if there is no such graph; `in_use` if the
  // port is.
  [[nodiscard]] static kipu::Result<std::unique_ptr<Server>> start(kipu::Client& client,
                                                                   const ServerOptions& options);
  // Answers what is under way, then stops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace callgraph

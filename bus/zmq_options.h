// Every option of every ZeroMQ socket, in one place. Included by the ZeroMQ bus only.
#pragma once

#include <string>

#include <zmq.hpp>

namespace kipu::bus {

enum class SocketRole { router, dealer, pub, sub };

// Sets what the library leaves off or unlimited. Throws zmq::error_t.
void apply_options(zmq::socket_t& socket, SocketRole role, const std::string& endpoint);

}  // namespace kipu::bus

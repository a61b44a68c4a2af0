#include "kipu/embedded.h"

#include <system_error>
#include <utility>

#include "base/descriptors.h"
#include "base/random.h"
#include "base/standard_streams.h"
#include "client/embedded_server.h"
#include "client/open.h"
#include "client/shared_bus.h"
#include "storage/leveldb_store.h"

namespace kipu {
namespace {

namespace fs = std::filesystem;

// Of the store, ZeroMQ's threads, and the sockets that join broker, worker and client.
constexpr std::size_t kDescriptors = 32;

// Errors of the file system count as "no": opening the store then reports them.
bool is_absent_or_empty(const fs::path& directory) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (status.type() == fs::file_type::not_found) return true;
  return status.type() == fs::file_type::directory && fs::is_empty(directory, error) && !error;
}

Result<std::unique_ptr<storage::Store>> open_store(const fs::path& directory, bool create) {
  Rng rng = Rng::from_system();
  if (create && is_absent_or_empty(directory)) {
    if (auto made = storage::init_leveldb_store(directory, rng); !made) {
      return fail(std::move(made).error());
    }
  }
  return storage::open_leveldb_store(directory, {}, rng);
}

}  // namespace

Result<Client> open_embedded(const fs::path& directory, const EmbeddedOptions& options) {
  if (auto opened = open_standard_descriptors(); !opened) return fail(std::move(opened).error());
  if (auto room = check_descriptors(kDescriptors, "the store in " + directory.string()); !room) {
    return fail(std::move(room).error());
  }
  auto store = open_store(directory, options.create);
  if (!store) return fail(std::move(store).error());
  client::EmbeddedServer::Options server_options;
  server_options.partitions = options.partitions;
  server_options.log = options.client.log;
  bus::Bus& bus = client::shared_bus();
  auto server = client::EmbeddedServer::start(bus, std::move(*store), server_options);
  if (!server) return fail(std::move(server).error());
  ClientOptions client_options = options.client;
  client_options.brokers = {(*server)->endpoint()};
  return client::open(bus, client_options, std::shared_ptr<void>(std::move(*server)));
}

}  // namespace kipu

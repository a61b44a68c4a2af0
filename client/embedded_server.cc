#include "client/embedded_server.h"

#include <utility>

#include "base/ids.h"
#include "base/random.h"

namespace kipu::client {
namespace {

void report(const LogSink& log, const char* who, const Status& status) {
  if (!status && log) log({LogLevel::error, who + (" has stopped: " + status.error().message)});
}

}  // namespace

Result<std::unique_ptr<EmbeddedServer>> EmbeddedServer::start(bus::Bus& bus,
                                                              std::unique_ptr<storage::Store> store,
                                                              const Options& options) {
  Rng rng = Rng::from_system();
  // Names of their own, since a process may have several embedded stores open.
  const std::string name = "inproc://kipu-" + Uuid::random(rng).to_string();

  broker::RuntimeOptions broker_options;
  const ClusterId owner = store->info().cluster;
  broker_options.config.cluster = owner.is_none() ? ClusterId{Uuid::random(rng)} : owner;
  broker_options.config.workers = 1;
  broker_options.config.partitions = options.partitions;
  broker_options.frontend = name + "/frontend";
  broker_options.backend = name + "/backend";
  worker::RuntimeOptions worker_options;
  worker_options.broker = broker_options.backend;

  auto broker =
      broker::Runtime::create(bus, std::move(broker_options), Rng(rng.next()), options.log);
  if (!broker) return fail(std::move(broker).error());
  auto worker =
      worker::Runtime::create(bus, *store, std::move(worker_options), Rng(rng.next()), options.log);
  if (!worker) return fail(std::move(worker).error());
  return std::unique_ptr<EmbeddedServer>(
      new EmbeddedServer(std::move(store), std::move(*broker), std::move(*worker), options.log));
}

EmbeddedServer::EmbeddedServer(std::unique_ptr<storage::Store> store,
                               std::unique_ptr<broker::Runtime> broker,
                               std::unique_ptr<worker::Runtime> worker, LogSink log)
    : log_(std::move(log)),
      store_(std::move(store)),
      broker_(std::move(broker)),
      worker_(std::move(worker)),
      broker_thread_([this] { report(log_, "the embedded broker", broker_->run()); }),
      worker_thread_([this] { report(log_, "the embedded worker", worker_->run()); }) {}

// The worker first: the broker carries what it still answers.
EmbeddedServer::~EmbeddedServer() {
  worker_->stop();
  worker_thread_.join();
  broker_->stop();
  broker_thread_.join();
}

}  // namespace kipu::client

// A client of a broker made of a socket and the codec alone: one request at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bus/bus.h"
#include "schema/codec.h"
#include "tests/support/process.h"

namespace kipu::test {

class RawClient {
 public:
  RawClient(bus::Bus& bus, const std::string& frontend);

  // The reply to this request, whatever kind it is; nothing within kPatience is a failure.
  std::optional<schema::Message> ask(schema::Message request);
  // The map, once there is one in force.
  std::optional<schema::ClusterMap> wait_for_map();
  // Whether the entry was acknowledged by the worker that coordinates its partition.
  Status append(const schema::ClusterMap& map, const Entry& entry);
  // All entries of a key of the bucket `default`, as far as one page holds them.
  Result<Page> page(const schema::ClusterMap& map, const std::string& key);

 private:
  std::uint64_t next_id_ = 1;
  std::unique_ptr<bus::Socket> socket_;
};

// An entry of the bucket `default`, stamped now.
Entry entry_now(const std::string& key, std::string_view value);

template <class Body>
schema::Message request(schema::MessageKind kind, schema::Destination destination,
                        const Body& body) {
  schema::Envelope envelope;
  envelope.kind = kind;
  envelope.destination = destination;
  envelope.remaining = std::chrono::seconds(10);
  return schema::make_message(envelope, body);
}

}  // namespace kipu::test

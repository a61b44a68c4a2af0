// A client of a broker made of a socket and the codec alone.
#pragma once

#include <cstdint>
#include <map>
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
  // The same in two steps: the id of the request, and the reply to it.
  std::uint64_t send(schema::Message request);
  std::optional<schema::Message> reply_to(std::uint64_t id);
  // The map, once there is one in force.
  std::optional<schema::ClusterMap> wait_for_map();
  // Whether the entry was acknowledged by the worker that coordinates its partition.
  Status append(const schema::ClusterMap& map, const Entry& entry);
  // All entries of a key of the bucket `default`, as far as one page holds them.
  Result<Page> page(const schema::ClusterMap& map, const std::string& key);

 private:
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, schema::Message> replies_;  // that nobody has asked for yet
  std::unique_ptr<bus::Socket> socket_;
};

// The parts of append() and page(): what is asked, and what the answer says.
schema::Message append_request(const schema::ClusterMap& map, const Entry& entry);
schema::Message page_request(const schema::ClusterMap& map, const std::string& key);
Status append_status(const std::optional<schema::Message>& reply);
Result<Page> page_of(const std::optional<schema::Message>& reply);

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

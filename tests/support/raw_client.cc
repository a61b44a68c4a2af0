#include "tests/support/raw_client.h"

#include <gtest/gtest.h>

#include "bus/clock.h"
#include "cluster/map.h"

namespace kipu::test {
namespace {

Error error_of(const schema::Message& reply) {
  const auto body = schema::decode<schema::ErrorReply>(reply.body.view());
  if (!body) return body.error();
  return body->error;
}

std::uint32_t partitions_of(const schema::ClusterMap& map) {
  return static_cast<std::uint32_t>(map.placement.size());
}

// What `reply` holds, if it is of `kind`.
template <class Body>
Result<Body> body_of(const std::optional<schema::Message>& reply, schema::MessageKind kind) {
  if (!reply) return fail(ErrorCode::deadline_exceeded, "no reply");
  if (reply->envelope.kind == schema::MessageKind::error) return fail(error_of(*reply));
  EXPECT_EQ(reply->envelope.kind, kind);
  return schema::decode<Body>(reply->body.view());
}

}  // namespace

RawClient::RawClient(bus::Bus& bus, const std::string& frontend)
    : socket_(std::move(*bus.connect_dealer(frontend))) {}

std::optional<schema::Message> RawClient::ask(schema::Message request) {
  const std::uint64_t id = next_id_++;
  request.envelope.request_id = id;
  if (!socket_->send({}, std::move(request))) return std::nullopt;
  std::optional<schema::Message> reply;
  eventually([&] {
    std::vector<bus::Incoming> got;
    socket_->receive(got, 16);
    for (bus::Incoming& incoming : got) {
      if (incoming.message.envelope.request_id == id) reply = std::move(incoming.message);
    }
    return reply.has_value();
  });
  return reply;
}

std::optional<schema::ClusterMap> RawClient::wait_for_map() {
  std::optional<schema::ClusterMap> map;
  eventually([&] {
    auto reply =
        ask(request(schema::MessageKind::client_hello, schema::ToBroker{}, schema::ClientHello{}));
    auto body = body_of<schema::ClusterMap>(reply, schema::MessageKind::map);
    if (body) map = std::move(*body);
    return map.has_value();
  });
  return map;
}

Status RawClient::append(const schema::ClusterMap& map, const Entry& entry) {
  const auto partition = cluster::partition_of(entry.bucket, entry.key, partitions_of(map));
  const schema::AppendRequest body{map.version, Level::bucket_default, {entry}};
  const auto reply =
      ask(request(schema::MessageKind::append, cluster::coordinator_of(map, partition), body));
  const auto answer = body_of<schema::AppendReply>(reply, schema::MessageKind::append_reply);
  if (!answer) return fail(answer.error());
  if (!answer->refusals.empty()) return fail(answer->refusals.front().error);
  EXPECT_EQ(answer->holders, 1U);
  return {};
}

Result<Page> RawClient::page(const schema::ClusterMap& map, const std::string& key) {
  PageQuery query;
  query.bucket = "default";
  query.key = key;
  query.partition = cluster::partition_of(query.bucket, key, partitions_of(map));
  const auto reply = ask(request(schema::MessageKind::page, query.partition, query));
  return body_of<Page>(reply, schema::MessageKind::page_reply);
}

Entry entry_now(const std::string& key, std::string_view value) {
  static std::uint64_t writer = 0;  // of each entry its own, so that all stamps differ
  const Stamp stamp{StampTime::at(bus::read_clocks().wall), ++writer};
  return make_entry("default", key, stamp, EntryKind::append, Values{value});
}

}  // namespace kipu::test

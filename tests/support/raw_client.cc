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
  return reply_to(send(std::move(request)));
}

std::uint64_t RawClient::send(schema::Message request) {
  const std::uint64_t id = next_id_++;
  request.envelope.request_id = id;
  const Status sent = socket_->send({}, std::move(request));
  EXPECT_TRUE(sent) << sent.error().message;
  return id;
}

std::optional<schema::Message> RawClient::reply_to(std::uint64_t id) {
  eventually([&] {
    std::vector<bus::Incoming> got;
    socket_->receive(got, 16);
    for (bus::Incoming& incoming : got) {
      replies_.insert_or_assign(incoming.message.envelope.request_id, std::move(incoming.message));
    }
    return replies_.contains(id);
  });
  auto found = replies_.extract(id);
  if (found.empty()) return std::nullopt;
  return std::move(found.mapped());
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
  return append_status(ask(append_request(map, entry)));
}

Result<Page> RawClient::page(const schema::ClusterMap& map, const std::string& key) {
  return page_of(ask(page_request(map, key)));
}

schema::Message append_request(const schema::ClusterMap& map, const Entry& entry) {
  const auto partition = cluster::partition_of(entry.bucket, entry.key, partitions_of(map));
  const schema::AppendRequest body{map.version, Level::bucket_default, {entry}};
  return request(schema::MessageKind::append, cluster::coordinator_of(map, partition), body);
}

schema::Message page_request(const schema::ClusterMap& map, const std::string& key) {
  PageQuery query;
  query.bucket = "default";
  query.key = key;
  query.partition = cluster::partition_of(query.bucket, key, partitions_of(map));
  return request(schema::MessageKind::page, query.partition, query);
}

Status append_status(const std::optional<schema::Message>& reply) {
  const auto answer = body_of<schema::AppendReply>(reply, schema::MessageKind::append_reply);
  if (!answer) return fail(answer.error());
  if (!answer->refusals.empty()) return fail(answer->refusals.front().error);
  EXPECT_GE(answer->holders, 1U);
  return {};
}

Result<Page> page_of(const std::optional<schema::Message>& reply) {
  return body_of<Page>(reply, schema::MessageKind::page_reply);
}

Entry entry_now(const std::string& key, std::string_view value) {
  static std::uint64_t writer = 0;  // of each entry its own, so that all stamps differ
  const Stamp stamp{StampTime::at(bus::read_clocks().wall), ++writer};
  return make_entry("default", key, stamp, EntryKind::append, Values{value});
}

}  // namespace kipu::test

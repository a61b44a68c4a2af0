// Between bytes and plain structs. Cap'n Proto appears behind this header only.
//
// Decoding never throws, never aborts, and takes memory in proportion to the bytes it is given: any
// bytes that are no message of that type, break a limit of base/limits.h, or name an unknown
// enumerator are `malformed`. Entries are decoded without checking their digest: validate() does
// that where an entry enters a process.
//
// Thread rule: any thread.
#pragma once

#include <string_view>

#include "base/buffer.h"
#include "base/result.h"
#include "schema/messages.h"

namespace kipu::schema {

[[nodiscard]] Buffer encode(const Envelope& envelope);
[[nodiscard]] Buffer encode(const ErrorReply& body);
[[nodiscard]] Buffer encode(const ClusterMap& body);
[[nodiscard]] Buffer encode(const ClientHello& body);
[[nodiscard]] Buffer encode(const BucketCreate& body);
[[nodiscard]] Buffer encode(const ClusterStatus& body);
[[nodiscard]] Buffer encode(const AppendRequest& body);
[[nodiscard]] Buffer encode(const AppendReply& body);
[[nodiscard]] Buffer encode(const PageQuery& body);
[[nodiscard]] Buffer encode(const Page& body);
[[nodiscard]] Buffer encode(const CountQuery& body);
[[nodiscard]] Buffer encode(const Count& body);
[[nodiscard]] Buffer encode(const KeysQuery& body);
[[nodiscard]] Buffer encode(const KeysPage& body);
[[nodiscard]] Buffer encode(const ScanQuery& body);
[[nodiscard]] Buffer encode(const WorkerHello& body);
[[nodiscard]] Buffer encode(const WorkerWelcome& body);
[[nodiscard]] Buffer encode(const Heartbeat& body);
[[nodiscard]] Buffer encode(const HeartbeatReply& body);
[[nodiscard]] Buffer encode(const MapStored& body);
[[nodiscard]] Buffer encode(const Beacon& body);
[[nodiscard]] Buffer encode(const Bundle& body);
[[nodiscard]] Buffer encode(const Standing& body);
[[nodiscard]] Buffer encode(const Fetch& body);
[[nodiscard]] Buffer encode(const Fetched& body);
// REQUIRES of the next two: no FetchQuery and no Fetched within, which travel as a Fetch and by
// itself.
[[nodiscard]] Buffer encode(const PeerRead& body);
[[nodiscard]] Buffer encode(const PeerReadReply& body);
[[nodiscard]] Buffer encode(const PeerMerge& body);

// decode<T>(bytes) for Envelope and every body above. `bytes` may have any alignment.
// An Envelope of another protocol version decodes (its `version` says so) as long as its first
// fields are where every version has them, so that it can be answered with `wrong_version`.
template <class T>
[[nodiscard]] Result<T> decode(std::string_view bytes);

template <>
Result<Envelope> decode<Envelope>(std::string_view bytes);
template <>
Result<ErrorReply> decode<ErrorReply>(std::string_view bytes);
template <>
Result<ClusterMap> decode<ClusterMap>(std::string_view bytes);
template <>
Result<ClientHello> decode<ClientHello>(std::string_view bytes);
template <>
Result<BucketCreate> decode<BucketCreate>(std::string_view bytes);
template <>
Result<ClusterStatus> decode<ClusterStatus>(std::string_view bytes);
template <>
Result<AppendRequest> decode<AppendRequest>(std::string_view bytes);
template <>
Result<AppendReply> decode<AppendReply>(std::string_view bytes);
template <>
Result<PageQuery> decode<PageQuery>(std::string_view bytes);
template <>
Result<Page> decode<Page>(std::string_view bytes);
template <>
Result<CountQuery> decode<CountQuery>(std::string_view bytes);
template <>
Result<Count> decode<Count>(std::string_view bytes);
template <>
Result<KeysQuery> decode<KeysQuery>(std::string_view bytes);
template <>
Result<KeysPage> decode<KeysPage>(std::string_view bytes);
template <>
Result<ScanQuery> decode<ScanQuery>(std::string_view bytes);
template <>
Result<WorkerHello> decode<WorkerHello>(std::string_view bytes);
template <>
Result<WorkerWelcome> decode<WorkerWelcome>(std::string_view bytes);
template <>
Result<Heartbeat> decode<Heartbeat>(std::string_view bytes);
template <>
Result<HeartbeatReply> decode<HeartbeatReply>(std::string_view bytes);
template <>
Result<MapStored> decode<MapStored>(std::string_view bytes);
template <>
Result<Beacon> decode<Beacon>(std::string_view bytes);
template <>
Result<Bundle> decode<Bundle>(std::string_view bytes);
template <>
Result<Standing> decode<Standing>(std::string_view bytes);
template <>
Result<Fetch> decode<Fetch>(std::string_view bytes);
template <>
Result<Fetched> decode<Fetched>(std::string_view bytes);
template <>
Result<PeerRead> decode<PeerRead>(std::string_view bytes);
template <>
Result<PeerReadReply> decode<PeerReadReply>(std::string_view bytes);
template <>
Result<PeerMerge> decode<PeerMerge>(std::string_view bytes);

// A message with an encoded body.
template <class Body>
[[nodiscard]] Message make_message(const Envelope& envelope, const Body& body) {
  return Message{envelope, encode(body)};
}

}  // namespace kipu::schema

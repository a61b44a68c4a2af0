// The other workers of the map in force: what they replicate together with this one, and who of
// them is alive. Whoever was heard of within `silence`, by peer socket or stream, is.
//
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "schema/messages.h"
#include "worker/machine.h"

namespace kipu::worker {

class PeerBook {
 public:
  struct Peer {
    WorkerId worker;
    std::vector<PartitionId> shared;  // of which it and this worker are replicas, ascending
    Instant heard;
    Instant heard_stream;  // or subscribed to it anew
  };

  PeerBook(StoreId self, Duration silence, Duration stream_silence)
      : self_(self), silence_(silence), stream_silence_(stream_silence) {}

  // Acts on `map` from now on. Who was in the map before stays as alive as it was.
  void take(Instant now, const schema::ClusterMap& map);

  // By the stream or the peer socket of `from`. Nothing happens if that is no peer.
  void heard(StoreId from, Instant now);
  void heard_stream(StoreId from, Instant now);
  bool alive(StoreId peer, Instant now) const;
  // Those that are alive while their streams, which say something at each beacon, are not heard.
  // They count as heard now.
  std::vector<StoreId> take_silent_streams(Instant now);

  // Null if the map does not name it, or it is this worker.
  const Peer* find(StoreId peer) const;
  const std::map<StoreId, Peer>& all() const { return peers_; }
  // The other replicas of a partition of which this worker is one; none of any other.
  const std::vector<StoreId>& others(PartitionId partition) const;
  // The workers to be connected to.
  const Peers& connections() const { return connections_; }

 private:
  const StoreId self_;
  const Duration silence_;
  const Duration stream_silence_;
  std::map<StoreId, Peer> peers_;
  std::vector<std::vector<StoreId>> others_;  // by partition
  Peers connections_;
};

}  // namespace kipu::worker

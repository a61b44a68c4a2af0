// Every type that the codec encodes and decodes, for tests that hold for all of them.
#pragma once

#include <gtest/gtest.h>

#include "schema/messages.h"

namespace kipu::schema {

using EveryType =
    testing::Types<Envelope, ErrorReply, ClusterMap, ClientHello, BucketCreate, ClusterStatus,
                   AppendRequest, AppendReply, PageQuery, Page, CountQuery, Count, KeysQuery,
                   KeysPage, ScanQuery, WorkerHello, WorkerWelcome, Heartbeat, HeartbeatReply,
                   MapStored, Beacon, Bundle, Standing, Fetch, Fetched, PeerRead, PeerReadReply,
                   PeerMerge>;

}  // namespace kipu::schema

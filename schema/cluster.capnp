# The map of a cluster, and what clients, workers and the broker say about it.
@0xe022b0279ea44514;

using Cxx = import "/capnp/c++.capnp";
using Common = import "common.capnp";
$Cxx.namespace("kipu::schema::wire");

struct Worker {
  id @0 :UInt32;
  weight @1 :UInt32;
  state @2 :UInt8;  # 1 joined, 2 active, 3 leaving
  store @3 :Common.Uuid;
  stream @4 :Text;
  peer @5 :Text;
  zone @6 :Text;
}

struct ClusterMap {
  cluster @0 :Common.Uuid;
  version @1 :Common.MapVersion;
  previous @2 :Common.MapVersion;   # the map that this one was made from; none at birth
  replicas @3 :UInt32;
  checksum @4 :UInt64;              # over all the rest: docs/protocol.md, "Checksum of a map"
  buckets @5 :List(Common.Bucket);  # by name, ascending
  workers @6 :List(Worker);         # by id, ascending
  # The placement: how many replicas each partition has, and then all of them, one partition after
  # the other. Two flat lists take a tenth of what a list of lists does.
  replicaCounts @7 :List(UInt16);
  placement @8 :List(UInt32);
}

struct ClientHello {
  cluster @0 :Common.Uuid;  # none: whatever cluster this is
}

struct BucketCreate {
  bucket @0 :Common.Bucket;
}

# How far `replica` is behind what a worker has coordinated for it.
struct ReplicaLag {
  replica @0 :UInt32;
  entries @1 :UInt64;  # not acknowledged yet
  ageMicroseconds @2 :UInt64;  # of the oldest of them
}

struct WorkerHealth {
  entriesEstimate @0 :UInt64;
  diskBytes @1 :UInt64;
  freeBytes @2 :UInt64;
  pendingBytes @3 :UInt64;
  commitMicroseconds @4 :UInt64;
  wallMilliseconds @5 :UInt64;  # since 1970; at most 2^48-1
  readOnly @6 :Bool;
  notWhole @7 :UInt32;  # partitions that it does not serve yet
  whyNotWhole @8 :Text;
  lags @9 :List(ReplicaLag);  # by replica, ascending
  unreadableReads @10 :UInt64;  # since it was started
  unreadableSinceMilliseconds @11 :UInt64;  # since 1970; at most 2^48-1
  whyUnreadable @12 :Text;  # the first of them
}

struct WorkerStatus {
  id @0 :UInt32;
  liveness @1 :UInt8;  # 0 never seen, 1 alive, 2 suspect
  partitions @2 :UInt32;
  inFlight @3 :UInt32;
  silentMicroseconds @4 :UInt64;
  store @5 :Common.Uuid;
  health @6 :WorkerHealth;
}

struct ClusterStatus {
  cluster @0 :Common.Uuid;
  inForce @1 :Common.MapVersion;
  expectedWorkers @2 :UInt32;
  replicas @3 :UInt32;
  partitions @4 :UInt32;
  wallMilliseconds @5 :UInt64;  # since 1970; at most 2^48-1
  uptimeMicroseconds @6 :UInt64;
  waitingFor @7 :Text;
  workers @8 :List(WorkerStatus);
  phase @9 :UInt8;  # 0 not said, 1 starting, 2 birth, 3 recovery, 4 storing, 5 in force
  wanted @10 :Common.MapVersion;  # of recovery and storing
  processes @11 :Data;  # what a supervisor says of the processes; at most 64 KiB
  refusing @12 :Text;  # what fills the broker, where it refused requests just now
}

struct WorkerHello {
  store @0 :Common.Uuid;
  cluster @1 :Common.Uuid;  # none: never was in one
  stream @2 :Text;
  peer @3 :Text;
  weight @4 :UInt32;
  zone @5 :Text;
  map :union {
    none @6 :Void;
    newest @7 :ClusterMap;
  }
}

struct WorkerWelcome {
  cluster @0 :Common.Uuid;
  worker @1 :UInt32;  # 0: none yet
  inForce @2 :Common.MapVersion;
}

struct Heartbeat {
  store @0 :Common.Uuid;
  # On the worker's own steady clock. Only the worker reads it, when it comes back as `echo`.
  sentNanoseconds @1 :UInt64;
  inForce @2 :Common.MapVersion;
  health @3 :WorkerHealth;
}

struct HeartbeatReply {
  echoNanoseconds @0 :UInt64;
  known @1 :Bool;
  inForce @2 :Common.MapVersion;
}

struct MapStored {
  version @0 :Common.MapVersion;
}

# The first frame of every message: all that a router reads.
@0xe028db6c60536f0e;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("kipu::schema::wire");

struct Envelope {
  # These three are where they are in every version, for good, so that a peer of another version
  # can be told so.
  version @0 :UInt16;
  kind @1 :UInt16;
  requestId @2 :UInt64;

  remainingMicroseconds @3 :UInt64;  # until the sender gives up
  destination :union {
    broker @4 :Void;
    partition @5 :UInt32;
    worker @6 :UInt32;
  }
  noReply @7 :Bool;  # appends of level `none` only: nobody answers
}

# What several messages carry. Numbers of kinds, modes, levels, states and errors are those of
# docs/protocol.md; they are plain integers here because Cap'n Proto's enums begin at 0.
@0xea856758d08e1707;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("kipu::schema::wire");

# 128 random bits; all zero means "none".
struct Uuid {
  high @0 :UInt64;
  low @1 :UInt64;
}

# All zero means "no map".
struct MapVersion {
  generation @0 :UInt64;
  nonce @1 :UInt64;
  epoch @2 :UInt64;
}

# Where something stands in a worker's stream of commits. All zero means "before everything".
struct Position {
  run @0 :UInt64;
  counter @1 :UInt64;
}

# An entry's place among the entries of its key.
struct EntryId {
  time @0 :UInt64;    # 48 bits of milliseconds since 1970, then a 16-bit counter
  writer @1 :UInt64;
  digest @2 :UInt64;
}

struct Entry {
  time @0 :UInt64;
  writer @1 :UInt64;
  digest @2 :UInt64;
  kind @3 :UInt8;     # 1 append, 2 put, 3 remove
  bucket @4 :Text;
  key @5 :Data;
  values @6 :Data;    # per value: its length as 4 bytes, little-endian, then its bytes
}

struct Bucket {
  name @0 :Text;
  mode @1 :UInt8;         # 1 worm, 2 wmrm
  readLevel @2 :UInt8;    # 1 one, 2 quorum, 3 all
  writeLevel @3 :UInt8;   # 1 one, 2 quorum, 3 all, 4 none
  maxPairBytes @4 :UInt32;
}

# The body of every `error` reply.
struct ErrorReply {
  code @0 :UInt16;
  message @1 :Text;
}

# What workers say to one another: on the stream of each, and to the peer socket of each.
@0xb5c1d3d07a3f9c4e;

using Cxx = import "/capnp/c++.capnp";
using Common = import "common.capnp";
using Data = import "data.capnp";
$Cxx.namespace("kipu::schema::wire");

struct Beacon {
  from @0 :Common.Uuid;
  to @1 :Common.Uuid;
  last @2 :Common.Position;  # the last commit that holds anything for `to`
}

struct Bundle {
  from @0 :Common.Uuid;
  to @1 :Common.Uuid;
  position @2 :Common.Position;
  previous @3 :Common.Position;  # the last commit before it that held anything for `to`
  entries @4 :List(Common.Entry);
}

struct Standing {
  from @0 :Common.Uuid;
  cursor @1 :Common.Position;        # of `from`, on the stream of the receiver
  acknowledged @2 :Common.Position;  # the last cursor of the receiver on the stream of `from`
  holds @3 :Bool;
  answer @4 :Bool;
}

struct Fetch {
  from @0 :Common.Uuid;
  after @1 :Common.Position;
  maxBytes @2 :UInt32;
}

struct Fetched {
  struct Commit {
    position @0 :Common.Position;
    entries @1 :List(Common.Entry);
  }
  trimmed @0 :Bool;
  commits @1 :List(Commit);
  through @2 :Common.Position;
  head @3 :Common.Position;
}

struct PeerRead {
  from @0 :Common.Uuid;
  map @1 :Common.MapVersion;
  digestOnly @2 :Bool;
  query :union {
    page @3 :Data.PageQuery;
    count @4 :Data.CountQuery;
    keys @5 :Data.KeysQuery;
    scan @6 :Data.ScanQuery;
  }
}

struct PeerReadReply {
  whole @0 :Bool;
  digest @1 :UInt64;  # docs/protocol.md, "Digest of a result"
  result :union {
    none @2 :Void;
    page @3 :Data.Page;
    count @4 :Data.Count;
    keys @5 :Data.KeysPage;
  }
}

struct PeerMerge {
  from @0 :Common.Uuid;
  entries @1 :List(Common.Entry);
}

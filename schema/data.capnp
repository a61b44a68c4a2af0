# Appends and reads: what goes between clients and workers, past a broker that does not look inside.
@0xd593db041c3c3963;

using Cxx = import "/capnp/c++.capnp";
using Common = import "common.capnp";
$Cxx.namespace("kipu::schema::wire");

struct AppendRequest {
  map @0 :Common.MapVersion;
  level @1 :UInt8;  # 0 the bucket's, 1 one, 2 quorum, 3 all, 4 none
  entries @2 :List(Common.Entry);
  tellPresent @3 :Bool;  # say which of them were there already
}

struct Refusal {
  index @0 :UInt32;
  code @1 :UInt16;
  message @2 :Text;
}

struct AppendReply {
  holders @0 :UInt32;
  refusals @1 :List(Refusal);
  toldPresent @2 :Bool;  # what follows was asked for, and is known
  present @3 :List(UInt32);  # ascending: indices of entries that were there already
}

struct PageQuery {
  partition @0 :UInt32;
  bucket @1 :Text;
  key @2 :Data;
  reverse @3 :Bool;
  since :union {
    none @4 :Void;
    time @5 :UInt64;
  }
  until :union {
    none @6 :Void;
    time @7 :UInt64;
  }
  after :union {
    none @8 :Void;
    entry @9 :Common.EntryId;
  }
  maxEntries @10 :UInt32;
  maxBytes @11 :UInt32;
  level @12 :UInt8;  # 0 the bucket's, 1 one, 2 quorum, 3 all
  asItStands @13 :Bool;  # from the store of the worker that is asked alone, whole or not
}

# Answer to a PageQuery and to a ScanQuery.
struct Page {
  entries @0 :List(Common.Entry);
  complete @1 :Bool;
}

struct CountQuery {
  partition @0 :UInt32;
  bucket @1 :Text;
  key @2 :Data;
  since :union {
    none @3 :Void;
    time @4 :UInt64;
  }
  until :union {
    none @5 :Void;
    time @6 :UInt64;
  }
  after :union {
    none @7 :Void;
    entry @8 :Common.EntryId;
  }
  maxEntries @9 :UInt32;
  level @10 :UInt8;  # 0 the bucket's, 1 one, 2 quorum, 3 all
}

struct Count {
  entries @0 :UInt64;
  values @1 :UInt64;
  next :union {
    none @2 :Void;
    after @3 :Common.EntryId;
  }
}

struct KeysQuery {
  partitions @0 :List(UInt32);  # ascending
  bucket @1 :Text;
  prefix @2 :Data;
  after :union {
    none @3 :Void;
    key @4 :Data;
  }
  skipRemoved @5 :Bool;
  maxKeys @6 :UInt32;
  maxBytes @7 :UInt32;
  level @8 :UInt8;  # 0 the bucket's, 1 one, 2 quorum, 3 all
  withNewest @9 :Bool;
}

struct NewestEntry {
  id @0 :Common.EntryId;
  removes @1 :Bool;
}

struct KeysPage {
  keys @0 :List(Data);
  next :union {
    none @1 :Void;
    after @2 :Data;
  }
  newest @3 :List(NewestEntry);  # of each key, or empty
}

struct ScanPosition {
  key @0 :Data;
  id @1 :Common.EntryId;
}

struct ScanQuery {
  partition @0 :UInt32;
  bucket @1 :Text;
  prefix @2 :Data;
  after :union {
    none @3 :Void;
    position @4 :ScanPosition;
  }
  maxEntries @5 :UInt32;
  maxBytes @6 :UInt32;
  level @7 :UInt8;  # 0 the bucket's, 1 one, 2 quorum, 3 all
}

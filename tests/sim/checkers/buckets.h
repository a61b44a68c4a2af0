// What must be true of buckets and maps, from the outside.
//
//  I1  A bucket that was created, or seen in a map, is in every map asked for afterwards.
//  I2  A bucket in a map was created, with these properties.
//      As long as nothing moves, the placement never changes: a partition placed anew would hide
//      what its former worker holds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bucket.h"
#include "schema/messages.h"
#include "tests/sim/checkers/verdict.h"

namespace kipu::sim {

class BucketModel {
 public:
  using Moment = std::uint64_t;

  explicit BucketModel(Verdict& verdict) : verdict_(verdict) {}

  void begin_create(const Bucket& bucket);
  void on_created(const Bucket& bucket);
  Moment begin_read() const { return now_; }
  void on_map(Moment begun, const schema::ClusterMap& map);

  // Whether a call that begins now must find it.
  bool is_certain(const std::string& name) const;
  // Whether it may exist with other properties than these.
  bool may_differ(const Bucket& bucket) const;

 private:
  struct Known {
    std::vector<Bucket> attempts;
    std::optional<Bucket> created;
    Moment certain_since = 0;
  };
  void settle(const Bucket& bucket);

  Verdict& verdict_;
  std::map<std::string, Known> buckets_;
  std::vector<schema::Replicas> placement_;
  Moment now_ = 1;
};

}  // namespace kipu::sim

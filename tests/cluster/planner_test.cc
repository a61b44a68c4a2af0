#include "cluster/planner.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/random.h"
#include "cluster/ring.h"
#include "cluster/shares.h"

namespace kipu::cluster {
namespace {

using Workers = std::vector<schema::Worker>;
using Placement = std::vector<schema::Replicas>;

struct Cluster {
  Workers workers;
  std::uint32_t n = 1;
  std::uint32_t partitions = 1;

  std::size_t replicas() const { return std::min<std::size_t>(n, workers.size()); }
  Placement plan() const { return cluster::plan(workers, n, partitions); }
};

schema::Worker worker(std::uint32_t number, std::uint32_t weight, std::string zone) {
  Rng rng(number);
  schema::Worker made;
  made.id = WorkerId{number};
  made.store = StoreId{Uuid::random(rng)};
  made.weight = weight;
  made.zone = std::move(zone);
  return made;
}

Workers equal_workers(std::uint32_t count) {
  Workers workers;
  for (std::uint32_t number = 1; number <= count; ++number) {
    workers.push_back(worker(number, 1, ""));
  }
  return workers;
}

// Clusters of 1 to `most_workers` workers: some of one weight, some of few, some of wild ones.
Cluster any_cluster(std::uint32_t most_workers, std::uint32_t most_zones) {
  Cluster cluster;
  const auto count = *rc::gen::inRange<std::uint32_t>(1, most_workers + 1);
  const auto zones = *rc::gen::inRange<std::uint32_t>(1, most_zones + 1);
  const auto most_weight = *rc::gen::element<std::uint32_t>(1, 4, 1000);
  for (std::uint32_t number = 1; number <= count; ++number) {
    const auto weight = *rc::gen::inRange<std::uint32_t>(1, most_weight + 1);
    const auto zone = *rc::gen::inRange<std::uint32_t>(0, zones);
    cluster.workers.push_back(worker(number + 100 * *rc::gen::inRange<std::uint32_t>(0, 50), weight,
                                     "z" + std::to_string(zone)));
  }
  Workers& workers = cluster.workers;
  std::sort(workers.begin(), workers.end(), [](auto& a, auto& b) { return a.id < b.id; });
  workers.erase(
      std::unique(workers.begin(), workers.end(), [](auto& a, auto& b) { return a.id == b.id; }),
      workers.end());
  cluster.n = *rc::gen::inRange<std::uint32_t>(1, 6);
  cluster.partitions = 1U << *rc::gen::inRange<unsigned>(0, 9);
  return cluster;
}

std::map<WorkerId, double> replicas_held(const Placement& placement) {
  std::map<WorkerId, double> held;
  for (const auto& replicas : placement) {
    for (const WorkerId id : replicas) ++held[id];
  }
  return held;
}

std::map<WorkerId, double> first_places(const Placement& placement) {
  std::map<WorkerId, double> held;
  for (const auto& replicas : placement) ++held[replicas.front()];
  return held;
}

// The model of a weight's share: raise one level for all in small steps until all is handed out;
// a worker takes at most one replica of every partition, a zone what distinct zones leave it.
class NaiveShares {
 public:
  explicit NaiveShares(const Cluster& cluster) : cluster_(cluster) {
    for (const auto& member : cluster.workers) zones_[member.zone].push_back(&member);
    const double total = static_cast<double>(cluster.replicas()) * cluster.partitions;
    const double level = level_where([&](double at) { return sum(at) >= total; });
    for (const auto& [zone, members] : zones_) {
      const double zone_total = bounded(members, level);
      const double own = level_where([&](double at) { return raw(members, at) >= zone_total; });
      for (const auto* member : members) shares_[member->id] = share(*member, own);
    }
  }
  double of(WorkerId id) const { return shares_.at(id); }

 private:
  using Members = std::vector<const schema::Worker*>;

  double share(const schema::Worker& member, double level) const {
    return std::min<double>(cluster_.partitions, level * member.weight);
  }
  double raw(const Members& members, double level) const {
    double total = 0;
    for (const auto* member : members) total += share(*member, level);
    return total;
  }
  double bounded(const Members& members, double level) const {
    const double partitions = cluster_.partitions;
    const auto replicas = cluster_.replicas();
    if (zones_.size() >= replicas) return std::min(raw(members, level), partitions);
    const auto most = std::min(members.size(), replicas - zones_.size() + 1);
    return std::clamp(raw(members, level), partitions, partitions * static_cast<double>(most));
  }
  double sum(double level) const {
    double total = 0;
    for (const auto& [zone, members] : zones_) total += bounded(members, level);
    return total;
  }
  template <class Reached>
  double level_where(Reached reached) const {
    double low = 0;
    double high = cluster_.partitions;
    for (int step = 0; step < 100; ++step) {
      const double middle = (low + high) / 2;
      (reached(middle) ? high : low) = middle;
    }
    return high;
  }

  const Cluster& cluster_;
  std::map<std::string, Members> zones_;
  std::map<WorkerId, double> shares_;
};

std::size_t zones_of(const Cluster& cluster, const schema::Replicas& replicas) {
  std::set<std::string> zones;
  for (const auto& member : cluster.workers) {
    if (std::count(replicas.begin(), replicas.end(), member.id) > 0) zones.insert(member.zone);
  }
  return zones.size();
}

std::size_t zones_of(const Cluster& cluster) {
  std::set<std::string> zones;
  for (const auto& member : cluster.workers) zones.insert(member.zone);
  return zones.size();
}

double first_share(const Cluster& cluster, const schema::Worker& member) {
  double weights = 0;
  for (const auto& other : cluster.workers) weights += other.weight;
  return static_cast<double>(cluster.partitions) * member.weight / weights;
}

RC_GTEST_PROP(PlannerProperty1, EveryPartitionHasDistinctWorkersInAsManyZonesAsCanBe, ()) {
  const Cluster cluster = any_cluster(12, 6);
  const Placement placement = cluster.plan();
  RC_ASSERT(placement.size() == cluster.partitions);
  const std::size_t most_zones = std::min(cluster.replicas(), zones_of(cluster));
  for (const auto& replicas : placement) {
    RC_ASSERT(replicas.size() == cluster.replicas());
    RC_ASSERT(std::set<WorkerId>(replicas.begin(), replicas.end()).size() == replicas.size());
    RC_ASSERT(zones_of(cluster, replicas) == most_zones);
  }
}

RC_GTEST_PROP(PlannerProperty2, ReplicasAreWithinOneOfTheWeightsShare, ()) {
  const Cluster cluster = any_cluster(12, 6);
  const NaiveShares shares(cluster);
  auto held = replicas_held(cluster.plan());
  for (const auto& member : cluster.workers) {
    RC_LOG() << member.id.to_string() << " holds " << held[member.id] << " of "
             << shares.of(member.id) << "\n";
    RC_ASSERT(std::abs(held[member.id] - shares.of(member.id)) < 1.001);
    RC_ASSERT(held[member.id] <= cluster.partitions);
  }
}

RC_GTEST_PROP(PlannerProperty2, FirstPlacesAreWithinOneOfTheWeightsShareInOneZone, ()) {
  const Cluster cluster = any_cluster(12, 1);
  auto held = first_places(cluster.plan());
  for (const auto& member : cluster.workers) {
    RC_LOG() << member.id.to_string() << " is first in " << held[member.id] << " of "
             << first_share(cluster, member) << "\n";
    RC_ASSERT(std::abs(held[member.id] - first_share(cluster, member)) <= 1.001);
  }
}

// The least total distance of first places from within one of their shares that any choice among
// the replicas of `placement` has: all choices are tried.
double least_excess(const Cluster& cluster, const Placement& placement, std::size_t partition,
                    std::map<WorkerId, double>& held);

double excess(const Cluster& cluster, std::map<WorkerId, double>& held) {
  double total = 0;
  for (const auto& member : cluster.workers) {
    const double away = std::abs(held[member.id] - first_share(cluster, member));
    total += away > 1.001 ? away - 1 : 0;
  }
  return total;
}

double least_excess(const Cluster& cluster, const Placement& placement, std::size_t partition,
                    std::map<WorkerId, double>& held) {
  if (partition == placement.size()) return excess(cluster, held);
  double least = 1e9;
  for (const WorkerId id : placement[partition]) {
    ++held[id];
    least = std::min(least, least_excess(cluster, placement, partition + 1, held));
    --held[id];
  }
  return least;
}

RC_GTEST_PROP(PlannerProperty2, WithZonesFirstPlacesAreAsGoodAsTheReplicasAllow, ()) {
  Cluster cluster = any_cluster(5, 4);
  cluster.n = std::min<std::uint32_t>(cluster.n, 3);
  cluster.partitions = std::min<std::uint32_t>(cluster.partitions, 8);
  const Placement placement = cluster.plan();
  auto held = first_places(placement);
  std::map<WorkerId, double> none;
  if (least_excess(cluster, placement, 0, none) == 0) RC_ASSERT(excess(cluster, held) == 0);
}

RC_GTEST_PROP(PlannerProperty2, AHeavyWorkerHoldsOneReplicaOfEveryPartitionAndNoMore, ()) {
  Cluster cluster = any_cluster(1, 1);
  cluster.workers = equal_workers(*rc::gen::inRange<std::uint32_t>(3, 8));
  cluster.n = 2;
  cluster.workers.front().weight = 100;
  auto held = replicas_held(cluster.plan());
  RC_ASSERT(held[cluster.workers.front().id] == cluster.partitions);
}

RC_GTEST_PROP(PlannerTest, TheOrderOfWorkersDoesNotMatter, ()) {
  Cluster cluster = any_cluster(8, 4);
  const Placement placement = cluster.plan();
  RC_ASSERT(cluster.plan() == placement);
  std::reverse(cluster.workers.begin(), cluster.workers.end());
  RC_ASSERT(cluster.plan() == placement);
  const auto middle = static_cast<std::ptrdiff_t>(cluster.workers.size() / 2);
  std::rotate(cluster.workers.begin(), cluster.workers.begin() + middle, cluster.workers.end());
  RC_ASSERT(cluster.plan() == placement);
}

// Where workers stand on the ring as it is taught: walk clockwise, skip whom you have met.
schema::Replicas classic_walk(const Workers& workers, std::uint32_t partition) {
  Workers sorted = workers;
  std::sort(sorted.begin(), sorted.end(), [](auto& a, auto& b) { return a.store < b.store; });
  schema::Replicas met;
  Ring(sorted).walk(partition, [&](std::size_t index) {
    const WorkerId id = sorted[index].id;
    if (std::count(met.begin(), met.end(), id) == 0) met.push_back(id);
    return true;
  });
  return met;
}

RC_GTEST_PROP(PlannerProperty4, AWorkerIsPassedOverOnlyOnceItHasItsShare, ()) {
  Cluster cluster = any_cluster(8, 1);
  cluster.n = 1;
  for (auto& member : cluster.workers) member.weight = 1;
  const Placement placement = cluster.plan();
  auto left = replicas_held(placement);
  for (std::uint32_t partition = 0; partition < cluster.partitions; ++partition) {
    const schema::Replicas clockwise = classic_walk(cluster.workers, partition);
    const auto expected =
        std::find_if(clockwise.begin(), clockwise.end(), [&](WorkerId id) { return left[id] > 0; });
    RC_ASSERT(placement[partition].front() == *expected);
    --left[*expected];
  }
}

RC_GTEST_PROP(PlannerProperty4, ReplicasAfterTheFirstStandInRingOrder, ()) {
  Cluster cluster = any_cluster(8, 3);
  cluster.partitions = std::min<std::uint32_t>(cluster.partitions, 16);
  const Placement placement = cluster.plan();
  for (std::uint32_t partition = 0; partition < cluster.partitions; ++partition) {
    const schema::Replicas clockwise = classic_walk(cluster.workers, partition);
    const auto rank = [&](WorkerId id) {
      return std::find(clockwise.begin(), clockwise.end(), id) - clockwise.begin();
    };
    RC_ASSERT(std::is_sorted(placement[partition].begin() + 1, placement[partition].end(),
                             [&](WorkerId a, WorkerId b) { return rank(a) < rank(b); }));
  }
}

// A placement of small clusters that meets properties 1 and 2 exists whenever the quotas say so:
// try every one.
bool can_be_placed(const std::vector<std::uint32_t>& zones, std::vector<std::uint32_t>& left,
                   std::size_t replicas, std::size_t zone_goal, std::uint32_t partitions) {
  if (partitions == 0) return true;
  for (std::uint32_t set = 0; set < (1U << left.size()); ++set) {
    if (static_cast<std::size_t>(__builtin_popcount(set)) != replicas) continue;
    std::set<std::uint32_t> met;
    bool possible = true;
    for (std::size_t index = 0; index < left.size(); ++index) {
      if ((set >> index & 1U) == 0) continue;
      met.insert(zones[index]);
      possible = possible && left[index] > 0;
    }
    if (!possible || met.size() != zone_goal) continue;
    for (std::size_t index = 0; index < left.size(); ++index) left[index] -= set >> index & 1U;
    const bool placed = can_be_placed(zones, left, replicas, zone_goal, partitions - 1);
    for (std::size_t index = 0; index < left.size(); ++index) left[index] += set >> index & 1U;
    if (placed) return true;
  }
  return false;
}

// Quotas come before the walk; so no cluster may exist where a worker could be nearer to its share
// than its quota is, or where quotas cannot be met.
RC_GTEST_PROP(SharesTest, QuotasCanBeMetAndAddUp, ()) {
  const Cluster cluster = any_cluster(5, 4);
  std::map<std::string, std::uint32_t> numbers;
  std::vector<std::uint32_t> zones;
  Shareholders holders;
  for (const auto& member : cluster.workers) {
    const auto zone =
        numbers.try_emplace(member.zone, static_cast<std::uint32_t>(numbers.size())).first->second;
    zones.push_back(zone);
    holders.zones.push_back(zone);
    holders.weights.push_back(member.weight);
  }
  holders.zone_count = numbers.size();
  const std::uint32_t partitions = std::min<std::uint32_t>(cluster.partitions, 4);
  const auto replicas = static_cast<std::uint32_t>(cluster.replicas());
  auto quotas = replica_quotas(holders, replicas, partitions);
  RC_ASSERT(std::accumulate(quotas.begin(), quotas.end(), 0U) == replicas * partitions);
  RC_ASSERT(can_be_placed(zones, quotas, replicas, std::min<std::size_t>(replicas, numbers.size()),
                          partitions));
}

TEST(PlannerTest, ThreeEqualWorkersShareAThousandPartitionsEvenly) {
  const Placement placement = plan(equal_workers(3), 1, 1024);
  for (const auto& [id, count] : replicas_held(placement)) {
    EXPECT_NEAR(count, 1024.0 / 3, 1) << id.to_string();
  }
}

TEST(PlannerTest, TheLargestClusterIsPlannedToo) {
  Workers workers;
  for (std::uint32_t number = 1; number <= limits::kMaxWorkers; ++number) {
    workers.push_back(worker(number, 1 + number % 7, "z" + std::to_string(number % 5)));
  }
  const Placement placement = plan(workers, 3, limits::kMaxPartitions);
  EXPECT_EQ(placement.size(), limits::kMaxPartitions);
  EXPECT_EQ(replicas_held(placement).size(), workers.size());
}

TEST(PlannerTest, APlanOfAGivenClusterNeverChanges) {
  // The broker of tomorrow must plan like the broker of today: a change here moves data.
  const Placement placement = plan(equal_workers(4), 2, 8);
  std::string shown;
  for (const auto& replicas : placement) {
    for (const WorkerId id : replicas) shown += id.to_string();
    shown += ' ';
  }
  EXPECT_EQ(shown, "w4w3 w3w1 w3w4 w2w3 w2w4 w4w1 w1w2 w1w2 ");
}

TEST(RingTest, AWalkMeetsEveryPointOnceAndSkipsTheRemoved) {
  Ring ring(equal_workers(3));
  std::vector<std::size_t> met(3);
  const auto count = [&](std::size_t index) {
    ++met[index];
    return true;
  };
  ring.walk(5, count);
  EXPECT_EQ(met, (std::vector<std::size_t>{64, 64, 64}));
  ring.remove(1);
  ring.remove(1);
  ring.walk(5, count);
  EXPECT_EQ(met, (std::vector<std::size_t>{128, 64, 128}));
}

}  // namespace
}  // namespace kipu::cluster

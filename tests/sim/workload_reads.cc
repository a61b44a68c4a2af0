// What programs read, and how they check it.
#include <algorithm>
#include <utility>

#include "cluster/map.h"
#include "tests/sim/workload.h"

namespace kipu::sim {

template <class T, class Done>
void Program::ask_for(client::Call asked, const Expected& expected, Done done) {
  const auto on_done = [this, expected, done](const client::Completion& completion) {
    if (!completion.reply) {
      check_error(completion.reply.error(), expected);
      return end_activity();
    }
    const T* reply = std::get_if<T>(&*completion.reply);
    if (reply == nullptr) {
      world_.verdict.fail("I6", "a call got a reply of another kind");
      return end_activity();
    }
    ++world_.totals.answered;
    if (!done(*reply)) end_activity();
  };
  call(std::move(asked), on_done, [this] {
    ++world_.totals.unknown;
    --shared_.busy;
  });
}

void Program::create_bucket() {
  const Bucket bucket = draw_new_bucket();
  shared_.buckets.begin_create(bucket);
  const auto begun = shared_.buckets.begin_read();
  const auto done = [this, begun, bucket](const client::Completion& completion) {
    on_created(begun, bucket, completion);
    end_activity();
  };
  call(client::BucketCreateCall{bucket}, done, [this] {
    ++world_.totals.unknown;
    --shared_.busy;
  });
}

void Program::on_created(BucketModel::Moment begun, const Bucket& bucket,
                         const client::Completion& completion) {
  if (!completion.reply) {
    // Others may have tried to create it with other properties, also since this call began.
    Expected expected;
    if (shared_.buckets.may_differ(bucket)) expected.also = ErrorCode::bucket_differs;
    return check_error(completion.reply.error(), expected);
  }
  const auto* map = std::get_if<client::MapReply>(&*completion.reply);
  if (map == nullptr) return world_.verdict.fail("I6", "a call got a reply of another kind");
  ++world_.totals.answered;
  if (cluster::find_bucket(**map, bucket.name) == nullptr) {
    world_.verdict.fail("I1", "created, and not in the map that says so: bucket " + bucket.name);
  }
  shared_.buckets.on_created(bucket);
  on_map(begun, *map);
}

void Program::on_map(BucketModel::Moment begun, const client::MapReply& map) {
  shared_.buckets.on_map(begun, *map);
  if (shared_.map == nullptr || shared_.map->version < map->version) shared_.map = map;
}

void Program::fetch_map() {
  ask_for<client::MapReply>(
      client::MapCall{}, {},
      [this, begun = shared_.buckets.begin_read()](const client::MapReply& map) {
        on_map(begun, map);
        return false;
      });
}

void Program::ping_or_status() {
  if (rng_.one_in(2)) {
    return ask_for<client::Pong>(client::PingCall{}, {}, [](const client::Pong&) { return false; });
  }
  ask_for<ClusterStatus>(client::StatusCall{}, {}, [this](const ClusterStatus& status) {
    if (status.workers.size() > world_.options.workers) {
      world_.verdict.fail("I2", "a status names more workers than there are");
    }
    return false;
  });
}

void Program::read_key() {
  PageQuery query;
  query.bucket = draw_bucket(rng_.one_in(4) ? BucketMode::wmrm : BucketMode::worm);
  query.level = draw_read_level();
  query.key = draw_key();
  query.reverse = rng_.one_in(3);
  query.max_entries = world_.options.page_entries;
  query.max_bytes = world_.options.page_bytes;
  if (rng_.one_in(4)) query.since = draw_time();
  if (rng_.one_in(4)) query.until = draw_time();
  read_pages(query, expected_of_read(query.level, query.bucket));
}

void Program::read_pages(PageQuery query, Expected expected) {
  const Moment begun = shared_.model.begin_read();
  ask_for<Page>(client::PageCall{query}, expected,
                [this, begun, query, expected](const Page& page) {
                  shared_.model.on_page(begun, query, page, readers(query.level, query.bucket));
                  if (page.complete || page.entries.empty()) return false;
                  PageQuery next = query;
                  next.after = page.entries.back().id();
                  read_pages(next, expected);
                  return true;
                });
}

void Program::count_key() {
  CountQuery query;
  query.bucket = draw_bucket(BucketMode::worm);
  query.level = draw_read_level();
  query.key = draw_key();
  query.max_entries = world_.options.page_entries;
  if (rng_.one_in(4)) query.since = draw_time();
  count_pages(query, expected_of_read(query.level, query.bucket));
}

void Program::count_pages(CountQuery query, Expected expected) {
  const Moment begun = shared_.model.begin_read();
  ask_for<Count>(client::CountCall{query}, expected,
                 [this, begun, query, expected](const Count& count) {
                   shared_.model.on_count(begun, query, count, readers(query.level, query.bucket));
                   if (!count.next_after) return false;
                   CountQuery next = query;
                   next.after = count.next_after;
                   count_pages(next, expected);
                   return true;
                 });
}

void Program::list_keys() {
  if (shared_.map == nullptr) return fetch_map();
  KeysQuery query;
  query.bucket = draw_bucket(rng_.one_in(2) ? BucketMode::wmrm : BucketMode::worm);
  query.level = draw_read_level();
  query.max_keys = world_.options.page_entries;
  query.max_bytes = world_.options.page_bytes;
  query.skip_removed = rng_.one_in(2);
  if (rng_.one_in(3)) query.prefix = "k";
  const auto& workers = shared_.map->workers;
  keys_pages(workers[rng_.below(workers.size())].id, query,
             expected_of_read(query.level, query.bucket));
}

void Program::keys_pages(WorkerId worker, KeysQuery query, Expected expected) {
  const Moment begun = shared_.model.begin_read();
  query.partitions = cluster::coordinated_by(*shared_.map, worker);
  // The client fills in the partitions itself, except where the caller must not choose them.
  KeysQuery asked = query;
  asked.partitions.clear();
  ask_for<KeysPage>(
      client::KeysCall{worker, asked}, expected,
      [this, begun, worker, query, expected](const KeysPage& page) {
        const auto partitions = static_cast<std::uint32_t>(shared_.map->placement.size());
        shared_.model.on_keys(begun, query, partitions, page, readers(query.level, query.bucket));
        if (!page.next_after) return false;
        KeysQuery next = query;
        next.after = page.next_after;
        keys_pages(worker, next, expected);
        return true;
      });
}

void Program::scan_partition() {
  if (shared_.map == nullptr) return fetch_map();
  ScanQuery query;
  query.partition.number = static_cast<std::uint32_t>(rng_.below(shared_.map->placement.size()));
  query.bucket = draw_bucket(BucketMode::worm);
  query.level = draw_read_level();
  query.max_entries = world_.options.page_entries;
  query.max_bytes = world_.options.page_bytes;
  if (rng_.one_in(3)) query.prefix = "k";
  scan_pages(query, expected_of_read(query.level, query.bucket));
}

void Program::scan_pages(ScanQuery query, Expected expected) {
  const Moment begun = shared_.model.begin_read();
  ask_for<Page>(
      client::ScanCall{query}, expected, [this, begun, query, expected](const Page& page) {
        const auto partitions = static_cast<std::uint32_t>(shared_.map->placement.size());
        shared_.model.on_scan(begun, query, partitions, page, readers(query.level, query.bucket));
        if (page.complete || page.entries.empty()) return false;
        ScanQuery next = query;
        next.after = ScanQuery::Position{page.entries.back().key, page.entries.back().id()};
        scan_pages(next, expected);
        return true;
      });
}

// ---- the end ----

void Program::verify() {
  ++shared_.busy;
  ask_for<client::MapReply>(
      client::MapCall{}, {},
      [this, begun = shared_.buckets.begin_read()](const client::MapReply& map) {
        on_map(begun, map);
        for (const Bucket& bucket : map->buckets) verify_bucket(bucket.name);
        return false;
      });
  ++shared_.busy;
  write("default", draw_key(), EntryKind::append, draw_values(2), std::nullopt, Level::quorum, {});
}

void Program::verify_bucket(const std::string& bucket) {
  for (const std::string& key : shared_.model.keys_of(bucket)) {
    PageQuery page;
    page.bucket = bucket;
    page.key = key;
    page.level = draw_read_level();
    page.max_entries = world_.options.page_entries;
    CountQuery count;
    count.level = draw_read_level();
    count.bucket = bucket;
    count.key = key;
    shared_.busy += 2;
    read_pages(page, {});
    count_pages(count, {});
  }
  for (const schema::Worker& worker : shared_.map->workers) {
    KeysQuery keys;
    keys.bucket = bucket;
    keys.level = draw_read_level();
    keys.skip_removed = rng_.one_in(2);
    ++shared_.busy;
    keys_pages(worker.id, keys, {});
  }
  const auto partitions = static_cast<std::uint32_t>(shared_.map->placement.size());
  for (std::uint32_t number = 0; number < partitions; ++number) {
    ScanQuery scan;
    scan.partition.number = number;
    scan.bucket = bucket;
    scan.level = draw_read_level();
    ++shared_.busy;
    scan_pages(scan, {});
  }
}

}  // namespace kipu::sim

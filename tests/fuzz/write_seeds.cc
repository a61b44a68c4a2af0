// fuzz_seeds DIRECTORY: writes the first inputs of every fuzz target to DIRECTORY/TARGET/, so that
// none has to find the shape of a message by itself.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "schema/codec.h"
#include "storage/database_files.h"
#include "storage/key_codec.h"
#include "storage/log_record.h"
#include "storage/record.h"
#include "storage/store_file.h"
#include "tests/schema/samples.h"

namespace {

namespace fs = std::filesystem;

bool write_seed(const fs::path& directory, std::string_view name, std::string_view bytes) {
  fs::create_directories(directory);
  std::ofstream file(directory / name, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return static_cast<bool>(file.flush());
}

template <class T>
bool write_message(const fs::path& root, std::string_view target) {
  const kipu::Buffer full = kipu::schema::encode(kipu::schema::samples::sample<T>());
  const kipu::Buffer empty = kipu::schema::encode(T{});
  return write_seed(root / target, "sample", full.view()) &&
         write_seed(root / target, "empty", empty.view());
}

bool write_messages(const fs::path& root) {
  using namespace kipu;
  using namespace kipu::schema;
  return write_message<Envelope>(root, "Envelope") &&
         write_message<ErrorReply>(root, "ErrorReply") &&
         write_message<ClusterMap>(root, "ClusterMap") &&
         write_message<ClientHello>(root, "ClientHello") &&
         write_message<BucketCreate>(root, "BucketCreate") &&
         write_message<ClusterStatus>(root, "ClusterStatus") &&
         write_message<AppendRequest>(root, "AppendRequest") &&
         write_message<AppendReply>(root, "AppendReply") &&
         write_message<PageQuery>(root, "PageQuery") && write_message<Page>(root, "Page") &&
         write_message<CountQuery>(root, "CountQuery") && write_message<Count>(root, "Count") &&
         write_message<KeysQuery>(root, "KeysQuery") && write_message<KeysPage>(root, "KeysPage") &&
         write_message<ScanQuery>(root, "ScanQuery") &&
         write_message<WorkerHello>(root, "WorkerHello") &&
         write_message<WorkerWelcome>(root, "WorkerWelcome") &&
         write_message<Heartbeat>(root, "Heartbeat") &&
         write_message<HeartbeatReply>(root, "HeartbeatReply") &&
         write_message<MapStored>(root, "MapStored") && write_message<Beacon>(root, "Beacon") &&
         write_message<Bundle>(root, "Bundle") && write_message<Standing>(root, "Standing") &&
         write_message<Fetch>(root, "Fetch") && write_message<Fetched>(root, "Fetched") &&
         write_message<PeerRead>(root, "PeerRead") &&
         write_message<PeerReadReply>(root, "PeerReadReply") &&
         write_message<PeerMerge>(root, "PeerMerge");
}

// The size of the key, key, value.
bool write_streams(const fs::path& root) {
  using namespace kipu;
  const Entry entry = schema::samples::append_entry();
  const auto as_input = [](const std::string& key, const std::string& value) {
    return std::string(1, static_cast<char>(key.size())) + key + value;
  };
  std::string value;
  storage::append_log_head(value, {{1, 2}, {3, 2}, {3, 1}, 4, 500, 0});
  for (const std::uint32_t partition : {0U, 7U}) {
    storage::append_log_name(value, {partition}, entry.bucket, entry.key, entry.id());
  }
  std::string position;
  storage::append_position(position, {3, 2});
  const auto cursor = storage::encode_cursor_key(storage::space::kCursor, schema::samples::kStore);
  return write_seed(root / "LogRecord", "commit",
                    as_input(storage::encode_log_key({1, 2}), value)) &&
         write_seed(root / "LogRecord", "cursor", as_input(cursor, position));
}

bool write_records(const fs::path& root) {
  using namespace kipu;
  const Entry entry = schema::samples::append_entry();
  std::string value;
  storage::append_record_value(value, entry);
  const auto key = storage::encode_record_key(
      {PartitionId{7}, entry.bucket, std::string("a\0b", 3), entry.id()});
  storage::StoreInfo info;
  info.store = schema::samples::kStore;
  info.cluster = schema::samples::kCluster;
  info.runs = {{1, 4}, {2, 0}, {3, 0}};
  info.map = "map";
  info.whole = {storage::Wholeness::Kind::all_but, {{1}, {9}}};
  // Without its checksum, which the target adds.
  std::string file = storage::encode_store_file(info);
  file.resize(file.size() - sizeof(std::uint64_t));
  std::string files = storage::encode_database_files({7, 350, {{5, 900}, {8, 40}}});
  files.resize(files.size() - sizeof(std::uint64_t));
  return write_seed(root / "Values", "three", entry.values.packed()) &&
         write_seed(root / "RecordKey", "with_nul", key) &&
         write_seed(root / "RecordValue", "three", value) &&
         write_seed(root / "StoreFile", "with_runs", file) &&
         write_seed(root / "DatabaseFiles", "two_logs", files);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: fuzz_seeds DIRECTORY\n", stderr);
    return 2;
  }
  const fs::path root = arguments[1];
  if (write_messages(root) && write_records(root) && write_streams(root)) return 0;
  std::fprintf(stderr, "fuzz_seeds: cannot write to %s\n", arguments[1]);
  return 1;
}

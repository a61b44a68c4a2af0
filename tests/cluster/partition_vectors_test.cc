// The partition function as docs/protocol.md gives it to other implementations.
#include <string>

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/little_endian.h"
#include "cluster/map.h"
#include "tests/schema/protocol_tables.h"

namespace kipu::cluster {
namespace {

TEST(ProtocolDocumentTest, HasTruePartitions) {
  const auto rows = tests::table(KIPU_PROTOCOL_DOCUMENT, "partition");
  ASSERT_FALSE(rows.empty());
  for (const auto& row : rows) {
    const std::string& bucket = row.at(0);
    const std::string key = tests::from_hex(row.at(1));
    EXPECT_EQ(hash_tag(key), tests::from_hex(row.at(2)));
    std::string hashed;
    append_le(hashed, static_cast<std::uint32_t>(bucket.size()));
    hashed.append(bucket).append(hash_tag(key));
    EXPECT_EQ(hash64(hashed), std::stoull(row.at(3), nullptr, 16)) << row.at(1);
    const auto partitions = static_cast<std::uint32_t>(std::stoul(row.at(4)));
    EXPECT_EQ(partition_of(bucket, key, partitions).number, std::stoul(row.at(5))) << row.at(1);
  }
}

}  // namespace
}  // namespace kipu::cluster

// A cluster of whole programs that tests mistreat. After each test it must stand as before: the
// same processes, the same entries, and serving.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bus/zmq_bus.h"
#include "kipu/client.h"
#include "tests/process/protocol/peer.h"
#include "tests/support/local_cluster.h"
#include "tests/support/raw_client.h"

namespace kipu::test {

class AbusedCluster : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;
  void TearDown() override;

  // All that is stored, in order. A failure of the test if that cannot be read.
  std::vector<Entry> stored();
  // A request of each kind that the frontend takes, well-formed: kind and body.
  static std::vector<std::pair<schema::MessageKind, std::string>> client_requests();

  static std::unique_ptr<LocalCluster> cluster;
  static std::unique_ptr<bus::Bus> bus;
  static std::unique_ptr<Client> client;
  schema::ClusterMap map;
  std::vector<Entry> before;  // a test that stores something on purpose adds it here
};

}  // namespace kipu::test

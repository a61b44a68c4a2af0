// A graph in a store of this process, and facts in few words.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "examples/callgraph/graph/snapshot.h"
#include "examples/callgraph/graph/writer.h"
#include "kipu/embedded.h"
#include "tests/support/process.h"

namespace callgraph {

// A file whose content is `md5`.
inline SourceFile source(std::string path, std::string md5) {
  return {std::move(path), 100, std::move(md5), 1, 1000, "C++", {}};
}

inline Symbol function(const std::string& name, std::uint32_t line = 1) {
  return {"c:@F@" + name, SymbolKind::function, name, "void " + name + "()", "C++", true, line, 6};
}

inline Edge call(const std::string& from, const std::string& to, std::uint32_t line = 2) {
  return {"c:@F@" + from, "c:@F@" + to, Relation::calls, Certainty::direct, line, 3};
}

// The functions of `links`, as they are named.
inline std::vector<std::string> others(const std::vector<Link>& links) {
  std::vector<std::string> names;
  names.reserve(links.size());
  for (const Link& link : links) names.push_back(name_from_usr(link.other));
  return names;
}

class GraphStoreTest : public testing::Test {
 protected:
  GraphStoreTest() : client_(open_store(directory_.path())) {}

  GraphWriter writer(const std::string& graph = "main") {
    auto opened = GraphWriter::open(client_, graph);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  Snapshot snapshot(std::optional<kipu::StampTime> until = {}) {
    auto opened = Snapshot::open(client_, "main", until);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  // Who calls (or is called by) a function now, or just before `until`.
  std::vector<std::string> neighbours(const std::string& name, Direction direction,
                                      std::optional<kipu::StampTime> until = {}) {
    Snapshot now = snapshot(until);
    const std::vector<std::string> usrs{"c:@F@" + name};
    auto links = now.links(usrs, direction);
    EXPECT_TRUE(links) << links.error().message;
    return links ? others(links->front()) : std::vector<std::string>{};
  }
  // How many entries the whole graph has.
  std::size_t stored() {
    kipu::KeysOptions options;
    options.bucket = "callgraph.main";
    std::size_t count = 0;
    for (const auto& entry : client_.entries(options)) count += entry ? 1U : 0U;
    return count;
  }

  static kipu::Client open_store(const std::filesystem::path& directory) {
    kipu::EmbeddedOptions options;
    options.partitions = 8;
    auto client = kipu::open_embedded(directory / "store", options);
    if (!client) throw std::runtime_error(client.error().message);
    return std::move(*client);
  }

  kipu::test::TempDirectory directory_;
  kipu::Client client_;
};

}  // namespace callgraph

#include "examples/callgraph/indexer/commands.h"

#include <iostream>

#include "examples/callgraph/indexer/driver.h"

namespace callgraph {

namespace {

class WriterPort final : public GraphPort {
 public:
  explicit WriterPort(GraphWriter& writer) : writer_(writer) {}

  kipu::Result<std::map<std::string, FileRecord>> current_files() override {
    return writer_.current_files();
  }

  kipu::Status apply(std::span<const Change> changes) override {
    const auto applied = writer_.apply(changes);
    if (!applied) return kipu::fail(applied.error());
    return {};
  }

 private:
  GraphWriter& writer_;
};

}  // namespace

int run_index(const IndexOptions& options, GraphWriter& writer) {
  WriterPort port(writer);
  return index_once(options, port, std::cout);
}

int run_watch(const IndexOptions& options, GraphWriter& writer) {
  WriterPort port(writer);
  return index_and_watch(options, port, std::cout);
}

}  // namespace callgraph

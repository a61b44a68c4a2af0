#include "examples/callgraph/ask/complete.h"

#include <gmock/gmock.h>

#include "tests/examples/callgraph/ask/sample.h"

namespace callgraph {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CompleteTest : public GraphStoreTest {
 protected:
  CompleteTest() {
    const Symbol store = class_named("kipu::Store", 1);
    const Symbol put = method("kipu::Store", "put", 2);
    const Symbol putback = method("kipu::Store", "putback", 3);
    const Symbol other = method("kipu::Other", "put", 9);
    const Symbol strange = method("kipu::(anonymous namespace)::Queue", "put", 12);
    FileFacts facts{
        {store, put, putback, other, strange},
        {edge(store, put, Relation::declares), edge(store, putback, Relation::declares)}};
    GraphWriter graph = writer();
    EXPECT_TRUE(graph.commit(source("base/store.h", "m1"), facts));
    EXPECT_TRUE(graph.commit(source("base/strings.h", "m1"), {}));
    EXPECT_TRUE(graph.commit(source("main.cc", "m1"), {}));
  }

  std::vector<std::string> symbols(std::string_view typed, std::size_t limit = 100) {
    Snapshot now = snapshot();
    const auto found = complete_symbol(now, typed, limit);
    EXPECT_TRUE(found) << found.error().message;
    return *found;
  }
  std::vector<std::string> files(std::string_view typed) {
    Snapshot now = snapshot();
    return *complete_file(now, typed, 100);
  }
};

TEST_F(CompleteTest, HasAsManyPartsAsWereTyped) {
  EXPECT_THAT(symbols("pu"), ElementsAre("put", "putback"));
  EXPECT_THAT(symbols("Store::pu"), ElementsAre("Store::put", "Store::putback"));
  EXPECT_THAT(symbols("kipu::Other::p"), IsEmpty()) << "names are kept by their first two letters";
  EXPECT_THAT(symbols("kipu::Other::pu"), ElementsAre("kipu::Other::put"));
  EXPECT_THAT(symbols("put", 1), ElementsAre("put"));
}

TEST_F(CompleteTest, ListsTheMembersOfAClass) {
  EXPECT_THAT(symbols("Store::"), ElementsAre("Store::put", "Store::putback"));
  EXPECT_THAT(symbols("Nobody::"), IsEmpty());
}

TEST_F(CompleteTest, LeavesOutWhatAShellWouldHaveToQuote) {
  EXPECT_THAT(symbols("Queue::pu"), ElementsAre("Queue::put"));
  EXPECT_THAT(symbols("kipu::(anonymous namespace)::Queue::pu"), IsEmpty());
}

TEST_F(CompleteTest, FilesComeFolderByFolder) {
  EXPECT_THAT(files(""), ElementsAre("base/", "main.cc"));
  EXPECT_THAT(files("base/st"), ElementsAre("base/store.h", "base/strings.h"));
  EXPECT_THAT(files("b"), ElementsAre("base/"));
}

}  // namespace
}  // namespace callgraph

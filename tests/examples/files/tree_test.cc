#include "examples/files/tree.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

namespace files {
namespace {

class TreeTest : public testing::Test {
 protected:
  std::vector<Ref> build(const std::vector<Ref>& refs) {
    TreeBuilder builder([this](const Sum& id, std::string bytes) {
      longest_ = std::max(longest_, bytes.size());
      stored_[id] = std::move(bytes);
      return kipu::Status{};
    });
    for (const Ref& ref : refs) EXPECT_TRUE(builder.add(ref));
    auto roots = builder.finish();
    EXPECT_TRUE(roots);
    return roots ? *roots : std::vector<Ref>{};
  }

  std::vector<Ref> walk(std::vector<Ref> roots) {
    TreeWalker walker(std::move(roots), [this](const Ref& ref) -> kipu::Result<std::string> {
      const auto at = stored_.find(ref.id);
      if (at == stored_.end()) return kipu::fail(kipu::ErrorCode::corrupt, "lost");
      return at->second;
    });
    std::vector<Ref> refs;
    while (true) {
      const auto ref = walker.next();
      if (!ref) error_ = ref.error().code;
      if (!ref || !*ref) return refs;
      refs.push_back(**ref);
    }
  }

  std::map<Sum, std::string> stored_;
  std::size_t longest_ = 0;
  std::optional<kipu::ErrorCode> error_;
};

std::vector<Ref> many(std::size_t count) {
  std::vector<Ref> refs;
  for (std::size_t i = 0; i < count; ++i) {
    refs.push_back({RefKind::data, 1 + i % 1000, sha256(std::to_string(i))});
  }
  return refs;
}

TEST_F(TreeTest, KeepsFewRefsInTheVersion) {
  EXPECT_EQ(build(many(kMaxOwnRefs)), many(kMaxOwnRefs));
  EXPECT_TRUE(stored_.empty());
  EXPECT_TRUE(build({}).empty());
}

TEST_F(TreeTest, ReturnsAnyNumberOfRefsInTheirOrder) {
  for (const std::size_t count : {kMaxOwnRefs + 1, std::size_t{10'000}, std::size_t{700'000}}) {
    const auto roots = build(many(count));
    EXPECT_LE(roots.size(), kMaxOwnRefs);
    EXPECT_EQ(walk(roots), many(count));
  }
  EXPECT_LE(longest_, kMaxListBytes);
}

TEST_F(TreeTest, MakesOneHoleOfHolesSideBySide) {
  const std::vector<Ref> refs{{RefKind::hole, 5, {}}, {RefKind::hole, 6, {}}};
  EXPECT_EQ(build(refs), (std::vector<Ref>{{RefKind::hole, 11, {}}}));
}

TEST_F(TreeTest, SharesListsBetweenVersionsThatDifferInOneChunk) {
  auto refs = many(100'000);
  build(refs);
  const std::size_t before = stored_.size();
  refs.insert(refs.begin() + 40'000, {RefKind::data, 9, sha256("new")});
  build(refs);
  EXPECT_GT(before, 20U);
  EXPECT_LE(stored_.size() - before, 3U);
}

TEST_F(TreeTest, EndsWithTheErrorWhereAListIsLost) {
  const auto roots = build(many(5000));
  stored_.clear();
  EXPECT_TRUE(walk(roots).empty());
  EXPECT_EQ(error_, kipu::ErrorCode::corrupt);
}

}  // namespace
}  // namespace files

// The page in a real browser: typed and clicked as a person would.
#include "examples/callgraph/serve/page.h"

#include <gmock/gmock.h>

#include "examples/callgraph/serve/server.h"
#include "tests/examples/callgraph/ask/sample.h"
#include "tests/examples/callgraph/serve/browser.h"

namespace callgraph {
namespace {

using kipu::test::eventually;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kDown = "\xEE\x80\x95";   // WebDriver's arrow down, U+E015
constexpr const char* kEnter = "\xEE\x80\x87";  // and enter, U+E007

class PageTest : public SampleTest {
 protected:
  void SetUp() override {
    if (!Browser::is_installed()) {
      GTEST_SKIP() << "chromium and chromedriver are not installed (scripts/packages-optional.txt)";
    }
    auto server = Server::start(client_, {});
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    browser_.emplace();
    browser_->open("http://127.0.0.1:" + std::to_string(server_->port()) + "/");
  }
  bool shows(const std::string& selector, const std::string& text) {
    return eventually([&] { return browser_->text(selector).find(text) != std::string::npos; });
  }

  std::unique_ptr<Server> server_;
  std::optional<Browser> browser_;
};

TEST_F(PageTest, OneSearchesASymbolWhileTypingAndWalksByClicking) {
  ASSERT_TRUE(browser_->type("#query", "ste"));
  ASSERT_TRUE(shows("#matches", "void step()")) << browser_->text("#error");
  ASSERT_TRUE(browser_->type("#query", std::string(kDown) + kEnter));
  ASSERT_TRUE(shows("#name", "void step()"));
  ASSERT_TRUE(shows("[data-words='called by']", "void run()"));
  EXPECT_THAT(browser_->text("[data-words='called by']"), HasSubstr("main.cc:20"));

  ASSERT_TRUE(browser_->click("[data-words='called by'] a[href*='run']"));
  ASSERT_TRUE(shows("#name", "void run()"));
  EXPECT_TRUE(shows("[data-words='calls']", "virtual"));
  ASSERT_TRUE(browser_->click("#trail button"));  // back to where the walk began
  EXPECT_TRUE(shows("#name", "void step()"));
}

TEST_F(PageTest, RelationsAreFilteredOut) {
  ASSERT_TRUE(browser_->type("#query", std::string("step")));
  ASSERT_TRUE(shows("#matches", "void step()"));
  ASSERT_TRUE(browser_->click("#matches li"));
  ASSERT_TRUE(shows("#groups", "called by"));
  ASSERT_TRUE(browser_->click("#filters input[data-relation='calls']"));
  EXPECT_THAT(browser_->text("#groups"), Not(HasSubstr("called by")));
  EXPECT_THAT(browser_->text("#groups"), HasSubstr("writes"));
}

TEST_F(PageTest, NamesAreNeverMarkupAndNothingComesFromElsewhere) {
  Symbol evil = function("evil", 1);
  evil.signature = "evil<img src=x onerror='window.hacked=1'>()";
  ASSERT_TRUE(
      writer().commit(source("evil.cc", "m1"), {{evil}, {edge(evil, step_, Relation::calls)}}));
  ASSERT_TRUE(browser_->type("#query", "evil"));
  ASSERT_TRUE(shows("#matches", "onerror"));
  ASSERT_TRUE(browser_->type("#query", kEnter));
  ASSERT_TRUE(shows("#name", "onerror"));
  EXPECT_TRUE(browser_->run("return window.hacked === undefined && !document.images.length"));
  EXPECT_EQ(browser_->run("return performance.getEntriesByType('resource')"
                          ".filter(one => !one.name.startsWith(location.origin)).length"),
            0);
}

TEST_F(PageTest, AMistakeIsShown) {
  ASSERT_TRUE(browser_->type("#query", "step"));
  server_.reset();
  ASSERT_TRUE(browser_->type("#query", "x"));
  EXPECT_TRUE(eventually([&] { return !browser_->text("#error").empty(); }));
}

}  // namespace
}  // namespace callgraph

#include "examples/callgraph/serve/api.h"

#include <gmock/gmock.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "examples/callgraph/serve/server.h"
#include "tests/examples/callgraph/ask/sample.h"

namespace callgraph {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

class ApiTest : public SampleTest {
 protected:
  json ask(const std::string& path, const Parameters& parameters, int status = 200) {
    const Reply answer = reply(client_, "main", {}, path, parameters);
    EXPECT_EQ(answer.status, status) << answer.json;
    return json::parse(answer.json);
  }
};

TEST_F(ApiTest, FindsSymbolsWhileTheyAreTyped) {
  const json found = ask("/api/search", {{"q", "ste"}});
  ASSERT_EQ(found["matches"].size(), 1U);
  EXPECT_EQ(found["matches"][0]["name"], "step");
  EXPECT_EQ(ask("/api/search", {})["matches"].size(), 0U);
}

TEST_F(ApiTest, GivesASymbolsLinksBothWays) {
  const json answer = ask("/api/symbol", {{"usr", run_.usr}, {"relation", "calls"}});
  std::vector<std::string> words;
  for (const json& link : answer["links"]) {
    words.push_back(link["words"].get<std::string>() + " " + link["label"].get<std::string>());
  }
  EXPECT_THAT(words, Contains("called by void main()"));
  EXPECT_THAT(words, Contains("calls void step()"));
  EXPECT_EQ(answer["symbol"]["label"], "void run()");
}

TEST_F(ApiTest, SaysWhatItIsAskedWrongly) {
  EXPECT_THAT(ask("/api/symbol", {}, 400)["error"].get<std::string>(), HasSubstr("usr"));
  ask("/api/symbol", {{"usr", "u"}, {"relation", "loves"}}, 400);
  ask("/api/picture", {{"usr", "u"}, {"question", "why"}}, 400);
  ask("/api/nothing", {}, 404);
  EXPECT_EQ(ask("/api/info", {})["files"], 2);
}

TEST_F(ApiTest, TheServerAnswersOnLoopbackUnderItsOwnNameOnly) {
  auto server = Server::start(client_, {});
  ASSERT_TRUE(server) << server.error().message;
  httplib::Client http("127.0.0.1", (*server)->port());
  const auto page = http.Get("/");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  EXPECT_THAT(page->get_header_value("Content-Security-Policy"), HasSubstr("default-src 'none'"));
  const auto info = http.Get("/api/info");
  ASSERT_TRUE(info);
  EXPECT_EQ(json::parse(info->body)["graph"], "main");
  for (const char* path : {"/", "/api/info"}) {
    const auto rebound = http.Get(path, httplib::Headers{{"Host", "evil.example"}});
    ASSERT_TRUE(rebound);
    EXPECT_EQ(rebound->status, 403) << path;
  }
}

TEST_F(ApiTest, APortThatIsInUseIsSaid) {
  auto server = Server::start(client_, {});
  ASSERT_TRUE(server);
  ServerOptions same;
  same.port = (*server)->port();
  const auto second = Server::start(client_, same);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, kipu::ErrorCode::in_use);
}

}  // namespace
}  // namespace callgraph

#include "tests/examples/callgraph/serve/browser.h"

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include <httplib.h>
#include <unistd.h>

namespace callgraph {
namespace {

using nlohmann::json;

constexpr int kSeconds = 60;  // for one answer of a browser on a busy machine

json chromium_options(const std::string& profile) {
  json arguments{"--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                 "--user-data-dir=" + profile};
  // Chromium's sandbox refuses to run as root.
  if (geteuid() == 0) arguments.push_back("--no-sandbox");
  return {{"capabilities",
           {{"alwaysMatch",
             {{"browserName", "chrome"}, {"goog:chromeOptions", {{"args", arguments}}}}}}}};
}

}  // namespace

bool Browser::is_installed() {
  return std::system("command -v chromedriver >/dev/null && command -v chromium >/dev/null") == 0;
}

Browser::Browser() {
  kipu::test::Process::Options options;
  options.environment = {{"HOME", directory_.path()}, {"TMPDIR", directory_.path()}};
  driver_ = std::make_unique<kipu::test::Process>(
      std::vector<std::string>{"chromedriver", "--port=0"}, options);
  const auto line = driver_->wait_for_line("started successfully on port ");
  if (!line) throw std::runtime_error("chromedriver does not start: " + driver_->errors());
  port_ = std::atoi(line->substr(line->rfind(' ') + 1).c_str());
  const json made = ask("/session", chromium_options(directory_ / "profile"));
  if (!made.contains("sessionId")) throw std::runtime_error("no Chromium: " + made.dump());
  session_ = "/session/" + made["sessionId"].get<std::string>();
}

Browser::~Browser() {
  // Chromium is the driver's child: it ends with the session.
  httplib::Client http("127.0.0.1", port_);
  http.set_read_timeout(kSeconds);
  http.Delete(session_);
  driver_->kill(SIGTERM);
  driver_->wait();
}

json Browser::ask(const std::string& path, const json& body) {
  httplib::Client http("127.0.0.1", port_);
  http.set_read_timeout(kSeconds);
  const auto answer = http.Post(path, body.dump(), "application/json");
  if (!answer) throw std::runtime_error("chromedriver does not answer " + path);
  return json::parse(answer->body)["value"];
}

void Browser::open(const std::string& url) {
  ask(session_ + "/url", {{"url", url}});
}

std::optional<std::string> Browser::element(const std::string& selector) {
  const json found = ask(session_ + "/element", {{"using", "css selector"}, {"value", selector}});
  if (!found.is_object() || found.contains("error")) return std::nullopt;
  return found.begin().value().get<std::string>();
}

bool Browser::type(const std::string& selector, const std::string& keys) {
  const auto id = element(selector);
  return id && ask(session_ + "/element/" + *id + "/value", {{"text", keys}}).is_null();
}

bool Browser::click(const std::string& selector) {
  const auto id = element(selector);
  return id && ask(session_ + "/element/" + *id + "/click", json::object()).is_null();
}

json Browser::run(const std::string& script) {
  return ask(session_ + "/execute/sync", {{"script", script}, {"args", json::array()}});
}

std::string Browser::text(const std::string& selector) {
  const json text =
      run("return document.querySelector(" + json(selector).dump() + ")?.textContent ?? ''");
  return text.is_string() ? text.get<std::string>() : std::string();
}

}  // namespace callgraph

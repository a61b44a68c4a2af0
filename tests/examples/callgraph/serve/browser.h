// A headless Chromium, driven through its chromedriver (W3C WebDriver, over HTTP).
//
// Thread rule: the main thread (see tests/support/process.h).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "tests/support/process.h"

namespace callgraph {

class Browser {
 public:
  // Whether the optional packages (scripts/packages-optional.txt) are there.
  static bool is_installed();

  // Throws std::runtime_error if it does not start.
  Browser();
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  void open(const std::string& url);
  // Types into, or clicks, the first element that fits; false if there is none, or it went away.
  bool type(const std::string& selector, const std::string& keys);
  bool click(const std::string& selector);
  // What the script returns, within the page.
  nlohmann::json run(const std::string& script);
  // The text of the first element that fits, or nothing.
  std::string text(const std::string& selector);

 private:
  nlohmann::json ask(const std::string& path, const nlohmann::json& body);
  std::optional<std::string> element(const std::string& selector);

  kipu::test::TempDirectory directory_;
  std::unique_ptr<kipu::test::Process> driver_;
  int port_ = 0;
  std::string session_;
};

}  // namespace callgraph

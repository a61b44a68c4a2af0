// A journal kept in a directory: each note is one value under the key of its day, and none is ever
// changed. No server: the store is within this program.
//
//   journal DIR add TEXT…      notes something now
//   journal DIR show [DAY]     the notes of a day (2026-05-06, UTC), today's if none is given
//   journal DIR days           the days that have notes, and how many
#include <ctime>
#include <iostream>
#include <string>
#include <string_view>

#include <base/standard_streams.h>
#include <kipu/client.h>
#include <kipu/embedded.h>

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

int report(const kipu::Error& error) {
  std::cerr << "journal: " << error.message << '\n';
  return kFailed;
}

std::string formatted(kipu::WallTime at, const char* format) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, format, &utc)};
}

std::string today() {
  const auto now = std::chrono::system_clock::now();
  return formatted(std::chrono::floor<std::chrono::milliseconds>(now), "%F");
}

int add(kipu::Client& client, const std::string& text) {
  const auto stamp = client.append(today(), text);  // on the disk once this returns
  return stamp ? 0 : report(stamp.error());
}

int show(kipu::Client& client, const std::string& day) {
  for (const auto& note : client.values(day)) {
    if (!note) return report(note.error());
    std::cout << formatted(note->id.stamp.time.wall(), "%T") << "  " << note->value << '\n';
  }
  return 0;
}

int days(kipu::Client& client) {
  for (const auto& day : client.keys()) {
    if (!day) return report(day.error());
    const auto notes = client.count(*day);
    if (!notes) return report(notes.error());
    std::cout << *day << "  " << notes->values << '\n';
  }
  return 0;
}

int run(int argc, char** argv) {
  const std::string_view command = argc > 2 ? argv[2] : "";
  std::string rest;
  for (int i = 3; i < argc; ++i) rest += (i > 3 ? " " : "") + std::string(argv[i]);
  const bool known = (command == "add" && !rest.empty()) || command == "show" || command == "days";
  if (!known) {
    std::cerr << "usage: journal DIR add TEXT… | show [DAY] | days\n";
    return kWrongUsage;
  }
  auto client = kipu::open_embedded(argv[1]);
  if (!client) return report(client.error());
  if (command == "add") return add(*client, rest);
  if (command == "show") return show(*client, rest.empty() ? today() : rest);
  return days(*client);
}

}  // namespace

// A journal that is shown to a full disk is not shown, and the exit code says so.
int main(int argc, char** argv) {
  return kipu::run_main([&] { return run(argc, argv); }, report);
}

// A program with a race, on purpose: two threads count what they send, without a lock. It runs
// under the thread sanitizer only, which has to report it.
#include <cstdio>
#include <thread>

#include "bus/process_bus.h"

namespace {

void send_and_count(kipu::bus::Bus& bus, long& count) {
  auto dealer = bus.connect_dealer("race");
  if (!dealer) return;
  for (int at = 0; at < 1000; ++at) {
    if ((*dealer)->send({}, kipu::schema::Message{})) ++count;
  }
}

}  // namespace

int main() {
  const auto bus = kipu::bus::make_process_bus();
  long count = 0;
  std::thread other([&] { send_and_count(*bus, count); });
  send_and_count(*bus, count);
  other.join();
  std::printf("%ld\n", count);
}

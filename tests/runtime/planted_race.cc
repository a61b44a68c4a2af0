// A program with a race, on purpose: two threads count what they sent, without a lock. It runs
// under the thread sanitizer only, which has to report it.
#include <cstdio>
#include <thread>

#include "bus/process_bus.h"

namespace {

void send_and_count(kipu::bus::Bus& bus, long& count) {
  const bool sent = [&bus] {
    auto dealer = bus.connect_dealer("race");
    return dealer && (*dealer)->send({}, kipu::schema::Message{});
  }();
  // No lock of the bus is taken after this, which could order the two threads by chance.
  if (sent) ++count;
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

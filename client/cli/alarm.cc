#include "client/cli/alarm.h"

#include <array>
#include <cerrno>
#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace kipu::cli {

Alarm::Alarm() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Alarm::~Alarm() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Alarm::ring() {
  const int former = errno;  // whoever a signal interrupts has its own
  rung_ = true;
  const std::uint64_t one = 1;
  if (descriptor_ >= 0 && ::write(descriptor_, &one, sizeof one) < 0) {
    // It is full: it was rung before.
  }
  errno = former;
}

void wait_for_either(const Alarm& one, const Alarm& other, int milliseconds) {
  std::array<pollfd, 2> both{{{one.descriptor(), POLLIN, 0}, {other.descriptor(), POLLIN, 0}}};
  while (!one.rung() && !other.rung()) {
    const int ready = ::poll(both.data(), both.size(), milliseconds);
    if (ready == 0 || (ready < 0 && errno != EINTR)) return;
  }
}

}  // namespace kipu::cli

// Ends a wait for input from elsewhere: from another thread, or from a signal handler.
#pragma once

#include <atomic>

namespace kipu::cli {

// Rung once, and for good. Thread rule: any thread, and a signal handler, while it lives.
class Alarm {
 public:
  Alarm();
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  void ring();
  bool rung() const { return rung_; }
  // Readable once it was rung. -1, which poll() passes over, where no descriptor was to be had.
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  std::atomic<bool> rung_{false};
  static_assert(std::atomic<bool>::is_always_lock_free);
};

// Waits until one of them is rung, at most so many milliseconds (-1: for ever).
void wait_for_either(const Alarm& one, const Alarm& other, int milliseconds);

}  // namespace kipu::cli

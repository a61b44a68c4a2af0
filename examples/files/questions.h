// Which chunks to ask the store about before they are sent, and when to ask.
//
// A question costs the store more than it seems to: it looks for a key through all that it has. But
// a chunk that is sent without one is stored once all the same (store.h): only its bytes are spent.
// So what was answered decides: where nothing of a row of chunks was there, more and more of what
// follows go without a question; the first that is there ends that.
//
//  1. After the last answer at most kMostUnasked chunks go unasked, and none if that chunk was
//     there: so much is sent for nothing where a file goes on with what is stored.
//  2. At most kMostAsked questions are unanswered, so that there are answers to go by.
//
// Thread rule: one thread at a time.
#pragma once

#include <cstdint>

namespace files {

class Questions {
 public:
  // How many answers in a row say that a chunk is not there before one goes unasked.
  static constexpr std::uint32_t kProof = 8;
  static constexpr std::uint32_t kMostUnasked = 16;
  static constexpr std::uint32_t kMostAsked = 32;

  enum class Step : std::uint8_t { ask, send, wait };
  // What to do with a chunk. `ask` is followed by one of answered() and failed(); after these, ask
  // again for what was told to wait.
  [[nodiscard]] Step next();
  void answered(bool there);
  void failed() { --asked_; }

 private:
  std::uint32_t asked_ = 0;    // questions without an answer
  std::uint32_t absent_ = 0;   // answers in a row
  std::uint32_t unasked_ = 0;  // chunks that may go
};

}  // namespace files

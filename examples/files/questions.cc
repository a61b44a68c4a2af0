#include "examples/files/questions.h"

#include <algorithm>

namespace files {

Questions::Step Questions::next() {
  if (unasked_ > 0) {
    --unasked_;
    return Step::send;
  }
  if (asked_ == kMostAsked) return Step::wait;
  ++asked_;
  return Step::ask;
}

void Questions::answered(bool there) {
  --asked_;
  absent_ = there ? 0 : absent_ + 1;
  unasked_ = absent_ < kProof ? 0 : std::min(absent_ / 2, kMostUnasked);
}

}  // namespace files

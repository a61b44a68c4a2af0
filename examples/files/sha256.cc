#include "examples/files/sha256.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <openssl/evp.h>

namespace files {
namespace {

// libcrypto fails here only if it was built without SHA-256 or has no memory: nothing to go on
// with.
void must(int succeeded) {
  if (succeeded == 1) return;
  std::fputs("kipu-files: libcrypto cannot compute SHA-256\n", stderr);
  std::abort();
}

}  // namespace

struct Sha256::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  must(context_->evp != nullptr ? 1 : 0);
  must(EVP_DigestInit_ex(context_->evp, EVP_sha256(), nullptr));
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(context_->evp);
}

void Sha256::update(std::string_view bytes) {
  must(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()));
}

void Sha256::update_zeros(std::uint64_t count) {
  static const std::string zeros(std::size_t{256} * 1024, '\0');
  while (count > 0) {
    const std::uint64_t piece = std::min<std::uint64_t>(count, zeros.size());
    update(std::string_view(zeros).substr(0, piece));
    count -= piece;
  }
}

Sum Sha256::finish() {
  Sum sum{};
  must(EVP_DigestFinal_ex(context_->evp, sum.data(), nullptr));
  return sum;
}

Sum sha256(std::string_view bytes) {
  Sum sum{};
  must(EVP_Digest(bytes.data(), bytes.size(), sum.data(), nullptr, EVP_sha256(), nullptr));
  return sum;
}

std::string hex(const Sum& sum) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : sum) {
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

}  // namespace files

#include "examples/files/codec.h"

#include <memory>

#include <fmt/format.h>
#include <zstd.h>

namespace files {
namespace {

using kipu::ErrorCode;
using kipu::fail;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

ZSTD_CCtx* compression_context() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  return context.get();
}

ZSTD_DCtx* decompression_context() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  return context.get();
}

}  // namespace

kipu::Result<std::string> compress(std::string_view content) {
  std::string frame(ZSTD_compressBound(content.size()), '\0');
  const std::size_t length = ZSTD_compressCCtx(compression_context(), frame.data(), frame.size(),
                                               content.data(), content.size(), kCompressionLevel);
  if (ZSTD_isError(length) != 0) {
    return fail(ErrorCode::internal, fmt::format("zstd: {}", ZSTD_getErrorName(length)));
  }
  frame.resize(length);
  frame.shrink_to_fit();  // it may wait long to be sent
  return frame;
}

kipu::Result<std::string> decompress(std::string_view frame, std::size_t size) {
  const unsigned long long said = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (said != size) return fail(ErrorCode::corrupt, "it is no frame of that content");
  std::string content(size, '\0');
  const std::size_t length = ZSTD_decompressDCtx(decompression_context(), content.data(), size,
                                                 frame.data(), frame.size());
  if (ZSTD_isError(length) != 0 || length != size) {
    return fail(ErrorCode::corrupt, "its frame does not decompress");
  }
  return content;
}

kipu::Result<std::string> decompress_up_to(std::string_view frame, std::size_t most) {
  const unsigned long long said = ZSTD_getFrameContentSize(frame.data(), frame.size());
  // What is no frame says numbers above any size.
  if (said > most) return fail(ErrorCode::corrupt, "it is no frame of content that fits");
  return decompress(frame, said);
}

}  // namespace files

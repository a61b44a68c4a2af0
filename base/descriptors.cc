#include "base/descriptors.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

namespace kipu {

Error too_few_descriptors(std::string_view what) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t kPlenty = 65'536;
  const rlim_t more = std::min(limit.rlim_max, std::max(2 * limit.rlim_cur, kPlenty));
  const auto remedy = limit.rlim_cur < limit.rlim_max
                          ? fmt::format("`ulimit -n {}` allows more", more)
                          : std::string("whoever sets its hard limit (`ulimit -Hn`) must raise it");
  return {ErrorCode::io_error,
          fmt::format("no file descriptors are left for {}: this process may have {}, and {}", what,
                      limit.rlim_cur, remedy)};
}

Status check_descriptors(std::size_t count, std::string_view what) {
  std::vector<int> opened;
  opened.reserve(count);
  while (opened.size() < count) {
    const int descriptor = ::eventfd(0, EFD_CLOEXEC);
    if (descriptor < 0) break;
    opened.push_back(descriptor);
  }
  for (const int descriptor : opened) ::close(descriptor);
  if (opened.size() == count) return {};
  return fail(too_few_descriptors(what));
}

}  // namespace kipu

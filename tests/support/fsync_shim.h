// A library to preload (LD_PRELOAD) under which a disk misbehaves on command: it stands before
// fdatasync and fsync of files named *.log, which are LevelDB's logs, and leaves all others alone.
//
//   KIPU_SHIM_MODE     hang         does not return, until the mode changes
//                      slow         takes a second longer
//                      fail         syncs nothing, and fails with EIO
//                      kill_before  kills the process instead of syncing
//                      kill_after   syncs, then kills the process before the caller hears of it
//   KIPU_SHIM_AT       from which sync of this process on, counted from 1 (the default)
//   KIPU_SHIM_CONTROL  a file that holds "MODE" or "MODE AT", read at each sync, instead of the two
//                      above; absent or empty: syncs work. Replace it by a rename.
//   KIPU_SHIM_REPORT   a file to which "MODE COUNT" is appended, a line each, when a mode strikes
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/process.h"

namespace kipu::test {

// What a process needs in its environment to run under the shim. The target of a test that calls
// this depends on kipu_fsync_shim.
inline std::vector<std::pair<std::string, std::string>> fsync_shim_environment() {
  return {{"LD_PRELOAD", program("../lib/libkipu_fsync_shim.so")},
          // Where the process has the address sanitizer: it wants to be loaded first.
          {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
}

}  // namespace kipu::test

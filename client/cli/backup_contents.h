// What a backup holds, proved line by line before anything is done with it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/backup_file.h"
#include "client/cli/backup_folder.h"
#include "client/cli/backup_manifest.h"
#include "client/cli/program.h"
#include "client/cli/progress.h"
#include "kipu/client.h"

namespace kipu::cli {

// A part of the work that visits entries: it is shown, and ends when the user interrupts.
class Phase {
 public:
  Phase(const Context& context, std::string_view doing, std::optional<std::uint64_t> expected);
  // Another entry was visited. `cancelled` once the user has interrupted.
  [[nodiscard]] Status step();

 private:
  Progress progress_;
  std::optional<std::uint64_t> expected_;
  std::uint64_t done_ = 0;
};

struct BackupContents {
  std::map<std::string, std::vector<CheckedFile>, std::less<>> files;  // by bucket
  std::vector<CheckedFile> unlisted;  // of these, those of runs that have not ended
  Tally total;

  // The files of a bucket; none if it has none.
  const std::vector<CheckedFile>& of(std::string_view bucket) const;
  Tally tally_of(std::string_view bucket) const;
  std::size_t file_count() const;
};

// Reads every file of the backup; of the bucket `only`, if that is given. `corrupt`, naming file
// and line, if one is not what was written.
[[nodiscard]] Result<BackupContents> check_backup(const BackupFolder& folder,
                                                  const Manifest& manifest,
                                                  const std::optional<std::string>& only,
                                                  Phase& phase);

// As many replicas as are asked for in every bucket, whatever its own levels are: a quorum, or what
// --level says. Each request has a minute, unless --timeout says otherwise.
[[nodiscard]] Status check_level(const Context& context);
[[nodiscard]] KeysOptions options_for(const Context& context, std::string_view bucket);

// Adds that the same again goes on, where that is so.
[[nodiscard]] Error with_way_on(Error error);

}  // namespace kipu::cli

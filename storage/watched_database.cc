#include "storage/watched_database.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include <leveldb/env.h>
#include <sys/stat.h>

#include "base/check.h"
#include "storage/files.h"

namespace kipu::storage {
namespace {

// A log that grows is noted anew when it is twice as long, but not for less than this.
constexpr std::uint64_t kWorthNoting = std::uint64_t{256} * 1024;

leveldb::Status as_leveldb(const Status& status) {
  return status ? leveldb::Status::OK() : leveldb::Status::IOError(status.error().message);
}

}  // namespace

// What LevelDB does to its files goes through here. The list on disk is at no time false:
//
// 1. A file is in it only after what it says of the file is durable.
// 2. What is acknowledged is in a file of the list: a log is in it before the first write to it
//    that was synced is answered.
// 3. A file leaves it before it is removed. Replacing the list also makes durable that CURRENT was
//    renamed, since they lie in one directory.
//
// Thread rule: any thread, as LevelDB asks of an Env.
class WatchedEnv final : public leveldb::EnvWrapper {
 public:
  WatchedEnv(std::filesystem::path database, DatabaseFiles files)
      : EnvWrapper(leveldb::Env::Default()),
        database_(std::move(database)),
        files_(files),
        saved_(std::move(files)) {}

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** made) override;

  // Whatever LevelDB makes is made private.
  leveldb::Status CreateDir(const std::string& name) override {
    return then_restrict(target()->CreateDir(name), name, kPrivateDirectory);
  }
  leveldb::Status NewLogger(const std::string& name, leveldb::Logger** made) override {
    return then_restrict(target()->NewLogger(name, made), name, kPrivateFile);
  }
  leveldb::Status LockFile(const std::string& name, leveldb::FileLock** made) override {
    return then_restrict(target()->LockFile(name, made), name, kPrivateFile);
  }

  leveldb::Status RenameFile(const std::string& from, const std::string& to) override {
    leveldb::Status renamed = target()->RenameFile(from, to);
    const std::lock_guard lock(mutex_);
    if (renamed.ok() && std::filesystem::path(to).filename() == "CURRENT") {
      files_.manifest = newest_manifest_;
      files_.manifest_bytes = newest_manifest_bytes_;
    }
    return renamed;
  }

  leveldb::Status RemoveFile(const std::string& name) override {
    const auto log = log_number(name);
    if (log || manifest_number(name)) {
      const std::lock_guard lock(mutex_);
      if (log) files_.logs.erase(*log);
      if (Status saved = save(); !saved) return as_leveldb(saved);
    }
    return target()->RemoveFile(name);
  }

  // So much of a log is durable now.
  leveldb::Status note_log(std::uint64_t number, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    files_.logs[number] = bytes;
    const auto noted = saved_.logs.find(number);
    const bool is_due = noted == saved_.logs.end() ||
                        bytes - noted->second >= std::max(noted->second, kWorthNoting);
    return is_due ? as_leveldb(save()) : leveldb::Status::OK();
  }

  // So much of a MANIFEST is. It is noted with what comes next: what it says of a log that is no
  // longer needed, before that log is removed.
  void note_manifest(std::uint64_t number, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    newest_manifest_ = number;
    newest_manifest_bytes_ = bytes;
    if (number == files_.manifest) files_.manifest_bytes = bytes;
  }

  Status save_all() {
    const std::lock_guard lock(mutex_);
    return save();
  }

  static leveldb::Status then_restrict(leveldb::Status status, const std::string& name,
                                       mode_t mode) {
    // A file system that has no modes is none of our business.
    if (status.ok()) static_cast<void>(::chmod(name.c_str(), mode));
    return status;
  }

 private:
  // REQUIRES: mutex_ is held.
  Status save() {
    if (files_ == saved_) return {};
    if (Status saved = save_database_files(database_, files_); !saved) return saved;
    saved_ = files_;
    return {};
  }

  const std::filesystem::path database_;
  std::mutex mutex_;  // guards what follows
  DatabaseFiles files_;
  DatabaseFiles saved_;  // what the list on disk says
  std::uint64_t newest_manifest_ = 0;
  std::uint64_t newest_manifest_bytes_ = 0;
};

namespace {

// A log or a MANIFEST: tells the Env how much of it is durable.
class WatchedFile final : public leveldb::WritableFile {
 public:
  WatchedFile(std::unique_ptr<leveldb::WritableFile> file, WatchedEnv& env, bool is_log,
              std::uint64_t number)
      : file_(std::move(file)), env_(env), is_log_(is_log), number_(number) {}

  leveldb::Status Append(const leveldb::Slice& data) override {
    bytes_ += data.size();
    return file_->Append(data);
  }
  leveldb::Status Close() override { return file_->Close(); }
  leveldb::Status Flush() override { return file_->Flush(); }

  leveldb::Status Sync() override {
    leveldb::Status synced = file_->Sync();
    if (!synced.ok()) return synced;
    if (is_log_) return env_.note_log(number_, bytes_);
    env_.note_manifest(number_, bytes_);
    return synced;
  }

 private:
  const std::unique_ptr<leveldb::WritableFile> file_;
  WatchedEnv& env_;
  const bool is_log_;
  const std::uint64_t number_;
  std::uint64_t bytes_ = 0;  // appended so far
};

}  // namespace

leveldb::Status WatchedEnv::NewWritableFile(const std::string& name, leveldb::WritableFile** made) {
  leveldb::Status status =
      WatchedEnv::then_restrict(target()->NewWritableFile(name, made), name, kPrivateFile);
  const auto log = log_number(name);
  const auto number = log ? log : manifest_number(name);
  if (!status.ok() || !number) return status;
  *made = new WatchedFile(std::unique_ptr<leveldb::WritableFile>(*made), *this, log.has_value(),
                          *number);
  return status;
}

WatchedDatabase::WatchedDatabase() = default;
WatchedDatabase::WatchedDatabase(WatchedDatabase&&) noexcept = default;

WatchedDatabase::~WatchedDatabase() {
  static_cast<void>(close());
}

leveldb::Status WatchedDatabase::open(leveldb::Options options, const std::filesystem::path& path,
                                      DatabaseFiles files) {
  KIPU_CHECK(db_ == nullptr);
  env_ = std::make_unique<WatchedEnv>(path, std::move(files));
  options.env = env_.get();
  leveldb::DB* opened = nullptr;
  leveldb::Status status = leveldb::DB::Open(options, path.string(), &opened);
  db_.reset(opened);
  return status;
}

Status WatchedDatabase::close() {
  if (db_ == nullptr) return {};
  db_.reset();
  return env_->save_all();
}

}  // namespace kipu::storage

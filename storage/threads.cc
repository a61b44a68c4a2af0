#include "storage/threads.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "base/check.h"

namespace kipu::storage {
namespace {

// Jobs that threads take in the order in which they came. The destructor runs what is left, joins.
class JobQueue {
 public:
  explicit JobQueue(int threads) {
    KIPU_CHECK_OP(threads, >=, 1);
    threads_.reserve(static_cast<std::size_t>(threads));
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
  }

  ~JobQueue() {
    {
      const std::lock_guard lock(mutex_);
      is_closing_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  void push(std::function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    changed_.notify_one();
  }

 private:
  void run() {
    while (true) {
      const std::function<void()> job = take();
      if (!job) return;
      job();
    }
  }

  // The next job; an empty one once there will be none.
  std::function<void()> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_closing_ || !jobs_.empty(); });
    if (jobs_.empty()) return nullptr;
    std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }

  std::mutex mutex_;  // guards jobs_ and is_closing_
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool is_closing_ = false;

  std::vector<std::thread> threads_;
};

}  // namespace

struct StoreThreads::Impl {
  Impl(Store& opened, int readers) : store(opened), reads(readers), commits(1) {}

  Store& store;
  JobQueue reads;
  JobQueue commits;  // one thread, so that merges and maps run one at a time and in order
};

StoreThreads::StoreThreads(Store& store, int readers)
    : impl_(std::make_unique<Impl>(store, readers)) {}

StoreThreads::~StoreThreads() = default;

void StoreThreads::merge(Change change, std::function<void(Merged)> done) {
  impl_->commits.push([&store = impl_->store, change = std::move(change), done = std::move(done)] {
    done(merge_and_tell(store, change));
  });
}

void StoreThreads::save_map(ClusterId cluster, std::string map, std::function<void(Status)> done) {
  impl_->commits.push(
      [&store = impl_->store, cluster, map = std::move(map), done = std::move(done)]() mutable {
        done(store.save_map(cluster, std::move(map)));
      });
}

void StoreThreads::save_wholeness(Wholeness whole, std::function<void(Status)> done) {
  impl_->commits.push(
      [&store = impl_->store, whole = std::move(whole), done = std::move(done)]() mutable {
        done(store.save_wholeness(std::move(whole)));
      });
}

void StoreThreads::read(ReadQuery query, std::function<void(Result<ReadResult>)> done) {
  impl_->reads.push([&store = impl_->store, query = std::move(query), done = std::move(done)] {
    done(storage::read(store, query));
  });
}

}  // namespace kipu::storage

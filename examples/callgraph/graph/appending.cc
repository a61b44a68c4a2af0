#include "examples/callgraph/graph/appending.h"

#include <utility>

#include "examples/callgraph/graph/reading.h"

namespace callgraph {

struct Appending::State {
  std::mutex mutex;  // guards the rest
  std::condition_variable changed;
  std::size_t under_way = 0;
  std::optional<kipu::Error> failed;
};

Appending::Appending(kipu::Client& client, std::string bucket)
    : client_(&client), bucket_(std::move(bucket)), state_(std::make_shared<State>()) {}

Appending::~Appending() {
  // What is on its way is under a generation that gets no record: how it ends changes nothing.
  std::ignore = wait();
}

void Appending::send(const std::string& key, kipu::Values values,
                     std::optional<kipu::Stamp> stamp) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->failed) return;
    ++state_->under_way;
  }
  auto options = patient<kipu::AppendOptions>(bucket_);
  options.stamp = stamp;
  client_->append_async(
      key, std::move(values), options,
      [state = state_](const kipu::Result<kipu::Stamp>& done, std::optional<kipu::Stamp>) {
        const std::lock_guard lock(state->mutex);
        if (!done && !state->failed) state->failed = done.error();
        if (--state->under_way == 0) state->changed.notify_all();
      });
}

kipu::Status Appending::wait() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return state_->under_way == 0; });
  if (state_->failed) return kipu::fail(*state_->failed);
  return {};
}

void Gathering::add(const std::string& key, std::string_view head, std::string_view second,
                    std::string_view value) {
  kipu::Values& values = open_[key];
  const bool full =
      values.packed().size() + value.size() > kEntryBytes || values.size() >= kEntryValues;
  if (!values.empty() && full) appending_->send(key, std::exchange(values, {}), stamp_);
  if (values.empty()) {
    if (!head.empty()) values.push_back(head);
    if (!second.empty()) values.push_back(second);
  }
  values.push_back(value);
}

void Gathering::send_all() {
  for (auto& [key, values] : open_) appending_->send(key, std::move(values), stamp_);
  open_.clear();
}

}  // namespace callgraph

// A block of bytes with one owner, so that a body passes from socket to machine to socket, or to a
// decoder, without being copied.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace kipu {

// Immutable bytes; moving is cheap and keeps their address. A moved-from Buffer is empty.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::string bytes) {
    auto owner = std::make_unique<Holder<std::string>>(std::move(bytes));
    view_ = owner->value;
    owner_ = std::move(owner);
  }
  Buffer(Buffer&& other) noexcept
      : owner_(std::move(other.owner_)), view_(std::exchange(other.view_, {})) {}
  Buffer& operator=(Buffer&& other) noexcept {
    owner_ = std::move(other.owner_);
    view_ = std::exchange(other.view_, {});
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() = default;

  // Takes `value` (a transport's frame, say) and shows the bytes that `view_of(T&)` returns once
  // the value is in its final place.
  template <class T, class View>
  static Buffer adopt(T value, View view_of) {
    auto owner = std::make_unique<Holder<T>>(std::move(value));
    Buffer made;
    made.view_ = view_of(owner->value);
    made.owner_ = std::move(owner);
    return made;
  }

  std::string_view view() const { return view_; }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  Buffer copy() const { return Buffer(std::string(view_)); }

 private:
  struct Owner {
    Owner() = default;
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    virtual ~Owner() = default;
  };
  template <class T>
  struct Holder final : Owner {
    explicit Holder(T held) : value(std::move(held)) {}
    T value;
  };

  std::unique_ptr<Owner> owner_;
  std::string_view view_;
};

}  // namespace kipu

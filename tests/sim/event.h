// Something that happens later: a function that may own what it needs, such as a message.
#pragma once

#include <memory>
#include <utility>

namespace kipu::sim {

class Event {
 public:
  Event() = default;
  template <class Function>
  Event(Function function)  // implicit, so that lambdas are events
      : body_(std::make_unique<Body<Function>>(std::move(function))) {}

  void operator()() { body_->run(); }

 private:
  struct Base {
    Base() = default;
    Base(const Base&) = delete;
    Base& operator=(const Base&) = delete;
    virtual ~Base() = default;
    virtual void run() = 0;
  };
  template <class Function>
  struct Body final : Base {
    explicit Body(Function held) : function(std::move(held)) {}
    void run() override { function(); }
    Function function;
  };
  std::unique_ptr<Base> body_;
};

}  // namespace kipu::sim

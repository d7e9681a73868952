// The one file that talks to Boost.Fiber. `context::resume` is what Boost's own scheduler calls
// with the answer of pick_next; here the answer is known before, so it is called directly.
#include "thresher/runtime/carrier/carriers.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/carrier/sanitizer_switch.h"

#include <boost/context/stack_context.hpp>
#include <boost/fiber/algo/algorithm.hpp>
#include <boost/fiber/context.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>

#include <cxxabi.h>

namespace thresher::runtime {

// Boost's view of us. It is asked only when a carrier ends, when the dispatcher has freed what
// ended, and when the thread ends or another algorithm takes over.
class Carriers::Algorithm final : public boost::fibers::algo::algorithm {
 public:
  void awakened(boost::fibers::context* context) noexcept override {
    if (context->is_context(boost::fibers::type::dispatcher_context)) {
      dispatcher_ = context;
    } else {
      awakened_ = context;
    }
  }
  boost::fibers::context* pick_next() noexcept override {
    if (next_ != nullptr) return std::exchange(next_, nullptr);
    // Nothing of ours is left to run: the thread ends, or hands over to another algorithm.
    return std::exchange(dispatcher_, nullptr);
  }
  bool has_ready_fibers() const noexcept override { return dispatcher_ != nullptr; }
  void suspend_until(const std::chrono::steady_clock::time_point&) noexcept override {
    THRESHER_UNREACHABLE();
  }
  void notify() noexcept override {}

  boost::fibers::context* dispatcher() const noexcept { return dispatcher_; }
  /// What pick_next answers next, once.
  void set_next(boost::fibers::context* next) noexcept { next_ = next; }
  /// The context that Boost made ready last: how the context of a new fiber is learnt.
  boost::fibers::context* take_awakened() noexcept { return std::exchange(awakened_, nullptr); }

 private:
  boost::fibers::context* dispatcher_ = nullptr;
  boost::fibers::context* next_ = nullptr;
  boost::fibers::context* awakened_ = nullptr;
};

// Gives Boost the stack that was chosen before, and takes it back when the dispatcher frees it.
class Carriers::PoolAllocator {
 public:
  using traits_type = boost::context::stack_traits;
  PoolAllocator(StackPool& pool, const FiberStack& stack) : pool_{&pool}, stack_{stack} {}
  boost::context::stack_context allocate() const {
    boost::context::stack_context context;
    context.sp = stack_.top;
    context.size = static_cast<std::size_t>(stack_.top - stack_.low);
    return context;
  }
  void deallocate(boost::context::stack_context&) const noexcept { pool_->give_back(stack_); }

 private:
  StackPool* pool_;
  FiberStack stack_;
};

Carriers::Carriers(CarrierClient& client, Options options)
    : client_{&client},
      stacks_{options.stack_bytes, options.guarded_max},
      exceptions_of_thread_{reinterpret_cast<CaughtExceptions*>(abi::__cxa_get_globals())},
      algorithm_{nullptr},
      overflow_{stacks_,
                [](const void* self) noexcept {
                  return static_cast<const Carriers*>(self)->client_->running_name();
                },
                this} {
  main_ = boost::fibers::context::active();
  THRESHER_ASSERT(main_->is_context(boost::fibers::type::main_context));
  boost::intrusive_ptr<Algorithm> algorithm{new Algorithm};
  algorithm_ = algorithm.get();
  main_->get_scheduler()->set_algo(algorithm);
  THRESHER_ASSERT(algorithm_->dispatcher() != nullptr);
  main_sanitizer_ = sanitizer::main_fiber();
}

Carriers::~Carriers() {
  THRESHER_ASSERT(running_ == nullptr);
  THRESHER_ASSERT(idle_.size() + abandoned_ == made_);
  trim(0);
  // Boost's scheduler keeps the algorithm until the thread ends; it needs nothing of ours then.
}

Carrier& Carriers::take() {
  if (idle_.empty()) return make();
  Carrier& carrier = *idle_.back();
  idle_.pop_back();
  return carrier;
}

Carrier& Carriers::make() {
  std::unique_ptr<Carrier> owned{new Carrier};
  Carrier& carrier = *owned;
  carrier.stack_ = stacks_.take();
  carrier.sanitizer_ = sanitizer::make_fiber();
  algorithm_->take_awakened();
  boost::fibers::fiber fiber{boost::fibers::launch::post, std::allocator_arg,
                             PoolAllocator{stacks_, carrier.stack_},
                             [this, &carrier]() noexcept { loop(carrier); }};
  carrier.context_ = algorithm_->take_awakened();
  THRESHER_ASSERT(carrier.context_ != nullptr);
  fiber.detach();
  all_.push_back(std::move(owned));
  ++made_;
  return carrier;
}

void Carriers::enter(Carrier& self) noexcept {
  sanitizer::Bounds left;
  sanitizer::arrive(nullptr, &left);
  // The first carrier is entered from the main context, whose bounds nobody else tells.
  if (main_stack_low_ == nullptr) {
    main_stack_low_ = left.low;
    main_stack_bytes_ = left.bytes;
  }
  *exceptions_of_thread_ = CaughtExceptions{};
  THRESHER_ASSERT(running_ == &self);
}

void Carriers::loop(Carrier& self) noexcept {
  enter(self);
  while (!self.retired_) {
    Carrier* const next = client_->run(self);
    THRESHER_ASSERT(next != &self);
    self.user = nullptr;
    idle_.push_back(&self);
    go(next);
  }
  // Boost ends this context and asks for the next: the main one, which runs the dispatcher then.
  algorithm_->set_next(main_);
  running_ = nullptr;
  sanitizer::leave(nullptr, main_sanitizer_, {main_stack_low_, main_stack_bytes_});
}

void Carriers::go(Carrier* to) noexcept {
  Carrier* const from = running_;
  THRESHER_ASSERT(to != from);
  CaughtExceptions& saved = from != nullptr ? from->exceptions_ : main_exceptions_;
  saved = *exceptions_of_thread_;
  if (from != nullptr && !StackPool::canary_alive(from->stack_)) [[unlikely]] {
    OverflowHandler::report(client_->running_name());
  }
  running_ = to;
  void*& mine = from != nullptr ? from->sanitizer_ : main_sanitizer_;
  if (to != nullptr) {
    sanitizer::leave(&mine, to->sanitizer_, {to->stack_.low, stacks_.stack_bytes()});
    to->context_->resume();
  } else {
    sanitizer::leave(&mine, main_sanitizer_, {main_stack_low_, main_stack_bytes_});
    main_->resume();
  }
  sanitizer::arrive(mine, nullptr);
  *exceptions_of_thread_ = saved;
}

void Carriers::trim(std::size_t idle_max) {
  THRESHER_ASSERT(running_ == nullptr);
  if (idle_.size() <= idle_max) return;
  while (idle_.size() > idle_max) {
    Carrier& carrier = *idle_.back();
    idle_.pop_back();
    carrier.retired_ = true;
    go(&carrier);
    run_dispatcher(carrier);
    sanitizer::destroy_fiber(carrier.sanitizer_);
    --made_;
  }
  std::erase_if(all_, [](const std::unique_ptr<Carrier>& carrier) { return carrier->retired_; });
}

void Carriers::run_dispatcher(Carrier& ended) noexcept {
  // The dispatcher frees the context that has ended, then asks for the next and is made ready. To
  // free it, it resumes it a last time: the functions below its end return then, and
  // ThreadSanitizer must take them off that carrier's list of calls.
  boost::fibers::context* const dispatcher = algorithm_->dispatcher();
  THRESHER_ASSERT(dispatcher != nullptr);
  algorithm_->set_next(main_);
  sanitizer::impersonate(ended.sanitizer_);
  dispatcher->resume();
  sanitizer::impersonate(main_sanitizer_);
  THRESHER_ASSERT(algorithm_->dispatcher() == dispatcher);
}

void Carriers::abandon(Carrier& carrier) noexcept {
  // Boost would wait for it for ever when the thread ends. Its stack stays mapped, since what
  // lies on it may still be pointed to.
  carrier.context_->detach();
  ++abandoned_;
}

void Carriers::set_client(CarrierClient& client) noexcept {
  THRESHER_ASSERT(running_ == nullptr);
  THRESHER_ASSERT(idle_.size() + abandoned_ == made_);
  client_ = &client;
}

}  // namespace thresher::runtime

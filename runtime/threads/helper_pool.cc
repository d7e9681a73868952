// Detached helper threads around one queue. Lock order: the pool's, then a job's; a job's body runs
// under neither.
#include "thresher/runtime/threads/helper_pool.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <deque>
#include <thread>
#include <utility>

namespace thresher::runtime::detail {

bool BlockingJob::wait_for(Duration span) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, span, [this] { return done_; });
}

bool BlockingJob::write_off() noexcept {
  const std::lock_guard lock{mutex_};
  written_off_ = true;
  return !done_;
}

bool BlockingJob::written_off() noexcept {
  const std::lock_guard lock{mutex_};
  return written_off_;
}

void BlockingJob::run() noexcept {
  body_();
  body_.reset();
  const std::lock_guard lock{mutex_};
  done_ = true;
  changed_.notify_all();
  if (!written_off_) on_done_();
}

struct HelperPool::State {
  explicit State(std::size_t the_threads_max) : threads_max{the_threads_max} {}

  const std::size_t threads_max;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<BlockingJob>> queue;
  std::size_t threads = 0;  ///< But for those that are written off.
  std::size_t idle = 0;
  std::uint64_t written_off_ever = 0;
  std::uint64_t written_off_now = 0;
  bool closed = false;
};

HelperPool::HelperPool(std::size_t threads_max)
    : state_{std::make_shared<State>(threads_max)} {
  THRESHER_ASSERT(threads_max >= 1);
}

HelperPool::~HelperPool() {
  const std::lock_guard lock{state_->mutex};
  state_->closed = true;
  state_->queue.clear();
  state_->changed.notify_all();
}

void HelperPool::submit(std::shared_ptr<BlockingJob> job) {
  const std::lock_guard lock{state_->mutex};
  state_->queue.push_back(std::move(job));
  if (state_->idle >= state_->queue.size()) {
    state_->changed.notify_one();
  } else if (state_->threads < state_->threads_max) {
    ++state_->threads;
    std::thread{[state = state_] { help(state); }}.detach();
  }
}

void HelperPool::write_off(const std::shared_ptr<BlockingJob>& job) {
  const std::lock_guard lock{state_->mutex};
  const auto queued = std::ranges::find(state_->queue, job);
  if (queued != state_->queue.end()) {
    state_->queue.erase(queued);  // It never began.
    return;
  }
  if (!job->write_off()) return;
  ++state_->written_off_ever;
  ++state_->written_off_now;
  THRESHER_ASSERT(state_->threads > 0);
  --state_->threads;
}

std::uint64_t HelperPool::written_off_ever() const {
  const std::lock_guard lock{state_->mutex};
  return state_->written_off_ever;
}

std::uint64_t HelperPool::written_off_now() const {
  const std::lock_guard lock{state_->mutex};
  return state_->written_off_now;
}

void HelperPool::help(const std::shared_ptr<State>& state) {
  std::unique_lock lock{state->mutex};
  while (true) {
    ++state->idle;
    state->changed.wait(lock, [&] { return state->closed || !state->queue.empty(); });
    --state->idle;
    if (state->queue.empty()) break;
    const std::shared_ptr<BlockingJob> job = std::move(state->queue.front());
    state->queue.pop_front();
    lock.unlock();
    job->run();
    lock.lock();
    if (!job->written_off()) continue;
    --state->written_off_now;  // The limit has a place less taken; this thread takes it again.
    ++state->threads;
  }
  THRESHER_ASSERT(state->threads > 0);
  --state->threads;
}

}  // namespace thresher::runtime::detail

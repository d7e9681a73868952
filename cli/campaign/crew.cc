// Places to work, their worker processes, and the watchdog. The watchdog looks at each place a few
// times a second, whatever else is going on.
#include "thresher/cli/campaign/crew.h"

#include "thresher/cli/campaign/wire.h"
#include "thresher/runtime/base/assert.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <poll.h>

namespace thresher::cli {

namespace {

using Clock = std::chrono::steady_clock;

/// A twin is made anew after so many tasks, so that address space layouts vary over a campaign.
constexpr std::uint32_t tasks_of_a_twin = 8;
constexpr std::chrono::milliseconds watch_every{200};

}  // namespace

std::chrono::milliseconds default_run_timeout() {
#ifdef THRESHER_SANITIZED
  return std::chrono::milliseconds{600'000};
#else
  return std::chrono::milliseconds{60'000};
#endif
}

struct Crew::Place {
  std::unique_ptr<WorkerProcess> explorer;
  std::unique_ptr<WorkerProcess> twin;
  std::uint32_t twin_tasks = 0;

  /// The worker that has a task, null when the place is free.
  WorkerProcess* busy = nullptr;
  std::uint64_t ticket = 0;
  std::uint64_t runs_seen = 0;
  Clock::time_point seen_at{};
  Clock::time_point watched_at{};
  bool hung = false;
  bool over_memory = false;

  std::unique_ptr<WorkerProcess>& worker(WorkerKind kind) {
    return kind == WorkerKind::explorer ? explorer : twin;
  }
};

Crew::Crew(WorkerRecipe recipe, CrewLimits limits) : recipe_{std::move(recipe)}, limits_{limits} {
  THRESHER_ASSERT(limits_.jobs >= 1);
  for (std::uint32_t i = 0; i < limits_.jobs; ++i) places_.push_back(std::make_unique<Place>());
}

Crew::~Crew() = default;

std::uint32_t Crew::busy() const noexcept {
  return static_cast<std::uint32_t>(std::count_if(
      places_.begin(), places_.end(), [](const auto& place) { return place->busy != nullptr; }));
}

bool Crew::has_room() const noexcept { return busy() < places_.size(); }

Parsed<void> Crew::ensure_worker(Place& place, WorkerKind kind) {
  if (kind == WorkerKind::twin && place.twin_tasks++ == tasks_of_a_twin) {
    place.twin.reset();
    place.twin_tasks = 1;
  }
  std::unique_ptr<WorkerProcess>& worker = place.worker(kind);
  if (worker != nullptr) return {};
  auto started = WorkerProcess::start(recipe_, kind, generation_++);
  if (!started) return runtime::Unexpected{started.error()};
  worker = *std::move(started);
  return {};
}

Parsed<void> Crew::give(std::uint64_t ticket, WorkerKind kind, const Task& task) {
  const auto free = std::find_if(places_.begin(), places_.end(),
                                 [](const auto& place) { return place->busy == nullptr; });
  THRESHER_ASSERT(free != places_.end());
  Place& place = **free;
  const std::string message =
      to_json(task).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  for (int attempts = 0; attempts < 3; ++attempts) {
    THRESHER_TRY_VOID(ensure_worker(place, kind));
    std::unique_ptr<WorkerProcess>& worker = place.worker(kind);
    worker->begin_task();
    if (!worker->channel().send(message)) {
      worker.reset();  // It died between two tasks, at no run's cost.
      continue;
    }
    place.busy = worker.get();
    place.ticket = ticket;
    place.runs_seen = worker->status().runs_started.load();
    place.seen_at = place.watched_at = Clock::now();
    place.hung = place.over_memory = false;
    return {};
  }
  return broken("worker processes end as soon as they start; see whether memory is short");
}

void Crew::watch(Place& place) {
  const auto now = Clock::now();
  if (now - place.watched_at < watch_every) return;
  place.watched_at = now;
  const std::uint64_t started = place.busy->status().runs_started.load();
  if (started != place.runs_seen) {
    place.runs_seen = started;
    place.seen_at = now;
  }
  if (now - place.seen_at > limits_.run_timeout) {
    place.hung = true;
    place.busy->kill_with_stacks();
  } else if (limits_.memory_bytes != 0 && place.busy->resident_bytes() > limits_.memory_bytes) {
    place.over_memory = true;
    place.busy->kill();
  }
}

Done Crew::bury(Place& place) {
  Done done;
  done.ticket = place.ticket;
  done.position = place.busy->status().position.load();
  done.death = place.busy->reap();
  done.death->hung = place.hung;
  done.death->over_memory = place.over_memory;
  (place.explorer.get() == place.busy ? place.explorer : place.twin).reset();
  place.busy = nullptr;
  return done;
}

std::optional<Done> Crew::collect(Place& place, bool readable) {
  if (!readable) {
    watch(place);
    return std::nullopt;
  }
  const bool alive = place.busy->channel().fill();
  if (const auto message = place.busy->channel().take()) {
    Done done;
    done.ticket = place.ticket;
    done.answer = answer_from(nlohmann::json::parse(*message, nullptr, false));
    if (done.answer) {
      place.busy = nullptr;
      return done;
    }
  }
  if (alive) return std::nullopt;
  return bury(place);
}

std::vector<Done> Crew::wait(std::chrono::milliseconds patience) {
  std::vector<pollfd> polled;
  std::vector<Place*> working;
  for (const auto& place : places_) {
    if (place->busy == nullptr) continue;
    polled.push_back({place->busy->channel().fd(), POLLIN, 0});
    working.push_back(place.get());
  }
  const auto longest = std::min(patience, watch_every);
  ::poll(polled.data(), polled.size(), static_cast<int>(longest.count()));
  std::vector<Done> all;
  for (std::size_t i = 0; i < working.size(); ++i) {
    if (auto done = collect(*working[i], polled[i].revents != 0)) all.push_back(*std::move(done));
  }
  return all;
}

void Crew::dismiss() {
  for (const auto& place : places_) {
    place->busy = nullptr;
    place->explorer.reset();
    place->twin.reset();
  }
}

Parsed<Done> do_alone(const WorkerRecipe& recipe, const CrewLimits& limits, const Task& task,
                      WorkerKind kind) {
  THRESHER_ASSERT(limits.jobs == 1);
  Crew crew{recipe, limits};
  THRESHER_TRY_VOID(crew.give(0, kind, task));
  while (true) {
    auto done = crew.wait(watch_every);
    if (!done.empty()) return std::move(done.front());
  }
}

}  // namespace thresher::cli

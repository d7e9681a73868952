// Judging. The first failure wins, since what follows may be its consequence; what belongs to a
// dead process or an ending world is not judged at all.
#include "thresher/sim/run_checks.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/hash.h"
#include "thresher/sim/sim_scheduler.h"

#include <utility>

namespace thresher::sim {
namespace {

// What the program under test claims or breaks; the rest concerns the harness and is always
// judged.
bool can_be_turned_off(Verdict verdict) noexcept {
  return verdict == Verdict::safety || verdict == Verdict::liveness;
}

}  // namespace

void RunChecks::begin(SimScheduler& scheduler, Trace* trace, std::string_view only) {
  scheduler_ = &scheduler;
  trace_ = trace;
  only_.assign(only);
  result_ = RunResult{};
  index_.clear();
  counts_used_ = 0;
}

void RunChecks::give(RunResult& result) {
  result = std::move(result_);
  for (std::size_t i = 0; i < counts_used_; ++i) {
    result.reached.emplace(counts_[i].label, counts_[i].held);
  }
}

bool RunChecks::always(bool condition, std::string_view label,
                       runtime::UniqueFunction<std::string()> detail) {
  THRESHER_ASSERT(!label.empty());
  if (condition || failed() || scheduler_->silent()) return condition;
  if (!only_.empty() && only_ != label) return condition;
  end_here(Verdict::safety, label, detail ? detail() : std::string{});
  return condition;
}

void RunChecks::fail(Verdict verdict, std::string_view label, std::string message) {
  THRESHER_ASSERT(verdict != Verdict::survived);
  if (failed() || scheduler_->silent()) return;
  if (can_be_turned_off(verdict) && !only_.empty() && only_ != label) return;
  end_here(verdict, label, std::move(message));
}

void RunChecks::end_here(Verdict verdict, std::string_view label, std::string message) {
  const Position& position = scheduler_->position();
  result_.verdict = verdict;
  result_.label.assign(label);
  result_.message = std::move(message);
  result_.failed_step = position.step;
  result_.failed_at = position.now;
  result_.failed_fiber = position.fiber_name;
  if (trace_ != nullptr) {
    trace_->add({.at = position.now,
                 .step = position.step,
                 .fiber = position.fiber,
                 .kind = TraceKind::failed,
                 .text = trace_->intern(label)});
  }
  scheduler_->end_world();
}

RunChecks::Count& RunChecks::count(std::uint64_t hash, std::string_view label) {
  const std::uint32_t known = index_.find(hash);
  if (known != IdTable::none) return counts_[known];
  if (counts_used_ == counts_.size()) counts_.emplace_back();
  Count& made = counts_[counts_used_];
  made.label.assign(label);
  made.held = 0;
  index_.insert(hash, static_cast<std::uint32_t>(counts_used_++));
  return made;
}

void RunChecks::sometimes(bool condition, std::string_view label) {
  if (scheduler_->silent()) return;
  count(runtime::hash_name(label), label).held += condition ? 1 : 0;
}

void RunChecks::reached(const runtime::Site& site) { ++count(site.hash, site.text).held; }

void RunChecks::drawn(std::string_view name, std::string value) {
  result_.drawn.insert_or_assign(std::string{name}, std::move(value));
}

void RunChecks::injected(std::string text) {
  if (scheduler_->silent()) return;
  const Position& position = scheduler_->position();
  if (trace_ != nullptr) {
    trace_->add({.at = position.now,
                 .step = position.step,
                 .fiber = position.fiber,
                 .kind = TraceKind::injected,
                 .text = trace_->intern(text)});
  }
  result_.faults.push_back({position.now, std::move(text)});
}

}  // namespace thresher::sim

// Drawing, recording and following of lanes. One function, `answer`, is the way of all three, so
// that a replay asks exactly what the recording was asked.
#include "thresher/sim/lane_choices.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/sim/trace.h"

#include <algorithm>

namespace thresher::sim {
namespace {

// How far best effort looks for the answer that a changed program asks for.
constexpr std::size_t resync_max = 8;

}  // namespace

void LaneChoices::begin(const WorldOptions& options, const Position* position) {
  seed_ = options.seed;
  record_ = options.record;
  silent_ = false;
  tape_ = options.replay;
  mode_ = options.replay_mode;
  trace_ = position != nullptr ? options.trace : nullptr;
  position_ = position;
  lanes_used_ = 0;
  by_name_.clear();
}

LaneId LaneChoices::lane(std::string_view name) {
  const std::uint64_t hash = runtime::hash_name(name);
  const std::uint32_t known = by_name_.find(hash);
  if (known != IdTable::none) {
    THRESHER_ASSERT(lanes_[known].name == name);
    return LaneId{known};
  }
  const auto index = static_cast<std::uint32_t>(lanes_used_++);
  if (index == lanes_.size()) lanes_.emplace_back();
  Lane& lane = lanes_[index];
  lane.name.assign(name);
  lane.hash = hash;
  lane.random = SplitMix{runtime::combine(seed_, hash)};
  lane.position = 0;
  lane.replayed = tape_ != nullptr ? tape_->find(name) : nullptr;
  lane.cursor = 0;
  lane.recorded.clear();
  by_name_.insert(hash, index);
  return LaneId{index};
}

std::uint64_t LaneChoices::choose(LaneId lane, std::uint64_t n, const runtime::Site& site) {
  THRESHER_ASSERT(lane.value < lanes_used_);
  THRESHER_ASSERT(n >= 1);
  return n == 1 ? 0 : answer(lanes_[lane.value], n, site);
}

std::uint64_t LaneChoices::draw(LaneId lane, const runtime::Site& site) {
  THRESHER_ASSERT(lane.value < lanes_used_);
  return answer(lanes_[lane.value], 0, site);
}

std::uint64_t LaneChoices::answer(Lane& lane, std::uint64_t n, const runtime::Site& site) {
  if (silent_) return 0;
  std::uint64_t value = 0;
  if (tape_ != nullptr) {
    value = replay(lane, n, site);
  } else {
    value = n == 0 ? lane.random.next() : lane.random.below(n);
  }
  THRESHER_ASSERT(n == 0 || value < n);
  ++lane.position;
  if (record_) lane.recorded.push_back({site.hash, n, value});
  hash_.fold(lane.hash);
  hash_.fold(value);
  if (trace_ != nullptr) trace(lane, n, value);
  return value;
}

void LaneChoices::trace(const Lane& lane, std::uint64_t n, std::uint64_t value) {
  THRESHER_ASSERT(position_ != nullptr);
  trace_->add({.at = position_->now,
               .step = position_->step,
               .fiber = position_->fiber,
               .kind = TraceKind::choice,
               .text = trace_->intern(lane.name),
               .a = value,
               .b = n});
}

std::uint64_t LaneChoices::replay(Lane& lane, std::uint64_t n, const runtime::Site& site) {
  const auto fits = [&](const TapeAnswer& entry) {
    return entry.site == site.hash && entry.n == n;
  };
  const std::size_t recorded = lane.replayed != nullptr ? lane.replayed->answers.size() : 0;
  if (lane.cursor < recorded && fits(lane.replayed->answers[lane.cursor])) {
    return lane.replayed->answers[lane.cursor++].answer;
  }
  if (mode_ == ReplayMode::strict) {
    diverged(lane, n, site);
    return 0;
  }
  // Answers may have been dropped from the tape or from the program: catch up with a near one.
  const std::size_t end = std::min(recorded, lane.cursor + resync_max);
  for (std::size_t at = lane.cursor; at < end; ++at) {
    if (!fits(lane.replayed->answers[at])) continue;
    lane.cursor = at + 1;
    return lane.replayed->answers[at].answer;
  }
  return 0;
}

void LaneChoices::diverged(const Lane& lane, std::uint64_t n, const runtime::Site& site) {
  std::string message = "replay left the tape in lane '" + lane.name + "' at position " +
                        std::to_string(lane.position) + ": the program asks '" + site.text +
                        "' (n=" + std::to_string(n) + "), ";
  const std::size_t recorded = lane.replayed != nullptr ? lane.replayed->answers.size() : 0;
  if (lane.cursor >= recorded) {
    message += "the tape's lane has ended";
  } else {
    const TapeAnswer& entry = lane.replayed->answers[lane.cursor];
    message += entry.site == site.hash
                   ? "the tape has n=" + std::to_string(entry.n)
                   : "the tape has another site (hash " + std::to_string(entry.site) +
                         ", n=" + std::to_string(entry.n) + ")";
  }
  checks_.fail(Verdict::nondeterminism, "replay.diverged", std::move(message));
}

void LaneChoices::give(Tape& tape) {
  for (std::size_t i = 0; i < lanes_used_; ++i) {
    if (lanes_[i].recorded.empty()) continue;
    tape.lanes.push_back({lanes_[i].name, std::move(lanes_[i].recorded)});
    lanes_[i].recorded = {};
  }
}

}  // namespace thresher::sim

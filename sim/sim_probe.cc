// Recording. Whether anybody listens must not change the run: only what is hashed always happens,
// and nothing here parks.
#include "thresher/sim/sim_probe.h"

#include "thresher/sim/sim_scheduler.h"

#include <string>

namespace thresher::sim {
namespace {

constexpr std::string_view fault_lane = "fault/code";

}  // namespace

void SimProbe::begin(const WorldOptions& options) {
  THRESHER_ASSERT(options.fault_point_armed.num <= options.fault_point_armed.den);
  THRESHER_ASSERT(options.fault_point_fires.num <= options.fault_point_fires.den);
  trace_ = options.trace;
  fault_points_ = options.fault_points;
  armed_ = options.fault_point_armed;
  fires_ = options.fault_point_fires;
  points_.clear();
}

void SimProbe::event(const runtime::Event& event) noexcept {
  if (scheduler_.silent()) return;
  hash_.fold(static_cast<std::uint64_t>(event.kind) + (event.subject << 8));
  hash_.fold(event.a ^ (event.b << 32 | event.b >> 32));
  if (trace_ == nullptr) return;
  const Position& position = scheduler_.position();
  trace_->add({.at = position.now,
               .step = position.step,
               .fiber = position.fiber,
               .kind = TraceKind::event,
               .event = event.kind,
               .text = trace_->intern(event.text),
               .a = event.subject,
               .b = event.a,
               .c = event.b});
}

void SimProbe::log(runtime::LogLevel level, std::string_view logger,
                   std::string_view text) noexcept {
  if (trace_ == nullptr || scheduler_.silent()) return;
  const Position& position = scheduler_.position();
  trace_->add({.at = position.now,
               .step = position.step,
               .fiber = position.fiber,
               .kind = TraceKind::log,
               .text = trace_->intern(std::string{logger}.append(": ").append(text)),
               .a = static_cast<std::uint64_t>(level)});
}

void SimProbe::reachable(const runtime::Site& site) noexcept {
  if (scheduler_.silent()) return;
  checks_.reached(site);
  if (trace_ == nullptr) return;
  const Position& position = scheduler_.position();
  trace_->add({.at = position.now,
               .step = position.step,
               .fiber = position.fiber,
               .kind = TraceKind::reached,
               .text = trace_->intern(site.text)});
}

bool SimProbe::fault_point(const runtime::Site& site) noexcept {
  if (!fault_points_ || scheduler_.silent()) return false;
  std::uint32_t armed = points_.find(site.hash);
  const LaneId lane = choices_.lane(fault_lane);
  if (armed == IdTable::none) {
    armed = choices_.chance(lane, armed_, site) ? 1 : 0;
    points_.insert(site.hash, armed);
  }
  if (armed == 0 || !choices_.chance(lane, fires_, site)) return false;
  checks_.injected(std::string{"fault point "} + site.text);
  return true;
}

}  // namespace thresher::sim

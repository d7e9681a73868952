// Words of the trace and its JSON lines. Names of events are part of the format that `reports`
// reads: they are the enumerators' own.
#include "thresher/sim/trace.h"

#include "thresher/runtime/base/assert.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <ostream>

namespace thresher::sim {

using runtime::Errc;
using runtime::EventKind;
using runtime::fail;
using runtime::Result;

std::string_view name(TraceKind kind) noexcept {
  switch (kind) {
    case TraceKind::spawned: return "spawned";
    case TraceKind::ran: return "ran";
    case TraceKind::parked: return "parked";
    case TraceKind::woken: return "woken";
    case TraceKind::ended: return "ended";
    case TraceKind::choice: return "choice";
    case TraceKind::event: return "event";
    case TraceKind::log: return "log";
    case TraceKind::reached: return "reached";
    case TraceKind::crossed: return "crossed";
    case TraceKind::injected: return "injected";
    case TraceKind::failed: return "failed";
  }
  THRESHER_UNREACHABLE();
}

std::string_view name(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::activation_created: return "activation_created";
    case EventKind::activation_valid: return "activation_valid";
    case EventKind::activation_failed: return "activation_failed";
    case EventKind::deactivation_started: return "deactivation_started";
    case EventKind::activation_ended: return "activation_ended";
    case EventKind::request_sent: return "request_sent";
    case EventKind::request_started: return "request_started";
    case EventKind::request_ended: return "request_ended";
    case EventKind::request_rejected: return "request_rejected";
    case EventKind::timer_ticked: return "timer_ticked";
    case EventKind::driver_call: return "driver_call";
    case EventKind::reset_started: return "reset_started";
    case EventKind::reset_ended: return "reset_ended";
    case EventKind::epoch_changed: return "epoch_changed";
    case EventKind::incident_opened: return "incident_opened";
    case EventKind::incident_closed: return "incident_closed";
    case EventKind::canary_run: return "canary_run";
    case EventKind::lease_granted: return "lease_granted";
    case EventKind::lease_returned: return "lease_returned";
    case EventKind::fault_injected: return "fault_injected";
    case EventKind::process_started: return "process_started";
    case EventKind::process_ended: return "process_ended";
    case EventKind::note: return "note";
  }
  THRESHER_UNREACHABLE();
}

std::uint32_t Trace::intern(std::string_view text) {
  if (text.empty()) return 0;
  if (const auto known = index_.find(text); known != index_.end()) return known->second;
  const auto index = static_cast<std::uint32_t>(texts_.size());
  texts_.emplace_back(text);
  index_.emplace(text, index);
  return index;
}

const std::string& Trace::fiber_name(std::uint64_t fiber) const {
  const auto known = fibers_.find(fiber);
  return texts_[known != fibers_.end() ? known->second : 0];
}

void Trace::clear() {
  records_.clear();
  texts_.resize(1);
  index_.clear();
  fibers_.clear();
}

void Trace::write(std::ostream& out) const {
  for (const TraceRecord& record : records_) {
    nlohmann::ordered_json line;
    line["t"] = record.at.time_since_epoch().count();
    line["step"] = record.step;
    line["fiber"] = record.fiber;
    line["name"] = fiber_name(record.fiber);
    line["kind"] = record.kind == TraceKind::event ? name(record.event) : name(record.kind);
    if (record.text != 0) line["text"] = text(record.text);
    if (record.a != 0) line["a"] = record.a;
    if (record.b != 0) line["b"] = record.b;
    if (record.c != 0) line["c"] = record.c;
    out << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  }
}

Result<void> Trace::save(const std::string& path, std::string& problem) const {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  if (file) write(file);
  file.close();
  if (file) return {};
  problem = "cannot write trace '" + path + "': " + std::strerror(errno);
  return fail(Errc::storage_failed);
}

}  // namespace thresher::sim

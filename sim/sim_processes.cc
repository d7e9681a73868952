// Starting, ending and waiting for simulated processes. A process ends when its program returns or
// when it is killed, whichever comes first; both go through `end`.
#include "thresher/sim/sim_processes.h"

#include "thresher/runtime/base/assert.h"

#include <utility>

namespace thresher::sim {

using runtime::Errc;
using runtime::EventKind;
using runtime::fail;
using runtime::ProcessExit;
using runtime::ProcessId;
using runtime::Result;
using runtime::Wait;
using runtime::WaitEnd;

void SimProcesses::begin() {
  if (!programs_.empty()) programs_.clear();
  if (!processes_.empty()) processes_.clear();
}

void SimProcesses::add_program(std::string name, Program body) {
  THRESHER_ASSERT(static_cast<bool>(body));
  const bool added = programs_.emplace(std::move(name), std::move(body)).second;
  THRESHER_ASSERT(added);
}

SimProcesses::Process* SimProcesses::find(ProcessId id) noexcept {
  if (id.value == 0 || id.value > processes_.size()) return nullptr;
  Process& process = processes_[id.value - 1];
  return process.waited_for ? nullptr : &process;
}

Result<ProcessId> SimProcesses::start(const runtime::ProcessSpec& spec) {
  THRESHER_ASSERT(spec.worker_count >= 1);
  if (scheduler_.unwinding()) return fail(Errc::process_gone);
  const auto program = programs_.find(spec.program);
  if (program == programs_.end()) return fail(Errc::not_found);
  Process& process =
      processes_.emplace_back(scheduler_, scheduler_.add_process(spec.worker_count));
  process.argument = spec.argument;
  process.name = &program->first;
  process.program = &program->second;
  const ProcessId id{processes_.size()};
  services_.probe.event({.kind = EventKind::process_started,
                         .subject = process.group.id,
                         .text = program->first.c_str()});
  scheduler_.spawn_in(process.group, {.name = program->first.c_str()},
                      [this, &process] { run(process); });
  return id;
}

void SimProcesses::run(Process& process) {
  int status = 0;
  {
    runtime::ProcessContext context{services_, process.child_end, process.argument};
    status = (*process.program)(context);
  }
  if (!process.ended) end(process, {.killed = false, .status = status});
}

void SimProcesses::end(Process& process, ProcessExit exit) {
  THRESHER_ASSERT(!process.ended);
  process.ended = true;
  process.exit = exit;
  services_.probe.event({.kind = EventKind::process_ended,
                         .subject = process.group.id,
                         .a = exit.killed ? 1u : 0u,
                         .text = process.name->c_str()});
  scheduler_.end_process(process.group);
  process.child_end.close();
  for (Wait* wait = process.waiters.front(); wait != nullptr; wait = wait->next) {
    scheduler_.unpark(*wait, WaitEnd::satisfied);
  }
}

Result<void> SimProcesses::kill(ProcessId id) {
  if (scheduler_.unwinding()) return fail(Errc::process_gone);
  Process* const process = find(id);
  if (process == nullptr) return fail(Errc::not_found);
  if (!process->ended) end(*process, {.killed = true, .status = 0});
  return {};
}

Result<ProcessExit> SimProcesses::wait(ProcessId id, runtime::TimePoint deadline) {
  if (scheduler_.unwinding()) return fail(Errc::process_gone);
  Process* const process = find(id);
  if (process == nullptr) return fail(Errc::not_found);
  if (!process->ended) {
    Wait wait{{.verb = "wait for process", .name = process->name->c_str()}};
    const runtime::WaitEntry entry{process->waiters, wait};
    if (scheduler_.park_until(wait, deadline) != WaitEnd::satisfied) return fail(Errc::timeout);
  }
  process->waited_for = true;
  return process->exit;
}

Result<runtime::ByteChannel*> SimProcesses::channel(ProcessId id) {
  Process* const process = find(id);
  if (process == nullptr) return fail(Errc::not_found);
  return &process->parent_end;
}

}  // namespace thresher::sim

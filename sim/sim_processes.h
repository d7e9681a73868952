// Simulated processes: groups of fibers with workers of their own, started by registered name.
//
// Killing one unwinds its fibers before `kill` returns; from that instant its seams are dead.
// Memory is shared with the rest of the world, so a program must touch nothing but what its
// context gives it.
#pragma once

#include "thresher/runtime/fiber/processes.h"
#include "thresher/runtime/fiber/wait_list.h"
#include "thresher/sim/byte_pipe.h"
#include "thresher/sim/sim_scheduler.h"

#include <deque>
#include <map>
#include <string>

namespace thresher::sim {

class SimProcesses final : public runtime::Processes {
 public:
  using Program = runtime::UniqueFunction<int(runtime::ProcessContext&)>;

  /// Both outlive this object.
  SimProcesses(SimScheduler& scheduler, runtime::Services& services)
      : scheduler_{scheduler}, services_{services} {}

  /// Forgets programs and processes.
  void begin();
  void add_program(std::string name, Program body);

  runtime::Result<runtime::ProcessId> start(const runtime::ProcessSpec& spec) override;
  runtime::Result<void> kill(runtime::ProcessId process) override;
  runtime::Result<runtime::ProcessExit> wait(runtime::ProcessId process,
                                             runtime::TimePoint deadline) override;
  runtime::Result<runtime::ByteChannel*> channel(runtime::ProcessId process) override;

 private:
  struct Process {
    Process(SimScheduler& scheduler, ProcessGroup& of)
        : group{of}, parent_end{scheduler}, child_end{scheduler} {
      PipeEnd::tie(parent_end, child_end);
    }
    ProcessGroup& group;
    PipeEnd parent_end;
    PipeEnd child_end;
    std::string argument;
    const std::string* name = nullptr;
    Program* program = nullptr;
    runtime::WaitList waiters;
    runtime::ProcessExit exit;
    bool ended = false;
    bool waited_for = false;
  };
  Process* find(runtime::ProcessId id) noexcept;
  void run(Process& process);
  void end(Process& process, runtime::ProcessExit exit);

  SimScheduler& scheduler_;
  runtime::Services& services_;
  std::map<std::string, Program> programs_;
  std::deque<Process> processes_;  ///< By id, from 1.
};

}  // namespace thresher::sim

// Full: gates announced first, then the kill, which makes whoever is inside come out.
//
// Gates are taken in the order of context ids, under the full gate, which only Full takes.
#include "thresher/gpu/replace_process.h"

#include "thresher/gpu/accelerator_state.h"
#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <deque>

namespace thresher::gpu {

using runtime::Errc;
using runtime::make_error;
using runtime::Result;
using runtime::TimePoint;

namespace {

/// The gates of all contexts of a node, announced at once and taken one by one.
class AllGates {
 public:
  explicit AllGates(DeviceNode& node) : node_{node} { announce(); }

  Result<void> acquire(TimePoint deadline) {
    const runtime::CancellationToken never;
    // First the node's own, behind which no new context can appear.
    THRESHER_TRY_VOID(node_gate_.acquire(never, deadline));
    announce();
    for (Entry& entry : entries_) THRESHER_TRY_VOID(entry.gate.acquire(never, deadline));
    return {};
  }

  template <typename F>
  void for_each(F&& function) {
    for (Entry& entry : entries_) function(*entry.context);
  }

 private:
  struct Entry {
    explicit Entry(std::shared_ptr<DeviceContext> the_context)
        : context{std::move(the_context)}, gate{context->gate()} {}
    std::shared_ptr<DeviceContext> context;
    Gate::Alone gate;
  };

  void announce() {
    for (const auto& context : node_.contexts()) {
      const bool known = std::ranges::any_of(
          entries_, [&](const Entry& entry) { return entry.context == context; });
      if (!known) entries_.emplace_back(context);
    }
  }

  DeviceNode& node_;
  Gate::Alone node_gate_{node_.gate()};
  std::deque<Entry> entries_;
};

void forget_context(DeviceContext& context, ReplacedProcess& replaced) {
  const runtime::Error why = make_error(Errc::process_lost, context.node().device().value);
  const std::uint64_t before = context.epoch();
  for (AcceleratorState* const member : context.members()) {
    for (const Stream& stream : member->streams) replaced.operations_dropped += stream.in_flight();
    replaced.kernels_dropped += static_cast<std::uint32_t>(member->kernels.size());
    replaced.invalidated.push_back({member->id, before, before + 1});
    forget_device_state(*member, why);
  }
  replaced.freed_bytes += context.forget();
}

bool needed(const DeviceContext& context, const AcceleratorState* leaving) {
  return std::ranges::any_of(context.members(), [leaving](const AcceleratorState* member) {
    return member != leaving && !member->closed;
  });
}

}  // namespace

Result<void> revive_context(DeviceContext& context, TimePoint deadline) {
  Result<void> revived = context.create(deadline);
  if (revived) {
    Pass pass = context.inside(deadline);
    for (AcceleratorState* const member : context.members()) {
      if (member->closed) continue;
      revived = make_streams(*member, pass);
      if (!revived) break;
    }
  }
  if (!revived) {
    // Half made is unusable: whoever calls is told, and the next reset starts again from here.
    context.condition().worsen(make_error(Errc::context_lost, context.node().device().value),
                               ResetType::hard);
  }
  return revived;
}

Result<ReplacedProcess> replace_process(DeviceNode& node, const AcceleratorState* leaving,
                                        TimePoint deadline) {
  if (!node.seams().host.isolated()) return runtime::fail(Errc::needs_isolation);
  ReplacedProcess replaced;
  AllGates gates{node};
  const runtime::Error gone = make_error(Errc::process_lost, node.device().value);
  node.condition().worsen(gone, ResetType::full);
  THRESHER_TRY_VOID(node.kill_process(deadline));
  THRESHER_TRY_VOID(gates.acquire(deadline));
  bool wanted = leaving == nullptr;
  gates.for_each([&](DeviceContext& context) {
    forget_context(context, replaced);
    wanted = wanted || needed(context, leaving);
  });
  node.process_ended();
  std::ranges::sort(replaced.invalidated, {}, &Invalidated::accelerator);
  if (!wanted) {
    node.condition().heal();
    return replaced;
  }
  THRESHER_TRY_VOID(node.start_process(deadline));
  node.condition().heal();
  gates.for_each([&](DeviceContext& context) {
    // Another's context that does not come back is that one's own sickness, which it will report.
    if (needed(context, leaving)) {
      static_cast<void>(revive_context(context, deadline).has_value());
    }
  });
  return replaced;
}

}  // namespace thresher::gpu

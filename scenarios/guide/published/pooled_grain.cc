// Strategies 2 and 3, translated line by line. The check of each hand-out is the harness's, made
// after the sample's own statement.
#include "thresher/scenarios/guide/published/pooled_grain.h"

namespace thresher::scenarios::published {
namespace {

void check_hand_out(guide::Witness& witness, const AcceleratorPool& pool,
                    const Accelerator& accelerator, const std::string& grain) {
  const bool healthy = pool.last_hand_out().reset_succeeded && accelerator.usable();
  witness.checks().always(healthy, guide::label::unhealthy_hand_out, [&] {
    return "the pool handed accelerator " + std::to_string(accelerator.ledger_id()) +
           " to grain " + grain + " although its last reset did not succeed";
  });
  const auto alive = witness.ledger().alive("accelerator");
  witness.checks().always(alive <= pool.max_size(), guide::label::size_exceeded, [&] {
    return "a pool of " + std::to_string(pool.max_size()) + " has made " +
           std::to_string(alive) + " accelerators that live at once";
  });
}

}  // namespace

runtime::Result<void> PooledComputeGrain::on_activate(runtime::CancellationToken token) {
  accelerator_ = &pool_.acquire(token, name());
  check_hand_out(witness(), pool_, *accelerator_, name());
  await_base("OnActivateAsync");
  return {};
}

runtime::Result<void> PooledComputeGrain::on_deactivate(const runtime::DeactivationReason&,
                                                        runtime::CancellationToken) {
  if (accelerator_ != nullptr) {
    pool_.release(*accelerator_);
    accelerator_ = nullptr;
  }
  await_base("OnDeactivateAsync");
  return {};
}

std::vector<double> PooledComputeGrain::process(const ComputeInput& input) {
  require_activated();
  return execute_compute(input);
}

SmartComputeGrain::SmartComputeGrain(runtime::GrainContext& context, guide::Witness& witness,
                                     AcceleratorFactory& factory, AcceleratorPool& pool)
    : PublishedGrain{context, witness},
      factory_{factory},
      pool_{&pool},
      high_priority_{context.id().key().starts_with("high")} {}

runtime::Result<void> SmartComputeGrain::on_activate(runtime::CancellationToken token) {
  // High-priority grains get dedicated devices.
  if (high_priority_) {
    accelerator_ = &factory_.create(token, name());
    is_pooled_ = false;
  } else if (pool_ != nullptr) {
    // Normal priority use pool.
    accelerator_ = &pool_->acquire(token, name());
    is_pooled_ = true;
  } else {
    throw InvalidOperationException{"No pool available for normal priority grain",
                                    runtime::make_error(runtime::Errc::configuration)};
  }
  witness().exclusive_use(name(), accelerator_->device_id(), high_priority_);
  await_base("OnActivateAsync");
  return {};
}

runtime::Result<void> SmartComputeGrain::on_deactivate(const runtime::DeactivationReason&,
                                                       runtime::CancellationToken token) {
  if (accelerator_ != nullptr) {
    witness().exclusive_end(name());
    if (is_pooled_ && pool_ != nullptr) {
      pool_->release(*accelerator_);
    } else {
      accelerator_->reset(presets::complete_cleanup, token);
      accelerator_->dispose();
    }
    accelerator_ = nullptr;
  }
  await_base("OnDeactivateAsync");
  return {};
}

std::vector<double> SmartComputeGrain::process(const ComputeInput& input) {
  require_activated();
  return execute_compute(input);
}

}  // namespace thresher::scenarios::published

// Start, stop and kill of a silo; what references ask of it. What concerns a worker is done by a
// fiber on that worker.
#include "thresher/runtime/grain/silo.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/future.h"
#include "thresher/runtime/grain/activation.h"
#include "thresher/runtime/grain/silo_core.h"
#include "thresher/runtime/grain/silo_worker.h"

namespace thresher::runtime {
namespace {

/// Runs `visit(worker)` on a fiber of each worker at once, and parks until all have ended.
void on_every_worker(SiloCore& core, const char* name, auto visit) {
  std::vector<Future<bool>> done;
  for (const auto& worker : core.workers) {
    Promise<bool> promise{core.services.scheduler, name};
    done.push_back(promise.future());
    worker->spawn_from_afar(name, [visit, at = worker.get(),
                                   promise = std::move(promise)]() mutable {
      visit(*at);
      promise.set(true);
    });
  }
  for (const Future<bool>& future : done) future.wait().value();
}

void end_worker(SiloWorker& worker) {
  worker.for_each_activation([](Activation& activation) { activation.drop(); });
  worker.break_pending_calls();
  worker.stop_alarms();
}

}  // namespace

Silo::Silo(const Services& services, SiloOptions options)
    : core_{new SiloCore{services, std::move(options)}} {}

Silo::~Silo() {
  // A running silo may only go with its world, whose fibers have been unwound or are now.
  THRESHER_ASSERT(!running() || core_->is_last_user() ||
                  core_->services.scheduler.unwinding());
  core_->set_status(SiloStatus::stopped);
  core_->release();
}

void Silo::add_class(std::unique_ptr<GrainClass> grain_class) {
  core_->add_class(std::move(grain_class));
}

ServiceRegistry& Silo::service_registry() noexcept { return core_->service_registry; }

ExceptionRegistry& Silo::exceptions() noexcept { return core_->exceptions; }

void Silo::add_incoming_filter(std::unique_ptr<IncomingCallFilter> filter) {
  THRESHER_ASSERT(core_->status() == SiloStatus::created && filter != nullptr);
  core_->incoming_filters.push_back(std::move(filter));
}

void Silo::add_outgoing_filter(std::unique_ptr<OutgoingCallFilter> filter) {
  THRESHER_ASSERT(core_->status() == SiloStatus::created && filter != nullptr);
  core_->outgoing_filters.push_back(std::move(filter));
}

Result<void> Silo::start() {
  THRESHER_ASSERT(core_->status() == SiloStatus::created);
  core_->problems = core_->check();
  if (!core_->problems.empty()) {
    for (const std::string& words : core_->problems) {
      core_->services.probe.log(LogLevel::error, "silo", words);
    }
    return fail(Errc::configuration, core_->problems.size());
  }
  core_->set_status(SiloStatus::running);
  on_every_worker(*core_, "silo start", [](SiloWorker& worker) { worker.start(); });
  return {};
}

const std::vector<std::string>& Silo::problems() const noexcept { return core_->problems; }

Result<void> Silo::stop(TimePoint deadline) {
  if (core_->status() == SiloStatus::created) core_->set_status(SiloStatus::stopped);
  if (!running()) return {};
  core_->set_status(SiloStatus::stopping);
  on_every_worker(*core_, "silo stop", [deadline](SiloWorker& worker) {
    worker.for_each_activation([](Activation& activation) { activation.shut_down(); });
    worker.wait_until_empty(deadline);
  });
  // All activations had their time: what one of them waited for may have been on another worker.
  const std::size_t overdue = activation_count();
  core_->set_status(SiloStatus::stopped);
  on_every_worker(*core_, "silo end", end_worker);
  if (overdue != 0) return fail(Errc::timeout, overdue);
  return {};
}

void Silo::kill() {
  if (core_->status() == SiloStatus::created) core_->set_status(SiloStatus::stopped);
  if (!running()) return;
  core_->set_status(SiloStatus::stopped);
  on_every_worker(*core_, "silo kill", end_worker);
}

bool Silo::running() const noexcept {
  const SiloStatus status = core_->status();
  return status == SiloStatus::running || status == SiloStatus::stopping;
}

void Silo::deactivate(const GrainId& grain, DeactivationReason reason) {
  SiloWorker& worker = *core_->workers[core_->worker_of(grain)];
  worker.spawn_from_afar("deactivate grain", [&worker, grain, reason] {
    if (Activation* const found = worker.find(grain); found != nullptr) found->deactivate(reason);
  });
}

void Silo::collect(Duration age) {
  THRESHER_ASSERT(age >= Duration{0});
  for (const auto& worker : core_->workers) {
    worker->spawn_from_afar("collect", [at = worker.get(), age] { at->collect(&age); });
  }
}

std::size_t Silo::activation_count() const noexcept {
  return core_->activation_count.load(std::memory_order_relaxed);
}

std::size_t Silo::pending_calls() const noexcept { return core_->here().pending_count(); }

const SiloOptions& Silo::options() const noexcept { return core_->options; }

Directory& Silo::directory() noexcept { return *core_->directory; }

namespace detail {

MessagePool* pool_for(SiloCore& core, const GrainId& target, MessageKind kind) {
  SiloWorker& here = core.here();
  const bool freed_elsewhere =
      kind == MessageKind::one_way && core.worker_of(target) != here.id().value;
  return freed_elsewhere ? nullptr : &here.pool;
}

Result<GrainId> resolve(SiloCore& core, InterfaceId interface_id, std::string_view interface_name,
                        std::string_view class_type, std::string_view key) {
  THRESHER_TRY(grain_class, core.resolve(interface_id, interface_name, class_type));
  return GrainId{grain_class->type(), key};
}

}  // namespace detail
}  // namespace thresher::runtime

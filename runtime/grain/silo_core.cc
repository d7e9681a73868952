// Classes, their checks at start, and failures in words. Nothing here is on the path of a call that
// succeeds.
#include "thresher/runtime/grain/silo_core.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/grain/silo_worker.h"

#include <utility>

namespace thresher::runtime {

SiloCore::SiloCore(const Services& given_services, SiloOptions given_options)
    : services{given_services},
      options{std::move(given_options)},
      directory{options.directory != nullptr ? options.directory : &local_directory} {
  const std::uint32_t count = services.scheduler.worker_count();
  THRESHER_ASSERT(count >= 1);
  workers.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    workers.push_back(std::make_unique<SiloWorker>(*this, WorkerId{i}));
  }
}

SiloCore::~SiloCore() {
  // All activations before any worker: messages in their queues go back to the pools of the workers
  // that made them.
  for (const auto& worker : workers) worker->destroy_activations();
}

void SiloCore::release() noexcept {
  if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

GrainClass* SiloCore::find_class(std::string_view type) const noexcept {
  const auto at = by_type_.find(type);
  return at != by_type_.end() ? at->second : nullptr;
}

void SiloCore::add_class(std::unique_ptr<GrainClass> added) {
  THRESHER_ASSERT(status() == SiloStatus::created);
  GrainClass& grain_class = *added;
  classes_.push_back(std::move(added));
  if (!GrainId::is_type_name(grain_class.type())) {
    problems.push_back("grain class '" + grain_class.type() +
                       "': a type name is not empty and holds no slash");
  } else if (!by_type_.emplace(grain_class.type(), &grain_class).second) {
    problems.push_back("grain class '" + grain_class.type() + "' is registered twice");
  }
}

Result<const GrainClass*> SiloCore::resolve(InterfaceId interface_id,
                                            std::string_view interface_name,
                                            std::string_view class_type) const {
  const GrainClass* found = nullptr;
  std::size_t count = 0;
  for (const auto& candidate : classes_) {
    if (!candidate->implements(interface_id)) continue;
    if (!class_type.empty() && candidate->type() != class_type) continue;
    found = candidate.get();
    ++count;
  }
  if (count == 1) return found;
  services.probe.log(LogLevel::error, "silo",
                     "interface '" + std::string{interface_name} + "' is served by " +
                         std::to_string(count) + " grain classes" +
                         (class_type.empty() ? "" : " of type '" + std::string{class_type} + "'"));
  return fail(Errc::configuration, count);
}

std::vector<std::string> SiloCore::check() {
  std::vector<std::string> found = problems;
  check_options(found);
  for (const auto& grain_class : classes_) {
    for (std::string& words : grain_class->seal(service_registry)) {
      found.push_back(std::move(words));
    }
  }
  return found;
}

void SiloCore::check_options(std::vector<std::string>& found) const {
  const auto check_age = [&](std::string_view whose, Duration age) {
    if (age <= options.collection_quantum) {
      found.push_back("collection age of " + std::string{whose} +
                      " is not above the collection quantum");
    }
  };
  if (options.response_timeout <= Duration{0}) found.push_back("response_timeout is not positive");
  if (options.collection_quantum <= Duration{0}) {
    found.push_back("collection_quantum is not positive");
  }
  check_age("the silo", options.collection_age);
  for (const auto& grain_class : classes_) {
    const Duration age = grain_class->options().collection_age;
    if (age != Duration{0}) check_age("class '" + grain_class->type() + "'", age);
  }
  const bool soft_above_hard = options.enqueued_requests_hard_max != 0 &&
                               options.enqueued_requests_soft_max >
                                   options.enqueued_requests_hard_max;
  if (soft_above_hard) found.push_back("the soft limit of queued requests is above the hard one");
}

CallError SiloCore::failure(Errc code, std::string text, std::uint64_t id) const {
  const Error error = make_error(code, id);
  GrainFailure failure = failure_of(error);
  failure.text = std::move(text);
  return CallError{error, std::make_shared<const GrainFailure>(std::move(failure)), &exceptions};
}

CallError SiloCore::capture_current(bool& conflict_here) const {
  GrainFailure failure;
  try {
    throw;
  } catch (const FiberUnwind&) {
    throw;
  } catch (const std::exception& caught) {
    failure = exceptions.capture(caught);
  } catch (...) {
    failure = ExceptionRegistry::capture_unknown();
  }
  conflict_here = failure.inconsistent_source;
  const Error error = failure.error;
  return CallError{error, std::make_shared<const GrainFailure>(std::move(failure)), &exceptions};
}

}  // namespace thresher::runtime

// What a silo's parts share: seams, options, classes, filters, workers. Internal to the runtime.
//
// Constant once started, but for the status and the counts, which any worker may read. It lives as
// long as the Silo or any fiber that works in it, whichever ends last: a stuck turn may outlive its
// silo.
#pragma once

#include "thresher/runtime/base/hash.h"
#include "thresher/runtime/codec/failure.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/runtime/grain/call_filter.h"
#include "thresher/runtime/grain/grain_class.h"
#include "thresher/runtime/grain/local_directory.h"
#include "thresher/runtime/grain/service_registry.h"
#include "thresher/runtime/grain/silo_options.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::runtime {

class SiloWorker;

enum class SiloStatus : std::uint8_t {
  created,
  running,
  stopping,  ///< Activations end, no new ones are made.
  stopped,   ///< Nothing is left; calls fail.
};

class SiloCore {
 public:
  SiloCore(const Services& given_services, SiloOptions given_options);
  SiloCore(const SiloCore&) = delete;
  SiloCore& operator=(const SiloCore&) = delete;
  ~SiloCore();

  SiloStatus status() const noexcept { return status_.load(std::memory_order_acquire); }
  void set_status(SiloStatus status) noexcept {
    status_.store(status, std::memory_order_release);
  }
  /// The worker that a grain lives on: by its hash, for ever.
  std::uint32_t worker_of(const GrainId& grain) const noexcept {
    return static_cast<std::uint32_t>(scale(grain.hash(), workers.size()));
  }
  /// The calling fiber's worker. Requires: on a fiber of the scheduler.
  SiloWorker& here() const noexcept {
    return *workers[services.scheduler.current_worker().value];
  }
  GrainClass* find_class(std::string_view type) const noexcept;
  /// The class that serves an interface. Errors: configuration.
  Result<const GrainClass*> resolve(InterfaceId interface_id, std::string_view interface_name,
                                    std::string_view class_type) const;
  void add_class(std::unique_ptr<GrainClass> added);
  /// Looks for everything that is wrong; gives the words.
  std::vector<std::string> check();

  /// A failure of the runtime's own, with words.
  CallError failure(Errc code, std::string text, std::uint64_t id = 0) const;
  /// The failure of the exception that is being handled; FiberUnwind is let pass. Sets
  /// `conflict_here` when it is an ETag conflict of this activation's own.
  CallError capture_current(bool& conflict_here) const;

  /// Counts a user of this object; the last to leave deletes it.
  void acquire() noexcept { users_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept;
  bool is_last_user() const noexcept { return users_.load(std::memory_order_acquire) == 1; }

  Services services;
  SiloOptions options;
  ExceptionRegistry exceptions;
  ServiceRegistry service_registry;
  std::vector<std::string> problems;
  std::vector<std::unique_ptr<IncomingCallFilter>> incoming_filters;
  std::vector<std::unique_ptr<OutgoingCallFilter>> outgoing_filters;
  LocalDirectory local_directory;
  Directory* directory;
  std::vector<std::unique_ptr<SiloWorker>> workers;
  std::atomic<std::size_t> activation_count{0};

 private:
  void check_options(std::vector<std::string>& found) const;

  std::vector<std::unique_ptr<GrainClass>> classes_;
  std::map<std::string, GrainClass*, std::less<>> by_type_;
  std::atomic<SiloStatus> status_{SiloStatus::created};
  std::atomic<std::uint32_t> users_{1};
};

}  // namespace thresher::runtime

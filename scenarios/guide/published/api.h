// The interface that the integration guide's samples are written against, in C++.
//
// The published patterns are translated faithfully: leaving a scope frees nothing, so objects live
// until they are disposed and what a sample drops undisposed is an entry in the Ledger; each
// `await` of a sample is one schedule point (`await_point`), and nothing else is; failures are
// exceptions, as in the samples, so that their try/catch stays where it is. Two layers implement
// it: Thresher's own (published/thresher_layer) and one that behaves as DotCompute does.
#pragma once

#include "thresher/gpu/reset.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/fiber/services.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thresher::scenarios::published {

/// Exceptions by the names that the samples catch; callers get the operating error behind them.
class Exception : public runtime::ErrorException {
 public:
  Exception(std::string text, const runtime::Error& error)
      : ErrorException{error}, words_{std::move(text)} {}
  const char* what() const noexcept override { return words_.c_str(); }

 private:
  std::string words_;
};
class OutOfMemoryException final : public Exception {
  using Exception::Exception;
};
class InvalidOperationException : public Exception {
  using Exception::Exception;
};
class OperationCanceledException final : public Exception {
  using Exception::Exception;
};
/// In .NET a kind of InvalidOperationException, so that samples catch it as one.
class ObjectDisposedException final : public InvalidOperationException {
  using InvalidOperationException::InvalidOperationException;
};
/// Everything else that the device reports.
class AcceleratorException final : public Exception {
  using Exception::Exception;
};

/// Throws the exception whose kind a sample would see for `error`.
[[noreturn]] void throw_for(const runtime::Error& error, std::string_view doing);

using gpu::ResetOptions;
using gpu::ResetType;

/// Presets as a user of DotCompute gets them: GrainDeactivation, ErrorRecovery and CompleteCleanup
/// with the guide's values, those named after levels with DotCompute's own. Hard's Reinitialize is
/// false there; that of Soft and Context too, but there it is never read, so that over a layer that
/// reads it they must say true to mean the same.
namespace presets {
inline constexpr ResetOptions soft = ResetOptions::Soft;
inline constexpr ResetOptions context = ResetOptions::Context;
inline constexpr ResetOptions hard{.reset_type = ResetType::hard,
                                   .clear_memory_pool = true,
                                   .clear_kernel_cache = true,
                                   .timeout = std::chrono::seconds{60},
                                   .reinitialize = false};
inline constexpr ResetOptions full = ResetOptions::Full;
inline constexpr ResetOptions grain_deactivation = ResetOptions::GrainDeactivation;
inline constexpr ResetOptions error_recovery = ResetOptions::ErrorRecovery;
inline constexpr ResetOptions complete_cleanup = ResetOptions::CompleteCleanup;
}  // namespace presets

struct ResetResult {
  bool success = false;
  ResetType reset_type = ResetType::soft;
  std::string error_message;
  runtime::Duration duration{};
  std::uint64_t memory_freed_bytes = 0;
};

/// What was made and what was disposed: a garbage-collected language frees memory, not devices.
class Ledger {
 public:
  struct Entry {
    std::uint64_t id = 0;
    const char* kind = "";
    std::string owner;
    bool disposed = false;
  };
  /// Registers a new object of `kind` ("accelerator", "buffer"), made for `owner`; gives its id.
  std::uint64_t made(const char* kind, std::string owner);
  /// Requires: `id` is alive.
  void disposed(std::uint64_t id);
  std::uint64_t alive(std::string_view kind) const noexcept;
  /// Requires: `id` was given by `made`.
  bool alive(std::uint64_t id) const noexcept;
  /// The entries never disposed, in order of making.
  std::vector<Entry> undisposed() const;

 private:
  std::vector<Entry> entries_;
};

class Buffer {
 public:
  virtual ~Buffer() = default;
  virtual std::uint64_t length() const noexcept = 0;
  virtual void copy_from(std::span<const double> values) = 0;
  virtual void copy_to(std::span<double> values) = 0;
  virtual void dispose() = 0;
};

class Kernel {
 public:
  virtual ~Kernel() = default;
};

/// IAccelerator as the samples use it. Objects it gives stay valid memory until the run ends.
class Accelerator {
 public:
  virtual ~Accelerator() = default;
  virtual std::uint32_t device_id() const noexcept = 0;
  virtual const std::string& device_name() const noexcept = 0;
  virtual std::uint64_t total_memory() = 0;
  virtual std::uint64_t available_memory() = 0;
  virtual Buffer& allocate(std::uint64_t length) = 0;
  virtual Kernel& compile_kernel(std::string_view kernel_name) = 0;
  /// Runs `kernel` over `buffer` with one scalar.
  virtual void execute_kernel(Kernel& kernel, Buffer& buffer, double scalar) = 0;
  virtual ResetResult reset(const ResetOptions& options,
                            const runtime::CancellationToken& token) = 0;
  virtual void dispose() = 0;
  /// Id in the ledger.
  virtual std::uint64_t ledger_id() const noexcept = 0;
  /// For checkers, not for samples: whether its own resets left it able to serve. Asks no device,
  /// and never parks.
  virtual bool usable() const noexcept = 0;
};

/// What a layer tells the harness, and no sample.
class LayerObserver {
 public:
  virtual ~LayerObserver() = default;
  /// A reset that `owner` asked for destroyed `buffers` live buffers of `victim`, who was told
  /// nothing.
  virtual void neighbour_reset(const std::string& owner, const std::string& victim,
                               std::uint64_t buffers) = 0;
};

/// AcceleratorFactory as the samples use it.
class AcceleratorFactory {
 public:
  virtual ~AcceleratorFactory() = default;
  /// CreateAsync without a device: the default one.
  virtual Accelerator& create(const runtime::CancellationToken& token, std::string owner) = 0;
  virtual std::uint32_t device_count() = 0;
};

}  // namespace thresher::scenarios::published

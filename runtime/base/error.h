// Operating errors as small values: what went wrong, where it was noticed, whether it was injected.
//
// A code exists only when some caller can react to it in particular; the words are made when
// printing. Programmer errors are assertions (assert.h), a user's exception is a GrainFailure.
#pragma once

#include "thresher/runtime/base/expected.h"
#include "thresher/runtime/base/source_location.h"

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace thresher::runtime {

/// What went wrong. Each comment says when to use a code rather than its neighbour.
enum class Errc : std::uint8_t {
  // Ends of waits and calls.
  timeout,             ///< A deadline passed; the outcome is unknown, the work may still run.
  cancelled,           ///< The caller's token was cancelled before the result was there.
  closed,              ///< The object was closed in an orderly way and takes no more work.
  process_gone,        ///< The process (real or simulated) behind the seam has ended or is ending.
  // The caller's doing.
  invalid_argument,    ///< The call can never succeed with these arguments.
  not_found,           ///< The named thing does not exist.
  already_exists,      ///< The name is taken.
  uninitialised,       ///< Reset without Reinitialize came before: the accelerator answers no more.
  stale_handle,        ///< A handle of an older epoch; it never reached the driver.
  refused,             ///< The caller no longer has the right (dead activation, revoked lease).
  unsupported,         ///< This build, driver or device kind cannot do it.
  needs_isolation,     ///< Only a driver in its own process can do it (Full reset).
  // Resources and devices; the error classes of the accelerator layer (design, section 4).
  capacity,            ///< Out of memory or slots: trim, spill, retry; no reset helps more.
  overloaded,          ///< A bounded queue is full: retry later, elsewhere or with less.
  unavailable,         ///< Not now (device busy, system not ready): back off.
  caller_bug,          ///< The driver refused the arguments: report, change nothing.
  context_lost,        ///< The context is unusable: Hard reset.
  process_lost,        ///< The driver's process is poisoned: Full reset.
  device_lost,         ///< The device is gone: quarantine it and fail over.
  quarantined,         ///< The device or accelerator was taken out of service after failures.
  compile_failed,      ///< The kernel's source or PTX was rejected.
  reset_failed,        ///< A reset was tried and did not succeed.
  breaker_open,        ///< A circuit breaker answered instead of the device.
  // Grains.
  rejected,            ///< The runtime refused the message (see the failure for its kind).
  activation_failed,   ///< The grain could not be activated; the cause is in the failure.
  grain_failed,        ///< The grain's method threw; the cause is in the failure.
  inconsistent_state,  ///< ETag conflict: somebody else wrote the state.
  storage_failed,      ///< The storage provider could not read or write.
  decode_failed,       ///< Bytes do not decode to the expected type.
  configuration,       ///< Wrong or missing configuration, found at start.
};

/// The code's own name, as written above.
std::string_view name(Errc code) noexcept;

/// One operating error. Trivially copyable, no strings, cheap to pass by value.
struct Error {
  Errc code = Errc::invalid_argument;
  /// True when a fault injector made this error; reports keep such errors apart.
  bool injected = false;
  /// The driver's own result code where one was behind it (CUresult), else 0.
  std::uint16_t driver_code = 0;
  /// Where it was noticed first.
  SourceLocation origin{};
  /// One id that helps to find the object (device ordinal, activation, epoch), 0 for none.
  std::uint64_t id = 0;

  /// Errors are equal when a caller would react equally: origin is not compared.
  friend bool operator==(const Error& a, const Error& b) noexcept {
    return a.code == b.code && a.injected == b.injected && a.driver_code == b.driver_code &&
           a.id == b.id;
  }
};

/// Makes an error noticed at the caller's place.
constexpr Error make_error(Errc code, std::uint64_t id = 0,
                           SourceLocation origin = SourceLocation::here()) noexcept {
  return Error{.code = code, .injected = false, .driver_code = 0, .origin = origin, .id = id};
}

/// Makes the unexpected value of a Result: `return fail(Errc::timeout);`.
constexpr Unexpected<Error> fail(Errc code, std::uint64_t id = 0,
                                 SourceLocation origin = SourceLocation::here()) noexcept {
  return Unexpected<Error>{make_error(code, id, origin)};
}

/// One line for people: code, driver code, id, injected mark, place.
std::string describe(const Error& error);

/// A value or an operating error.
template <typename T>
using Result = Expected<T, Error>;

/// What `Expected<T, Error>::value()` throws, so that a grain's author may write straight code; the
/// grain's turn catches it and gives the Error back.
class ErrorException : public std::exception {
 public:
  explicit ErrorException(const Error& error) : error_{error}, text_{describe(error)} {}
  const Error& error() const noexcept { return error_; }
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  Error error_;
  std::string text_;
};

/// What `.value()` throws for Errc::inconsistent_state: somebody else wrote the state (ETag
/// conflict; Orleans: InconsistentStateException). When it escapes a request, the runtime
/// deactivates the activation in which it was first thrown, and only that one.
class InconsistentStateError : public ErrorException {
 public:
  explicit InconsistentStateError(const Error& error, bool source = true)
      : ErrorException{error}, source_{source} {}
  /// True in the activation whose own storage operation conflicted, false at its callers.
  bool source() const noexcept { return source_; }

 private:
  bool source_;
};

/// Throws InconsistentStateError for that code, else ErrorException.
[[noreturn]] void throw_bad_access(const Error& error);

}  // namespace thresher::runtime

/// Propagates the error of `expression` from the enclosing function, else names its value.
#define THRESHER_TRY(variable, expression)                              \
  auto variable##_result = (expression);                                \
  if (!variable##_result) {                                             \
    return ::thresher::runtime::Unexpected{variable##_result.error()};  \
  }                                                                     \
  auto variable = std::move(variable##_result).value_unchecked()

/// Propagates the error of `expression`, whose value is void or not needed.
#define THRESHER_TRY_VOID(expression)                                         \
  do {                                                                        \
    if (auto try_result = (expression); !try_result) {                        \
      return ::thresher::runtime::Unexpected{try_result.error()};             \
    }                                                                         \
  } while (false)

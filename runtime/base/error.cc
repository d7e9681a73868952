// Names and one-line descriptions of operating errors. Words are made here, when printing, and
// nowhere else.
#include "thresher/runtime/base/error.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::runtime {

std::string_view name(Errc code) noexcept {
  switch (code) {
    case Errc::timeout: return "timeout";
    case Errc::cancelled: return "cancelled";
    case Errc::closed: return "closed";
    case Errc::process_gone: return "process_gone";
    case Errc::invalid_argument: return "invalid_argument";
    case Errc::not_found: return "not_found";
    case Errc::already_exists: return "already_exists";
    case Errc::uninitialised: return "uninitialised";
    case Errc::stale_handle: return "stale_handle";
    case Errc::refused: return "refused";
    case Errc::unsupported: return "unsupported";
    case Errc::needs_isolation: return "needs_isolation";
    case Errc::capacity: return "capacity";
    case Errc::overloaded: return "overloaded";
    case Errc::unavailable: return "unavailable";
    case Errc::caller_bug: return "caller_bug";
    case Errc::context_lost: return "context_lost";
    case Errc::process_lost: return "process_lost";
    case Errc::device_lost: return "device_lost";
    case Errc::quarantined: return "quarantined";
    case Errc::compile_failed: return "compile_failed";
    case Errc::reset_failed: return "reset_failed";
    case Errc::breaker_open: return "breaker_open";
    case Errc::rejected: return "rejected";
    case Errc::activation_failed: return "activation_failed";
    case Errc::grain_failed: return "grain_failed";
    case Errc::inconsistent_state: return "inconsistent_state";
    case Errc::storage_failed: return "storage_failed";
    case Errc::decode_failed: return "decode_failed";
    case Errc::configuration: return "configuration";
  }
  THRESHER_UNREACHABLE();
}

std::string describe(const Error& error) {
  std::string text{name(error.code)};
  if (error.driver_code != 0) {
    text += " (driver code " + std::to_string(error.driver_code) + ")";
  }
  if (error.id != 0) {
    text += " #" + std::to_string(error.id);
  }
  if (error.injected) {
    text += " [injected]";
  }
  text += " at ";
  text += error.origin.file;
  text += ":" + std::to_string(error.origin.line);
  return text;
}

void throw_bad_access(const Error& error) {
  if (error.code == Errc::inconsistent_state) throw InconsistentStateError{error};
  throw ErrorException{error};
}

}  // namespace thresher::runtime

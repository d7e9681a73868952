// Words for reset levels and results.
//
// The result names its failure, so that no log line claims what the result denies.
#include "thresher/gpu/reset.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::gpu {

namespace {

std::string milliseconds(runtime::Duration span) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(span).count()) +
         " ms";
}

}  // namespace

std::string_view name(ResetType type) noexcept {
  switch (type) {
    case ResetType::soft: return "Soft";
    case ResetType::context: return "Context";
    case ResetType::hard: return "Hard";
    case ResetType::full: return "Full";
  }
  THRESHER_UNREACHABLE();
}

std::string ResetResult::message() const {
  std::string text = "Device reset: Type=" + std::string{name(reset_type)} +
                     ", Success=" + (success ? "true" : "false") +
                     ", Duration=" + milliseconds(duration) +
                     ", Memory=" + std::to_string(memory_freed_bytes >> 20) + " MB";
  if (pending_operations_cleared > 0) {
    text += ", dropped " + std::to_string(pending_operations_cleared) + " operations";
  }
  if (quarantined_bytes > 0) {
    text += ", quarantined " + std::to_string(quarantined_bytes) + " bytes";
  }
  if (!invalidated.empty()) {
    text += ", took from " + std::to_string(invalidated.size()) + " other accelerators";
  }
  if (error) text += ", failed: " + runtime::describe(*error);
  return text;
}

}  // namespace thresher::gpu

// What this program was built from, in words. The values come from runtime/base/build_info.h;
// nothing here decides anything.
#include "thresher/cli/build_text.h"

#include "thresher/runtime/base/build_info.h"

namespace thresher::cli {

std::string commit_text() {
  constexpr std::size_t digits = 12;
  std::string text{runtime::build_commit().substr(0, digits)};
  return runtime::build_dirty() ? text + "+dirty" : text;
}

std::string version_line() {
  std::string text = "thresher " + commit_text();
  return text.append(" (").append(runtime::build_type()).append(")");
}

}  // namespace thresher::cli

// What this program was built from, in the words of its reports. Pure functions of the build;
// nothing of them enters a run.
#pragma once

#include <string>

namespace thresher::cli {

/// "81cc8d2f3a10" or "81cc8d2f3a10+dirty", or "unknown".
std::string commit_text();

/// "thresher COMMIT (BUILD TYPE)".
std::string version_line();

}  // namespace thresher::cli

// The command `list`: the scenarios, one a line. A pure function of the scenarios; what is printed
// as JSON is in docs/output-format.md.
#pragma once

#include "thresher/cli/campaign/executor.h"
#include "thresher/cli/command_line.h"

#include <string>

namespace thresher::cli {

/// What `list` prints: name, mark of negative ones and summary; verbosely, also their defects.
std::string list_text(Scenarios scenarios, const ListArguments& arguments);

}  // namespace thresher::cli

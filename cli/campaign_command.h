// The command `campaign`: many seeds in worker processes, and what they come to. The work itself
// is in campaign/; here options become a campaign and a campaign an exit code.
#pragma once

#include "thresher/cli/command_line.h"
#include "thresher/cli/program.h"

namespace thresher::cli {

/// Gives the exit code: the campaign's verdict, or 130 after Ctrl-C. Errors: what was asked for
/// wrongly, or a harness that cannot go on.
Parsed<int> do_campaign(const CampaignArguments& arguments, const Surroundings& surroundings);

}  // namespace thresher::cli

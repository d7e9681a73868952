// Tasks, answers and their parts as JSON, for the pipe to a worker and for the journal on disk.
//
// Both ends are the same program, except for the journal, which an older one may have written; so
// reading checks types and answers nothing, rather than half a thing, when something is missing.
#pragma once

#include "thresher/cli/campaign/task.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>

namespace thresher::cli {

using Json = nlohmann::json;

Json to_json(const RunSettings& settings);
Json to_json(const Task& task);
Json to_json(const Outcome& outcome);
Json to_json(const Totals& totals);
Json to_json(const sim::RunResult& result);
Json to_json(const Answer& answer);

/// Each gives nothing when `json` is not what the matching `to_json` wrote.
std::optional<RunSettings> settings_from(const Json& json);
std::optional<Task> task_from(const Json& json);
std::optional<Outcome> outcome_from(const Json& json);
std::optional<Totals> totals_from(const Json& json);
std::optional<sim::RunResult> result_from(const Json& json);
std::optional<Answer> answer_from(const Json& json);

}  // namespace thresher::cli

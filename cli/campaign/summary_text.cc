// A campaign's summary for a terminal.
// One function a section; sections without rows are left out.
#include "thresher/cli/build_text.h"
#include "thresher/cli/campaign/summary.h"
#include "thresher/cli/campaign/table.h"
#include "thresher/cli/text.h"

#include <algorithm>

namespace thresher::cli {

namespace {

constexpr std::size_t differences_shown_max = 3;

std::string per_second(std::uint64_t amount, std::chrono::milliseconds elapsed) {
  const auto milliseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(1, elapsed.count()));
  return grouped(amount * 1000 / milliseconds);
}

std::string head(const Summary& summary, const WallFacts& wall) {
  const auto simulated = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(summary.virtual_time()).count());
  std::string text = "campaign  " + counted(summary.scenarios.size(), "scenario") + ", " +
                     counted(summary.runs(), "run") + " from seed " +
                     std::to_string(summary.config.first_seed);
  if (!summary.config.seed_origin.empty()) text += " (" + summary.config.seed_origin + ")";
  text += ", commit " + summary.config.commit + "\n";
  text += "          " + span_text(wall.elapsed) + " on " + counted(wall.jobs, "job") + ", " +
          per_second(summary.runs(), wall.elapsed) + " runs/s, " +
          per_second(simulated / 1000, wall.elapsed) + " simulated s/s";
  if (!wall.stopped_by.empty()) text += ", stopped by " + wall.stopped_by;
  return text + "\n";
}

std::string scenario_table(const Summary& summary) {
  Table table{{"scenario", "runs", "failed", "steps min", "avg", "max", "at step bound",
               "virtual time", "note"}};
  for (const ScenarioRow& row : summary.scenarios) {
    const Totals& all = row.totals;
    if (all.runs == 0) continue;
    std::string note = all.runs < row.planned ? "of " + grouped(row.planned) : "";
    if (row.gave_up) note += ", given up: it hangs";
    table.add({row.scenario, grouped(all.runs), grouped(all.failed), grouped(all.steps_min),
               grouped(all.steps_sum / all.runs), grouped(all.steps_max),
               percent(all.at_step_bound, all.runs), span_text(all.virtual_time), note});
  }
  return table.empty() ? "" : table.text();
}

std::string strategy_table(const Summary& summary) {
  Table table{{"strategy", "runs", "failed", "share"}};
  for (const auto& [name, row] : summary.strategies) {
    table.add({name, grouped(row.runs), grouped(row.failed), percent(row.failed, row.runs)});
  }
  return table.empty() ? "" : table.text();
}

std::string sometimes_table(const Summary& summary) {
  Table table{{"sometimes", "scenario", "held in", "of runs", "share", ""}};
  for (const SometimesRow& row : summary.sometimes) {
    std::string status;
    if (row.status == Judged::missed) status = "MISS";
    if (row.status == Judged::not_judged) {
      status = "not judged below " + grouped(row.declared) + " runs";
    }
    table.add({row.label, row.scenario, grouped(row.held), grouped(row.runs),
               percent(row.held, row.runs), status});
  }
  return table.empty() ? "" : table.text();
}

std::string hunt_lines(const Summary& summary) {
  std::string text;
  for (const HuntRow& row : summary.hunts) {
    text += std::string{row.found ? "found " : "LIVES "} + (row.canary ? " canary  " : " defect  ");
    text += row.label + " in " + row.settings.scenario;
    text += std::string{row.found ? " after " : " through "} + counted(row.seeds, "seed");
    if (row.cut_short && !row.found) text += " (cut short: raise --time-budget)";
    text += "\n";
    if (!row.found) continue;
    text += "         " + reproducing_command(row.settings, row.fastest.spec, "") + "\n";
  }
  for (const std::string& note : summary.unlisted) {
    text += "note   a hunt also met a label that its scenario does not list: " + note + "\n";
  }
  return text;
}

std::string difference_lines(const Summary& summary) {
  std::string text = "twins  " + counted(summary.twins_compared, "run") + " done twice, " +
                     grouped(summary.differing.size()) + " differed\n";
  std::size_t shown = 0;
  for (const DifferenceRow& row : summary.differing) {
    if (shown++ == differences_shown_max) {
      text += "and " + grouped(summary.differing.size() - differences_shown_max) +
              " more differences: summary.json has all\n";
      break;
    }
    text += "\nFAIL  nondeterminism: two runs of one seed differ\n";
    for (const Outcome* each : {&row.first, &row.second}) {
      text += std::string{each == &row.first ? "  first   " : "  second  "};
      text.append(sim::name(each->verdict)).append(each->label.empty() ? "" : " ");
      text += each->label + ", steps " + grouped(each->steps) + ", trace hash " +
              hex64(each->trace_hash) + "\n";
    }
    text += row.story;
    text += "reproduce: " + reproducing_command(row.settings, row.first.spec, "") + "\n";
  }
  return text;
}

std::string trouble_lines(const Summary& summary) {
  std::string text;
  for (const Killed& each : summary.killed) {
    text += "harness: a worker was killed from outside in " + each.leg + " at seed " +
            hex64(each.seed) + ", most likely by the kernel for lack of memory\n";
  }
  for (const std::string& trouble : summary.troubles) text += "harness: " + trouble + "\n";
  return text;
}

std::string failure_block(const FailureRow& row) {
  std::string text = "\n" + failure_text(row.report);
  text += "  seen      " + grouped(row.group.count) + " of " + counted(row.runs, "run") + " (" +
          percent(row.group.count, row.runs) + "), first at seed #" +
          grouped(row.group.first_index + 1) + "; this is the fastest\n";
  if (!row.folder.empty()) text += "  kept in   " + row.folder + "\n";
  text += verdict_line(row.report.result) + "\n";
  return text + "reproduce: " +
         reproducing_command(row.report.settings, row.report.spec, row.report.tape) + "\n";
}

std::string section(const std::string& text) { return text.empty() ? "" : "\n" + text; }

}  // namespace

std::string text_of(const Summary& summary, const WallFacts& wall) {
  std::string text = head(summary, wall);
  text += section(scenario_table(summary)) + section(strategy_table(summary));
  text += section(sometimes_table(summary)) + section(hunt_lines(summary));
  text += "\n" + difference_lines(summary) + trouble_lines(summary);
  text += "verdict " + std::string{sim::name(summary.verdict)} + " (exit " +
          std::to_string(static_cast<int>(summary.verdict)) + ")\n";
  for (const FailureRow& row : summary.failures) text += failure_block(row);
  return text;
}

}  // namespace thresher::cli

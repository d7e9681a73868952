// The command line as data, read with CLI11. CLI11 throws; what it throws becomes a Problem of one
// line here and goes no further.
#include "thresher/cli/command_line.h"

#include "thresher/cli/build_text.h"
#include "thresher/cli/text.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <sstream>

namespace thresher::cli {

namespace {

constexpr std::array<std::string_view, 4> visible_commands{"list", "run", "campaign", "replay"};

void add_format(CLI::App& command, Format& format) {
  command.add_option_function<std::string>(
             "--format",
             [&format](const std::string& text) {
               format = text == "json" ? Format::json : Format::text;
             },
             "How to print the result: text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->default_str("text");
}

void add_key(CLI::App& command, KeyArguments& key) {
  command.add_option("--strategy", key.strategy,
                     "Who picks the next fiber: random, pct:d=3 or pct:d=3,k=400");
  command.add_option("--profile", key.profile, "Device profile")->capture_default_str();
  command.add_option("--knob", key.knobs, "An option of the scenario, name=value; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--faults", key.faults, "Fault plan (JSON) instead of drawn faults");
  command.add_option("--only", key.only, "Judge only the check with this label");
}

void add_limits(CLI::App& command, std::string& run_timeout, std::string& memory) {
  command.add_option("--run-timeout", run_timeout,
                     "Wall-clock time after which one run is a hang, such as 60s");
  command.add_option("--memory", memory, "Memory a worker process may hold")
      ->capture_default_str();
}

void add_run(CLI::App& command, RunArguments& run) {
  add_key(command, run.key);
  command.add_option("--trace", run.trace, "Write the event trace to this file");
  command.add_option("--record", run.record, "Write the tape of all choices to this file");
  add_format(command, run.format);
  add_limits(command, run.run_timeout, run.memory);
}

/// Everything the parser fills; lives as long as the parse.
struct Arguments {
  ListArguments list;
  RunArguments run;
  ReplayArguments replay;
  CampaignArguments campaign;
  WorkerArguments worker;
};

void declare_list(CLI::App& app, ListArguments& list) {
  CLI::App& command = *app.add_subcommand("list", "Print the scenarios, one a line");
  command.add_flag("-v,--verbose", list.verbose, "Also their summaries and known defects");
  add_format(command, list.format);
}

void declare_run(CLI::App& app, RunArguments& run) {
  CLI::App& command = *app.add_subcommand("run", "Run one scenario with one seed");
  command.add_option("SCENARIO", run.scenario, "Its name, as `list` prints it")->required();
  command.add_option("--seed", run.seed, "Decimal, 0x hexadecimal, or a commit's hash")
      ->capture_default_str();
  add_run(command, run);
}

void declare_replay(CLI::App& app, ReplayArguments& replay) {
  CLI::App& command = *app.add_subcommand("replay", "Run a seed, or the tape of a run, again");
  command.add_option("SEED-OR-TAPE", replay.run.seed, "A seed, or the file of a tape")->required();
  command.add_option("SCENARIO", replay.run.scenario, "Needed with a seed; a tape names its own");
  add_run(command, replay.run);
  command.add_option("--break-at", replay.break_at,
                     "Raise SIGTRAP at this step, for a debugger; runs in this process");
  command.add_option("--mode", replay.mode,
                     "What to do where the tape does not fit: strict stops, best-effort goes on")
      ->check(CLI::IsMember({"strict", "best-effort"}))
      ->capture_default_str();
}

void declare_campaign(CLI::App& app, CampaignArguments& campaign) {
  CLI::App& command = *app.add_subcommand(
      "campaign", "Run many seeds of the named scenarios, or of all, in worker processes");
  command.add_option("SCENARIO", campaign.scenarios,
                     "Names; without one: all but the negative ones, which are hunted");
  command.add_option("--seeds", campaign.seeds, "Seeds for each scenario (default 2000)");
  command.add_option("--first-seed", campaign.first_seed, "Decimal, 0x hexadecimal, or a commit")
      ->capture_default_str();
  command.add_option("-j,--jobs", campaign.jobs, "Worker processes (default: one a processor)");
  command.add_option("--time-budget", campaign.time_budget,
                     "Stop exploring after this time, such as 60s "
                     "(default 45s without --seeds and --resume)");
  command.add_option("--hunt-seeds", campaign.hunt_seeds, "Seeds for each defect that is hunted")
      ->capture_default_str();
  add_key(command, campaign.key);
  command.add_option("--out", campaign.out, "Folder for failures, tapes and the summary")
      ->capture_default_str();
  add_format(command, campaign.format);
  command.add_flag("--twice", campaign.twice,
                   "Run every seed a second time in another process and compare, not 5 % of them");
  command.add_flag("--resume", campaign.resume, "Go on with the campaign kept in --out");
  command.add_flag("-q,--quiet", campaign.quiet, "No progress");
  add_limits(command, campaign.run_timeout, campaign.memory);
}

CommandLine chosen(const CLI::App& app, Arguments arguments) {
  if (app.got_subcommand("list")) return arguments.list;
  if (app.got_subcommand("run")) return arguments.run;
  if (app.got_subcommand("replay")) return arguments.replay;
  if (app.got_subcommand("campaign")) return arguments.campaign;
  if (app.got_subcommand("worker")) return arguments.worker;
  return Message{first_words()};
}

std::string in_one_line(std::string text) {
  std::string line;
  for (const char c : text) line += c == '\n' ? ' ' : c;
  while (!line.empty() && (line.back() == ' ' || line.back() == '.')) line.pop_back();
  return line;
}

std::string used_command(const CLI::App& app) {
  for (const std::string_view name : visible_commands) {
    if (app.got_subcommand(std::string{name})) return " " + std::string{name};
  }
  return "";
}

bool is_command(std::string_view word) {
  return std::find(visible_commands.begin(), visible_commands.end(), word) !=
         visible_commands.end();
}

runtime::Unexpected<Problem> unknown_command(std::string_view word) {
  const std::string meant = nearest(word, visible_commands);
  return misuse("unknown command " + shell_word(word) + "; " +
                (meant.empty() ? "" : "did you mean " + meant + "? ") + "see ./thresher --help");
}

}  // namespace

std::string first_words() {
  return "Thresher shakes GPU-backed grains in a simulated world until they break.\n"
         "Type one of these first:\n"
         "\n"
         "  ./thresher campaign              hunt through all scenarios, under a minute\n"
         "  ./thresher list                  what there is to hunt\n"
         "  ./thresher run guide/pooled_as_published --seed 1\n"
         "                                   one run; the same seed gives the same run, always\n"
         "  ./thresher replay SEED SCENARIO  a failure again, from the line that reported it\n"
         "  ./thresher campaign --help       everything a campaign can be told\n";
}

Parsed<CommandLine> read_command_line(int argc, const char* const* argv) {
  if (argc <= 1) return CommandLine{Message{first_words()}};
  CLI::App app{"Thresher: deterministic simulation and fault injection for GPU-backed grains",
               "thresher"};
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", version_line());
  app.set_help_all_flag("--help-all", "Print the help of all commands");
  Arguments arguments;
  declare_list(app, arguments.list);
  declare_run(app, arguments.run);
  declare_replay(app, arguments.replay);
  declare_campaign(app, arguments.campaign);
  CLI::App& worker = *app.add_subcommand("worker", "");
  worker.group("");
  worker.add_option("MEMORY", arguments.worker.memory_bytes);
  const std::string_view first = argv[1];
  if (!first.starts_with("-") && first != "worker" && !is_command(first)) {
    return unknown_command(first);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {
    std::ostringstream text;
    app.exit(wanted, text, text);
    return CommandLine{Message{text.str()}};
  } catch (const CLI::ParseError& error) {
    return misuse(in_one_line(error.what()) + "; see ./thresher" + used_command(app) + " --help");
  }
  return chosen(app, std::move(arguments));
}

}  // namespace thresher::cli

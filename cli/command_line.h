// The command line as data: which command, and its options as text, not yet judged.
//
// What needs knowledge of scenarios, files or numbers is judged by the commands, so that each wrong
// value gets its own clear line.
#pragma once

#include "thresher/cli/problem.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace thresher::cli {

enum class Format { text, json };

/// What a command prints and ends with, when the command line asks for nothing else (help,
/// version).
struct Message {
  std::string text;
};

struct ListArguments {
  bool verbose = false;
  Format format = Format::text;
};

/// What decides a run besides its seed.
struct KeyArguments {
  std::string strategy;
  std::string profile = "default";
  std::vector<std::string> knobs;
  std::string faults;
  std::string only;
};

struct RunArguments {
  std::string scenario;
  std::string seed = "1";
  KeyArguments key;
  std::string trace;
  std::string record;
  Format format = Format::text;
  std::string run_timeout;
  std::string memory = "2G";
};

struct ReplayArguments {
  /// `run.seed` holds the seed or the tape's file; `run.scenario` may be empty for a tape.
  RunArguments run;
  std::string break_at;
  std::string mode = "strict";
};

struct CampaignArguments {
  std::vector<std::string> scenarios;
  std::string seeds;
  std::string first_seed = "1";
  std::string jobs;
  std::string time_budget;
  std::string hunt_seeds = "2000";
  KeyArguments key;
  std::string out = "thresher-out";
  Format format = Format::text;
  bool resume = false;
  bool twice = false;
  bool quiet = false;
  std::string run_timeout;
  std::string memory = "2G";
};

/// The hidden command by which the program starts itself as a twin worker.
struct WorkerArguments {
  std::string memory_bytes;
};

using CommandLine = std::variant<Message, ListArguments, RunArguments, ReplayArguments,
                                 CampaignArguments, WorkerArguments>;

/// Reads the command line. Errors: what does not parse, in one line.
Parsed<CommandLine> read_command_line(int argc, const char* const* argv);

/// What a newcomer sees who typed nothing but the program's name.
std::string first_words();

}  // namespace thresher::cli

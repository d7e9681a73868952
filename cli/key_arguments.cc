// From the options of the command line to what a run is a function of. Files are read here and not
// later, so that a wrong path costs no run.
#include "thresher/cli/key_arguments.h"

#include "thresher/cli/numbers.h"
#include "thresher/cli/text.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace thresher::cli {

namespace {

/// The library's words say line and column; what it puts before them is of no use to people.
std::string parse_words(const std::string& what) {
  const std::size_t at = what.find("at line");
  return at == std::string::npos ? what : what.substr(at);
}

Parsed<std::string> read_plan(const std::string& path) {
  const std::string place = "--faults " + shell_word(path) + ": ";
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  struct stat status {};
  int why = file ? 0 : errno;
  if (why == 0 && ::stat(path.c_str(), &status) != 0) why = errno;
  if (why == 0 && S_ISDIR(status.st_mode)) why = EISDIR;
  if (why != 0) {
    return misuse(place + "cannot be read (" + std::strerror(why) +
                  "); give the path of a fault plan");
  }
  text << file.rdbuf();
  try {
    [[maybe_unused]] const auto plan = nlohmann::json::parse(text.str());
  } catch (const nlohmann::json::parse_error& error) {
    return misuse(place + "is no JSON " + parse_words(error.what()) + "; mend the plan there");
  }
  return text.str();
}

}  // namespace

Parsed<sim::StrategySpec> parse_strategy(const std::string& text) {
  auto strategy = sim::StrategySpec::parse(text);
  if (!strategy) {
    return misuse("--strategy " + shell_word(text) +
                  ": unknown; give random, pct:d=3 or pct:d=3,k=400 (d from 1 to 100, k from 1)");
  }
  const bool measured = text.find("k=") == std::string::npos;
  if (strategy->kind == sim::StrategySpec::Kind::pct && measured) strategy->length = 0;
  return *strategy;
}

Parsed<const scenarios::Scenario*> known_scenario(Scenarios scenarios, const std::string& name) {
  if (const auto* const scenario = find(scenarios, name)) return scenario;
  std::vector<std::string_view> names;
  for (const auto* each : scenarios) names.push_back(each->info().name);
  const std::string meant = nearest(name, names);
  return misuse("unknown scenario " + shell_word(name) + "; " +
                (meant.empty() ? "" : "did you mean " + meant + "? ") +
                "./thresher list prints them all");
}

Parsed<RunSettings> settings_of(const KeyArguments& key, const std::string& scenario) {
  RunSettings settings;
  settings.scenario = scenario;
  settings.profile = key.profile;
  settings.only = key.only;
  for (const std::string& text : key.knobs) {
    THRESHER_TRY(knob, parse_knob(text));
    if (!settings.knobs.insert(knob).second) {
      return misuse("--knob " + shell_word(text) + ": given twice; leave one out");
    }
  }
  if (!key.faults.empty()) {
    THRESHER_TRY(plan, read_plan(key.faults));
    settings.plan = plan;
    settings.plan_path = key.faults;
  }
  return settings;
}

Parsed<void> check_writable(std::string_view option, const std::string& path) {
  const bool existed = ::access(path.c_str(), F_OK) == 0;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) {
    return misuse(std::string{option} + " " + shell_word(path) + ": cannot be written (" +
                  std::strerror(errno) + "); give a file in a folder of yours");
  }
  ::close(fd);
  if (!existed) ::unlink(path.c_str());
  return {};
}

Parsed<CrewLimits> limits_of(std::uint32_t jobs, const std::string& run_timeout,
                             const std::string& memory) {
  CrewLimits limits;
  limits.jobs = jobs;
  limits.run_timeout = default_run_timeout();
  if (!run_timeout.empty()) {
    THRESHER_TRY(span, parse_span("--run-timeout", run_timeout));
    limits.run_timeout = span;
  }
  THRESHER_TRY(bytes, parse_size("--memory", memory));
  if (bytes < (std::uint64_t{64} << 20)) {
    return misuse("--memory " + shell_word(memory) + ": too little to run in; give 64M or more");
  }
  limits.memory_bytes = bytes;
  return limits;
}

}  // namespace thresher::cli

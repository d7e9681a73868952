// The campaign's memory on disk. Reading is strict line by line: the first line that is no fact
// ends what is believed.
#include "thresher/cli/campaign/journal.h"

#include "thresher/cli/campaign/wire.h"
#include "thresher/cli/text.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <fcntl.h>
#include <unistd.h>

namespace thresher::cli {

namespace {

constexpr std::string_view format_name = "thresher.journal.1";

Json fact_json(const Explored& fact) {
  Json outcomes = Json::array();
  for (const Outcome& outcome : fact.outcomes) outcomes.push_back(to_json(outcome));
  return {{"explored", fact.leg},
          {"first", fact.range.first},
          {"count", fact.range.count},
          {"totals", to_json(fact.totals)},
          {"outcomes", std::move(outcomes)}};
}

Json fact_json(const Measured& fact) {
  return {{"measured", fact.leg}, {"epoch", fact.epoch}, {"length", fact.length}};
}

Json fact_json(const Twinned& fact) {
  return {{"twinned", fact.leg}, {"first", to_json(fact.first)}, {"second", to_json(fact.second)}};
}

Json fact_json(const Killed& fact) { return {{"killed", fact.leg}, {"seed", fact.seed}}; }

std::optional<Fact> explored_from(const Json& json) {
  Explored fact{json.at("explored"), {json.at("first"), json.at("count")}, {}, {}};
  const auto totals = totals_from(json.at("totals"));
  if (!totals) return std::nullopt;
  fact.totals = *totals;
  for (const Json& each : json.at("outcomes")) {
    auto outcome = outcome_from(each);
    if (!outcome) return std::nullopt;
    fact.outcomes.push_back(*std::move(outcome));
  }
  return fact;
}

std::optional<Fact> twinned_from(const Json& json) {
  const auto first = outcome_from(json.at("first"));
  const auto second = outcome_from(json.at("second"));
  if (!first || !second) return std::nullopt;
  return Twinned{json.at("twinned"), *first, *second};
}

std::optional<Fact> fact_from(const Json& json) {
  try {
    if (json.contains("explored")) return explored_from(json);
    if (json.contains("measured")) {
      return Measured{json.at("measured"), json.at("epoch"), json.at("length")};
    }
    if (json.contains("twinned")) return twinned_from(json);
    if (json.contains("killed")) return Killed{json.at("killed"), json.at("seed")};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Parsed<Journal> Journal::open(const std::string& path, std::uint64_t keep_bytes) {
  Descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666)};
  if (!file.valid() || ::ftruncate(file.get(), static_cast<off_t>(keep_bytes)) != 0 ||
      ::lseek(file.get(), 0, SEEK_END) < 0) {
    return misuse(shell_word(path) + ": cannot be written (" + std::strerror(errno) +
                  "); give a folder of yours with --out");
  }
  return Journal{path, std::move(file)};
}

void Journal::append(const Json& line) {
  if (!trouble_.empty()) return;
  const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t written = ::write(file_.get(), left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      trouble_ = shell_word(path_) + ": cannot be written (" + std::strerror(errno) +
                 "); make room and go on with --resume";
      return;
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Journal::write(const CampaignConfig& config) {
  append({{"format", format_name}, {"config", to_json(config)}});
}

void Journal::write(const Fact& fact) {
  append(std::visit([](const auto& each) { return fact_json(each); }, fact));
}

void Journal::sync() {
  if (::fdatasync(file_.get()) == 0 || !trouble_.empty()) return;
  if (errno == EINVAL) return;  // A file system that does not sync.
  trouble_ = shell_word(path_) + ": cannot be written (" + std::strerror(errno) +
             "); make room and go on with --resume";
}

Parsed<JournalContents> Journal::read(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    return misuse("--resume: " + shell_word(path) +
                  " is not there; start the campaign without --resume");
  }
  JournalContents contents;
  std::string line;
  bool headed = false;
  // A line without its newline was torn by what ended the program: it and what follows is undone.
  while (std::getline(file, line) && !file.eof()) {
    const Json json = Json::parse(line, nullptr, false);
    if (!headed) {
      const bool ours = json.is_object() && json.value("format", "") == format_name;
      const auto config = ours ? config_from(json.value("config", Json{})) : std::nullopt;
      if (!config) break;
      contents.config = *config;
      headed = true;
    } else {
      auto fact = json.is_object() ? fact_from(json) : std::nullopt;
      if (!fact) break;
      contents.facts.push_back(*std::move(fact));
    }
    contents.bytes += line.size() + 1;
  }
  if (!headed) {
    return misuse("--resume: " + shell_word(path) +
                  " is no campaign of this version; start anew without --resume");
  }
  return contents;
}

}  // namespace thresher::cli

// The tape's header and its file: written aside, synced, renamed, so that a file by a tape's name
// is whole.
#include "thresher/sim/tape.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/hash.h"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

namespace thresher::sim {

using runtime::Errc;
using runtime::fail;
using runtime::Result;

void Tape::set_key(const RunKey& key) {
  THRESHER_ASSERT(header.seed == key.seed);
  header.scenario = key.scenario;
  header.profile = key.profile;
  header.strategy = key.strategy.text();
  header.knobs = key.knobs;
  header.plan = key.plan;
}

Result<RunKey> Tape::key() const {
  THRESHER_TRY(strategy, StrategySpec::parse(header.strategy));
  return RunKey{.scenario = header.scenario,
                .seed = header.seed,
                .profile = header.profile,
                .strategy = strategy,
                .knobs = header.knobs,
                .plan = header.plan};
}

const TapeLane* Tape::find(std::string_view name) const noexcept {
  for (const TapeLane& lane : lanes) {
    if (lane.name == name) return &lane;
  }
  return nullptr;
}

std::uint64_t Tape::hash_of_sites() const {
  std::vector<std::uint64_t> sites;
  for (const TapeLane& lane : lanes) {
    for (const TapeAnswer& answer : lane.answers) sites.push_back(answer.site);
  }
  std::sort(sites.begin(), sites.end());
  sites.erase(std::unique(sites.begin(), sites.end()), sites.end());
  std::uint64_t hash = 0;
  for (const std::uint64_t site : sites) hash = runtime::combine(hash, site);
  return hash;
}

Result<void> Tape::save(const std::string& path, std::string& problem) const {
  const std::vector<std::byte> bytes = encode();
  const std::string aside = path + ".part";
  const auto give_up = [&](const char* what) -> Result<void> {
    problem = std::string{"cannot "} + what + " tape '" + path + "': " + std::strerror(errno);
    std::remove(aside.c_str());
    return fail(Errc::storage_failed);
  };
  std::FILE* const file = std::fopen(aside.c_str(), "wb");
  if (file == nullptr) return give_up("create");
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() &&
                       std::fflush(file) == 0 && fsync(fileno(file)) == 0;
  if (std::fclose(file) != 0 || !written) return give_up("write");
  if (std::rename(aside.c_str(), path.c_str()) != 0) return give_up("rename");
  return {};
}

Result<Tape> Tape::load(const std::string& path, std::string& problem) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    problem = "cannot open tape '" + path + "': " + std::strerror(errno);
    return fail(Errc::not_found);
  }
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (file.bad()) {
    problem = "cannot read tape '" + path + "'";
    return fail(Errc::storage_failed);
  }
  Result<Tape> tape = decode(std::as_bytes(std::span{text.data(), text.size()}), problem);
  if (!tape) problem = "tape '" + path + "': " + problem;
  return tape;
}

}  // namespace thresher::sim

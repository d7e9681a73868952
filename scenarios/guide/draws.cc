// Knobs are checked before the world starts, so that a wrong one is the user's error and not a run.
// A value set by hand is recorded like a drawn one.
#include "thresher/scenarios/guide/draws.h"

#include "thresher/runtime/base/assert.h"

#include <array>
#include <charconv>
#include <optional>

namespace thresher::scenarios::guide {
namespace {

constexpr std::array knobs{devices_knob,   grains_knob, clients_knob, calls_knob,
                           pool_size_knob, layer_knob,  memory_knob};

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string known_names() {
  std::string names;
  for (const Knob& knob : knobs) {
    names += (names.empty() ? "" : ", ") + std::string{knob.name} + " (" +
             std::to_string(knob.low) + " to " + std::to_string(knob.high) + ")";
  }
  return names;
}

}  // namespace

std::string Draws::problem(const sim::RunKey& key) {
  for (const auto& [name, text] : key.knobs) {
    const Knob* found = nullptr;
    for (const Knob& knob : knobs) {
      if (knob.name == name) found = &knob;
    }
    if (found == nullptr) return "no knob is named " + name + "; there are " + known_names();
    const auto value = number(text);
    if (!value || *value < found->low || *value > found->high) {
      return "knob " + name + " is " + text + "; give a number from " +
             std::to_string(found->low) + " to " + std::to_string(found->high);
    }
  }
  return {};
}

std::uint64_t Draws::of(const Knob& knob) {
  const auto set = key_.knobs.find(std::string{knob.name});
  std::uint64_t value = 0;
  if (set != key_.knobs.end()) {
    value = number(set->second).value_or(knob.low);
  } else {
    const auto lane = choices_.lane("draw/" + std::string{knob.name});
    value = choices_.between(lane, knob.low, knob.high, THRESHER_SITE("guide.draw"));
  }
  THRESHER_ASSERT(value >= knob.low && value <= knob.high);
  checks_.drawn(knob.name, std::to_string(value));
  return value;
}

}  // namespace thresher::scenarios::guide

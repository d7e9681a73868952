// The tape's bytes: magic, format, length, checksum, then the body.
//
// The body holds the header as JSON, a table of the 64-bit words that repeat (sites and
// fibers), the lanes and the schedule as variable-length integers. Every count is checked
// against the bytes that are left before anything is allocated for it.
#include "thresher/runtime/base/assert.h"
#include "thresher/sim/tape.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>
#include <xxhash.h>

namespace thresher::sim {
namespace {

using runtime::Errc;
using runtime::fail;
using runtime::Result;

constexpr std::string_view magic = "THRTAPE\n";
constexpr std::size_t prefix_bytes = 8 + 4 + 8 + 8;

class Writer {
 public:
  void fixed(std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      bytes_.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xff));
    }
  }
  void number(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<std::byte>((value & 0x7f) | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<std::byte>(value));
  }
  void raw(std::string_view text) {
    for (const char c : text) bytes_.push_back(static_cast<std::byte>(c));
  }
  void text(std::string_view text) {
    number(text.size());
    raw(text);
  }
  std::vector<std::byte>& bytes() noexcept { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// Reads until something does not fit; from then on everything is 0 and `ok` is false.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_{bytes} {}

  std::uint64_t fixed(std::size_t size) {
    if (!need(size)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value |= std::to_integer<std::uint64_t>(bytes_[at_ + i]) << (8 * i);
    }
    at_ += size;
    return value;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (!need(1)) return 0;
      const auto byte = std::to_integer<std::uint64_t>(bytes_[at_++]);
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }
  std::string text() {
    const std::uint64_t size = number();
    if (!need(size)) return {};
    const char* const begin = reinterpret_cast<const char*>(bytes_.data() + at_);
    at_ += size;
    return {begin, begin + size};
  }
  /// A count of things that take at least `bytes_each` bytes each.
  std::uint64_t count(std::size_t bytes_each) {
    const std::uint64_t value = number();
    if (value > (bytes_.size() - at_) / bytes_each) ok_ = false;
    return ok_ ? value : 0;
  }
  bool ok() const noexcept { return ok_; }
  bool at_end() const noexcept { return at_ == bytes_.size(); }

 private:
  bool need(std::uint64_t size) {
    if (size > bytes_.size() - at_) ok_ = false;
    return ok_;
  }
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

// Strings of a header are bytes, and JSON holds only UTF-8: what is not gets replaced, in the
// header alone, and only in what people wrote by hand.
std::string header_text(const TapeHeader& header) {
  const nlohmann::json json = {
      {"scenario", header.scenario}, {"seed", header.seed},   {"profile", header.profile},
      {"strategy", header.strategy}, {"knobs", header.knobs}, {"plan", header.plan},
      {"commit", header.commit},     {"sites", header.sites}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool parse_header(const std::string& text, TapeHeader& header) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return false;
  const auto get = [&](const char* key, auto& value) {
    const auto found = json.find(key);
    if (found == json.end()) return false;
    using Value = std::remove_reference_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, std::string>) {
      if (!found->is_string()) return false;
    } else if constexpr (std::is_same_v<Value, std::uint64_t>) {
      if (!found->is_number_unsigned()) return false;
    } else {
      if (!found->is_object()) return false;
      for (const auto& entry : *found) {
        if (!entry.is_string()) return false;
      }
    }
    value = found->get<Value>();
    return true;
  };
  return get("scenario", header.scenario) && get("seed", header.seed) &&
         get("profile", header.profile) && get("strategy", header.strategy) &&
         get("knobs", header.knobs) && get("plan", header.plan) &&
         get("commit", header.commit) && get("sites", header.sites);
}

std::map<std::uint64_t, std::uint64_t> words_of(const Tape& tape) {
  std::map<std::uint64_t, std::uint64_t> words;
  for (const TapeLane& lane : tape.lanes) {
    for (const TapeAnswer& answer : lane.answers) words.emplace(answer.site, 0);
  }
  for (const TapeDeviation& deviation : tape.schedule) words.emplace(deviation.fiber, 0);
  std::uint64_t index = 0;
  for (auto& [word, place] : words) place = index++;
  return words;
}

void write_body(const Tape& tape, Writer& out) {
  out.text(header_text(tape.header));
  const auto words = words_of(tape);
  out.number(words.size());
  for (const auto& [word, place] : words) out.fixed(word, 8);
  out.number(tape.lanes.size());
  for (const TapeLane& lane : tape.lanes) {
    out.text(lane.name);
    out.number(lane.answers.size());
    for (const TapeAnswer& answer : lane.answers) {
      out.number(words.at(answer.site));
      out.number(answer.n);
      out.number(answer.answer);
    }
  }
  out.number(tape.schedule.size());
  std::uint64_t before = 0;
  for (const TapeDeviation& deviation : tape.schedule) {
    out.number(deviation.step - before);
    out.number(words.at(deviation.fiber));
    before = deviation.step;
  }
}

class BodyReader {
 public:
  explicit BodyReader(std::span<const std::byte> bytes) : in_{bytes} {}

  /// False when something does not fit; `problem` then says what.
  bool read(Tape& tape, std::string& problem) {
    const std::string header = in_.text();
    if (!in_.ok() || !parse_header(header, tape.header)) {
      problem = "its header is not what this format has";
      return false;
    }
    words_.resize(in_.count(8));
    for (std::uint64_t& word : words_) word = in_.fixed(8);
    read_lanes(tape);
    read_schedule(tape);
    if (in_.ok() && fits_ && in_.at_end()) return true;
    problem = "its lanes are not what this format has";
    return false;
  }

 private:
  std::uint64_t word() {
    const std::uint64_t index = in_.number();
    if (index < words_.size()) return words_[index];
    fits_ = false;
    return 0;
  }
  void read_lanes(Tape& tape) {
    tape.lanes.resize(in_.count(2));
    for (TapeLane& lane : tape.lanes) {
      lane.name = in_.text();
      lane.answers.resize(in_.count(3));
      for (TapeAnswer& answer : lane.answers) {
        answer.site = word();
        answer.n = in_.number();
        answer.answer = in_.number();
        fits_ = fits_ && (answer.n == 0 || answer.answer < answer.n);
      }
    }
  }
  void read_schedule(Tape& tape) {
    tape.schedule.resize(in_.count(2));
    std::uint64_t step = 0;
    for (TapeDeviation& deviation : tape.schedule) {
      step += in_.number();
      deviation = {step, word()};
    }
  }

  Reader in_;
  std::vector<std::uint64_t> words_;
  bool fits_ = true;
};

}  // namespace

std::vector<std::byte> Tape::encode() const {
  Writer body;
  write_body(*this, body);
  Writer out;
  out.raw(magic);
  out.fixed(format, 4);
  out.fixed(body.bytes().size(), 8);
  out.fixed(XXH3_64bits(body.bytes().data(), body.bytes().size()), 8);
  THRESHER_ASSERT(out.bytes().size() == prefix_bytes);
  out.bytes().insert(out.bytes().end(), body.bytes().begin(), body.bytes().end());
  return std::move(out.bytes());
}

Result<Tape> Tape::decode(std::span<const std::byte> bytes, std::string& problem) {
  const auto refuse = [&](std::string why) {
    problem = std::move(why);
    return fail(Errc::decode_failed);
  };
  const std::size_t magic_seen = std::min(bytes.size(), magic.size());
  if (std::memcmp(bytes.data(), magic.data(), magic_seen) != 0) return refuse("it is not a tape");
  if (bytes.size() < prefix_bytes) return refuse("it is truncated");
  Reader prefix{bytes.subspan(magic.size(), prefix_bytes - magic.size())};
  const std::uint64_t version = prefix.fixed(4);
  const std::uint64_t size = prefix.fixed(8);
  const std::uint64_t checksum = prefix.fixed(8);
  if (version != format) {
    return refuse("it has format " + std::to_string(version) + ", this program reads format " +
                  std::to_string(format));
  }
  const std::span<const std::byte> body = bytes.subspan(prefix_bytes);
  if (body.size() < size) {
    return refuse("it is truncated: " + std::to_string(body.size()) + " of " +
                  std::to_string(size) + " bytes");
  }
  if (body.size() > size) return refuse("it has more bytes than it says");
  if (XXH3_64bits(body.data(), body.size()) != checksum) {
    return refuse("it is damaged: its checksum does not match");
  }
  Tape tape;
  if (!BodyReader{body}.read(tape, problem)) return fail(Errc::decode_failed);
  return tape;
}

}  // namespace thresher::sim

// The leaves of printing: numbers through std::to_chars, so that no locale and no rounding of a
// printf changes a report from one machine to the next.
#include "thresher/runtime/codec/print.h"

#include <array>
#include <charconv>

namespace thresher::runtime {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

template <typename T>
void append_number(std::string& out, T value) {
  std::array<char, 32> text{};
  const auto [end, failed] = std::to_chars(text.data(), text.data() + text.size(), value);
  THRESHER_ASSERT(failed == std::errc{});
  out.append(text.data(), end);
}

void append_hex(std::string& out, unsigned byte) {
  THRESHER_ASSERT(byte < 256);
  out += hex_digits[byte >> 4];
  out += hex_digits[byte & 15];
}

}  // namespace

void Printer::signed_integer(std::int64_t value) { append_number(out_, value); }
void Printer::unsigned_integer(std::uint64_t value) { append_number(out_, value); }
void Printer::floating(float value) { append_number(out_, value); }
void Printer::floating(double value) { append_number(out_, value); }

void Printer::quoted(std::string_view text) {
  out_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out_ += "\\x";
      append_hex(out_, byte);
    } else {
      out_ += c;
    }
  }
  out_ += '"';
}

void Printer::hex(const Bytes& bytes) {
  out_ += "0x";
  for (const std::byte byte : bytes) append_hex(out_, std::to_integer<unsigned>(byte));
}

}  // namespace thresher::runtime

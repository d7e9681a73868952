// Reading and printing of Guids. Reading takes upper and lower case, printing gives lower case; the
// byte order is that of the text.
#include "thresher/runtime/grain/guid.h"

#include <array>

namespace thresher::runtime {
namespace {

constexpr std::size_t digits_max = 32;

void print(std::uint64_t value, char* to) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (int i = 15; i >= 0; --i, value >>= 4) to[i] = digits[value & 15];
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool dash_belongs_before(std::size_t digit) {
  return digit == 8 || digit == 12 || digit == 16 || digit == 20;
}

}  // namespace

std::string Guid::text() const {
  std::string text(digits_max, '0');
  print(high, text.data());
  print(low, text.data() + digits_max / 2);
  return text;
}

Result<Guid> Guid::parse(std::string_view text) {
  std::array<std::uint64_t, 2> halves{};
  std::size_t count = 0;
  for (const char c : text) {
    if (c == '-' && text.size() == digits_max + 4 && dash_belongs_before(count)) continue;
    const int digit = digit_of(c);
    if (digit < 0 || count == digits_max) return fail(Errc::invalid_argument);
    auto& half = halves[count / 16];
    half = half << 4 | static_cast<std::uint64_t>(digit);
    ++count;
  }
  if (count != digits_max) return fail(Errc::invalid_argument);
  THRESHER_ASSERT(text.size() <= digits_max + 4);
  return Guid{halves[0], halves[1]};
}

}  // namespace thresher::runtime

// The heads of MessagePack items, after its public specification. Numbers are big-endian; heads of
// one kind follow each other by width, which both directions use.
#include "thresher/runtime/codec/wire.h"

#include "thresher/runtime/base/assert.h"

#include <limits>

namespace thresher::runtime {
namespace {

/// First bytes of items; ranges by their lowest.
enum Head : unsigned {
  fix_map = 0x80, fix_array = 0x90, fix_text = 0xa0,
  head_nil = 0xc0, unused = 0xc1, head_false = 0xc2, head_true = 0xc3,
  binary8 = 0xc4, binary16 = 0xc5, binary32 = 0xc6,
  extension8 = 0xc7, extension16 = 0xc8, extension32 = 0xc9,
  head_float32 = 0xca, head_float64 = 0xcb,
  unsigned8 = 0xcc, unsigned16 = 0xcd, unsigned32 = 0xce, unsigned64 = 0xcf,
  signed8 = 0xd0, signed16 = 0xd1, signed32 = 0xd2, signed64 = 0xd3,
  fix_extension1 = 0xd4, fix_extension16 = 0xd8,
  text8 = 0xd9, text16 = 0xda, text32 = 0xdb,
  array16 = 0xdc, array32 = 0xdd, map16 = 0xde, map32 = 0xdf,
  negative_fix = 0xe0,
};

/// A head and the `width` low bytes of `value`, highest first.
void put(ByteWriter& out, unsigned head, std::uint64_t value, unsigned width) {
  THRESHER_ASSERT(head <= 0xff);
  THRESHER_ASSERT(width <= 8);
  std::byte* place = out.reserve(1 + width);
  place[0] = static_cast<std::byte>(head);
  for (unsigned i = 1; i <= width; ++i) {
    place[i] = static_cast<std::byte>(value >> (8 * (width - i)));
  }
  out.commit(1 + width);
}

void put(ByteWriter& out, unsigned head) { out.append(static_cast<std::byte>(head)); }

/// A length in its shortest form, from `first` on: 8 bits (where there are any), 16, 32.
void put_length(ByteWriter& out, std::size_t count, unsigned first, bool has_8_bits) {
  THRESHER_ASSERT(count <= std::numeric_limits<std::uint32_t>::max());
  const unsigned head_16 = has_8_bits ? first + 1 : first;
  if (has_8_bits && count <= 0xff) return put(out, first, count, 1);
  if (count <= 0xffff) return put(out, head_16, count, 2);
  put(out, head_16 + 1, count, 4);
}

}  // namespace

void WireWriter::nil() { put(out_, head_nil); }
void WireWriter::boolean(bool value) { put(out_, value ? head_true : head_false); }
void WireWriter::float32(std::uint32_t bits) { put(out_, head_float32, bits, 4); }
void WireWriter::float64(std::uint64_t bits) { put(out_, head_float64, bits, 8); }

void WireWriter::unsigned_integer(std::uint64_t value) {
  if (value < fix_map) return put(out_, static_cast<unsigned>(value));
  if (value <= 0xff) return put(out_, unsigned8, value, 1);
  if (value <= 0xffff) return put(out_, unsigned16, value, 2);
  if (value <= 0xffffffff) return put(out_, unsigned32, value, 4);
  put(out_, unsigned64, value, 8);
}

void WireWriter::signed_integer(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= 0) return unsigned_integer(bits);
  if (value >= -32) return put(out_, static_cast<unsigned>(bits & 0xff));
  if (value >= std::numeric_limits<std::int8_t>::min()) return put(out_, signed8, bits, 1);
  if (value >= std::numeric_limits<std::int16_t>::min()) return put(out_, signed16, bits, 2);
  if (value >= std::numeric_limits<std::int32_t>::min()) return put(out_, signed32, bits, 4);
  put(out_, signed64, bits, 8);
}

void WireWriter::text(const void* data, std::size_t count) {
  if (count < 32) {
    put(out_, fix_text + static_cast<unsigned>(count));
  } else {
    put_length(out_, count, text8, true);
  }
  out_.append(data, count);
}

void WireWriter::binary(const void* data, std::size_t count) {
  put_length(out_, count, binary8, true);
  out_.append(data, count);
}

void WireWriter::array(std::size_t count) {
  if (count < 16) return put(out_, fix_array + static_cast<unsigned>(count));
  put_length(out_, count, array16, false);
}

void WireWriter::map(std::size_t count) {
  if (count < 16) return put(out_, fix_map + static_cast<unsigned>(count));
  put_length(out_, count, map16, false);
}

bool WireReader::next(WireItem& item) {
  if (left() == 0) return false;
  const auto head = std::to_integer<unsigned>(input_[offset_++]);
  if (head < fix_map) {
    item.type = WireType::unsigned_integer;
    item.bits = head;
    return true;
  }
  if (head < fix_array) return take_count(item, WireType::map, head - fix_map);
  if (head < fix_text) return take_count(item, WireType::array, head - fix_array);
  if (head < head_nil) return take_payload(item, WireType::text, head - fix_text);
  if (head < negative_fix) return wide(item, head);
  item.type = WireType::negative_integer;
  item.bits = head | ~std::uint64_t{0xff};
  return true;
}

bool WireReader::wide(WireItem& item, unsigned head) {
  item.bits = head == head_true ? 1 : 0;
  if (head == head_nil) return item.type = WireType::nil, true;
  if (head == unused) return false;
  if (head <= head_true) return item.type = WireType::boolean, true;
  // What is left comes in runs of widths 1, 2, 4, 8: the width is known by the place in the run.
  const auto width = [head](unsigned first) { return 1u << (head - first); };
  if (head <= binary32) return payload(item, WireType::binary, width(binary8));
  if (head <= extension32) {
    std::uint64_t count = 0;
    return take_number(width(extension8), count) && extension(item, count);
  }
  if (head == head_float32) return number(item, WireType::float32, 4);
  if (head == head_float64) return number(item, WireType::float64, 8);
  if (head <= unsigned64) return number(item, WireType::unsigned_integer, width(unsigned8));
  if (head <= signed64) return signed_number(item, width(signed8));
  if (head <= fix_extension16) return extension(item, width(fix_extension1));
  if (head <= text32) return payload(item, WireType::text, width(text8));
  if (head <= array32) return collection(item, WireType::array, 2 * width(array16));
  return collection(item, WireType::map, 2 * width(map16));
}

bool WireReader::number(WireItem& item, WireType type, unsigned width) {
  item.type = type;
  return take_number(width, item.bits);
}

bool WireReader::signed_number(WireItem& item, unsigned width) {
  if (!take_number(width, item.bits)) return false;
  const unsigned unused_bits = 64 - 8 * width;
  const auto value = static_cast<std::int64_t>(item.bits << unused_bits) >> unused_bits;
  item.type = value < 0 ? WireType::negative_integer : WireType::unsigned_integer;
  item.bits = static_cast<std::uint64_t>(value);
  return true;
}

bool WireReader::payload(WireItem& item, WireType type, unsigned width) {
  std::uint64_t count = 0;
  return take_number(width, count) && take_payload(item, type, count);
}

bool WireReader::take_payload(WireItem& item, WireType type, std::uint64_t count) {
  if (count > left()) return false;
  item.type = type;
  item.payload = input_.subspan(offset_, static_cast<std::size_t>(count));
  offset_ += static_cast<std::size_t>(count);
  return true;
}

bool WireReader::collection(WireItem& item, WireType type, unsigned width) {
  std::uint64_t count = 0;
  return take_number(width, count) && take_count(item, type, count);
}

bool WireReader::take_count(WireItem& item, WireType type, std::uint64_t count) {
  item.type = type;
  item.bits = count;
  return count <= (type == WireType::map ? left() / 2 : left());
}

bool WireReader::extension(WireItem& item, std::uint64_t count) {
  std::uint64_t type_number = 0;
  return take_number(1, type_number) && take_payload(item, WireType::extension, count);
}

bool WireReader::take_number(unsigned width, std::uint64_t& value) {
  THRESHER_ASSERT(width <= 8);
  if (width > left()) return false;
  value = 0;
  for (unsigned i = 0; i < width; ++i) {
    value = (value << 8) | std::to_integer<std::uint64_t>(input_[offset_ + i]);
  }
  offset_ += width;
  return true;
}

bool WireReader::skip() {
  // Each pass consumes at least one byte, so this ends; the sum cannot wrap, since each count is
  // at most the number of bytes left.
  WireItem item;
  for (std::uint64_t pending = 1; pending > 0; --pending) {
    if (!next(item)) return false;
    if (item.type == WireType::array) pending += item.bits;
    if (item.type == WireType::map) pending += 2 * item.bits;
  }
  return true;
}

bool WireReader::take_nil() {
  if (left() == 0 || input_[offset_] != std::byte{head_nil}) return false;
  ++offset_;
  return true;
}

}  // namespace thresher::runtime

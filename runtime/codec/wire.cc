// The only file that knows libmpack. Its buffered (resumable) reading is not used: each item is
// read from a fresh token buffer, so a truncated one is simply refused.
#include "thresher/runtime/codec/wire.h"

#include "thresher/runtime/base/assert.h"

// The header is plain C, and defines `bool` as a macro where nobody else did.
#define bool unsigned
extern "C" {
#include <mpack.h>
}
#undef bool

namespace thresher::runtime {
namespace {

void put(ByteWriter& out, const mpack_token_t& token) {
  mpack_tokbuf_t buffer;
  mpack_tokbuf_init(&buffer);
  char* place = reinterpret_cast<char*>(out.reserve(MPACK_MAX_TOKEN_LEN));
  std::size_t left = MPACK_MAX_TOKEN_LEN;
  const int status = mpack_write(&buffer, &place, &left, &token);
  THRESHER_ASSERT(status == MPACK_OK);
  out.commit(MPACK_MAX_TOKEN_LEN - left);
}

mpack_uint32_t checked(std::size_t count) {
  THRESHER_ASSERT(count <= UINT32_MAX);
  return static_cast<mpack_uint32_t>(count);
}

std::uint64_t joined(const mpack_token_t& token) {
  return (std::uint64_t{token.data.value.hi} << 32) | token.data.value.lo;
}

mpack_token_t float_token(std::uint64_t bits, mpack_uint32_t length) {
  mpack_token_t token{};
  token.type = MPACK_TOKEN_FLOAT;
  token.length = length;
  token.data.value.lo = static_cast<mpack_uint32_t>(bits);
  token.data.value.hi = static_cast<mpack_uint32_t>(bits >> 32);
  return token;
}

}  // namespace

void WireWriter::nil() { put(out_, mpack_pack_nil()); }
void WireWriter::boolean(bool value) { put(out_, mpack_pack_boolean(value ? 1u : 0u)); }
void WireWriter::unsigned_integer(std::uint64_t value) { put(out_, mpack_pack_uint(value)); }
void WireWriter::signed_integer(std::int64_t value) { put(out_, mpack_pack_sint(value)); }
void WireWriter::float32(std::uint32_t bits) { put(out_, float_token(bits, 4)); }
void WireWriter::float64(std::uint64_t bits) { put(out_, float_token(bits, 8)); }
void WireWriter::array(std::size_t count) { put(out_, mpack_pack_array(checked(count))); }
void WireWriter::map(std::size_t count) { put(out_, mpack_pack_map(checked(count))); }

void WireWriter::text(const void* data, std::size_t count) {
  put(out_, mpack_pack_str(checked(count)));
  out_.append(data, count);
}

void WireWriter::binary(const void* data, std::size_t count) {
  put(out_, mpack_pack_bin(checked(count)));
  out_.append(data, count);
}

bool WireReader::next(WireItem& item) {
  mpack_tokbuf_t buffer;
  mpack_tokbuf_init(&buffer);
  mpack_token_t token{};
  const char* place = reinterpret_cast<const char*>(input_.data() + offset_);
  std::size_t rest = left();
  if (rest == 0 || mpack_read(&buffer, &place, &rest, &token) != MPACK_OK) return false;
  THRESHER_ASSERT(rest < left());
  offset_ = input_.size() - rest;
  item.bits = joined(token);
  switch (token.type) {
    case MPACK_TOKEN_NIL: item.type = WireType::nil; return true;
    case MPACK_TOKEN_BOOLEAN: item.type = WireType::boolean; return true;
    case MPACK_TOKEN_UINT: item.type = WireType::unsigned_integer; return true;
    case MPACK_TOKEN_SINT:
      item.type = WireType::negative_integer;
      item.bits = static_cast<std::uint64_t>(mpack_unpack_sint(token));
      return true;
    case MPACK_TOKEN_FLOAT:
      item.type = token.length == 4 ? WireType::float32 : WireType::float64;
      return true;
    case MPACK_TOKEN_ARRAY:
      item.type = WireType::array;
      item.bits = token.length;
      return token.length <= left();
    case MPACK_TOKEN_MAP:
      item.type = WireType::map;
      item.bits = token.length;
      return token.length <= left() / 2;
    case MPACK_TOKEN_BIN: item.type = WireType::binary; return take_payload(item, token.length);
    case MPACK_TOKEN_STR: item.type = WireType::text; return take_payload(item, token.length);
    case MPACK_TOKEN_EXT:
      item.type = WireType::extension;
      return take_payload(item, token.length);
    case MPACK_TOKEN_CHUNK: return false;  // Only after a head in the same buffer, never here.
  }
  return false;
}

bool WireReader::take_payload(WireItem& item, std::size_t count) {
  if (count > left()) return false;
  item.payload = input_.subspan(offset_, count);
  offset_ += count;
  return true;
}

bool WireReader::skip() {
  // Each pass consumes at least one byte, so this ends; the sum cannot wrap, since each count is
  // at most the number of bytes left.
  std::uint64_t pending = 1;
  WireItem item;
  for (; pending > 0; --pending) {
    if (!next(item)) return false;
    if (item.type == WireType::array) pending += item.bits;
    if (item.type == WireType::map) pending += 2 * item.bits;
  }
  return true;
}

bool WireReader::take_nil() {
  constexpr std::byte nil_byte{0xc0};
  if (left() == 0 || input_[offset_] != nil_byte) return false;
  ++offset_;
  return true;
}

}  // namespace thresher::runtime

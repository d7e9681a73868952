// MessagePack items, one at a time, over libmpack: the wire format of the tagged encoding.
//
// The reader trusts nothing: every length is checked against the bytes that are left before
// anything is allocated or skipped, so reading costs time and memory in proportion to the input.
// Neither side allocates but into the ByteWriter. What the items mean is encode.h's part.
#pragma once

#include "thresher/runtime/codec/bytes.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace thresher::runtime {

/// What kind of item the next one is.
enum class WireType : std::uint8_t {
  nil, boolean, unsigned_integer, negative_integer, float32, float64, text, binary, array, map,
  extension,
};

/// One item read. For text and binary `payload` holds the bytes; for array and map `bits` is the
/// number of items or pairs that follow.
struct WireItem {
  WireType type = WireType::nil;
  /// Value of a boolean or an unsigned integer; two's complement of a negative one; IEEE bits of a
  /// float; count of a collection.
  std::uint64_t bits = 0;
  std::span<const std::byte> payload{};
};

/// Writes items in their shortest form.
class WireWriter {
 public:
  explicit WireWriter(ByteWriter& out) noexcept : out_{out} {}

  void nil();
  void boolean(bool value);
  void unsigned_integer(std::uint64_t value);
  void signed_integer(std::int64_t value);
  /// Exact bits, NaN payloads included.
  void float32(std::uint32_t bits);
  void float64(std::uint64_t bits);
  /// Requires, as all that take a count: below 2^32.
  void text(const void* data, std::size_t count);
  void binary(const void* data, std::size_t count);
  void array(std::size_t count);
  void map(std::size_t count);

 private:
  ByteWriter& out_;
};

/// Reads items; each function answers false, and stays false, when the input is not well formed.
class WireReader {
 public:
  explicit WireReader(std::span<const std::byte> input) noexcept : input_{input} {}

  /// Reads the next item's head, and the payload of text and binary.
  bool next(WireItem& item);
  /// Skips one whole item with all that is nested in it, without recursion.
  bool skip();
  /// True when the next item is nil, which is then consumed.
  bool take_nil();

  /// Bytes consumed and bytes left.
  std::size_t offset() const noexcept { return offset_; }
  std::size_t left() const noexcept { return input_.size() - offset_; }

 private:
  bool take_payload(WireItem& item, std::size_t count);

  std::span<const std::byte> input_;
  std::size_t offset_ = 0;
};

}  // namespace thresher::runtime

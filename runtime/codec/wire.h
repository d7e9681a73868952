// MessagePack items, one at a time: the wire format of the tagged encoding.
//
// The format is public and frozen; why no library of Debian 12 carries it for us is told in
// docs/decisions/0004-wire-format.md, and the tests hold this against another implementation.
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
  nil,
  boolean,
  unsigned_integer,  ///< Any integer that is not negative, in whichever form it was written.
  negative_integer,
  float32,
  float64,
  text,
  binary,
  array,
  map,
  extension,  ///< Never written by us; `payload` is its data, its type number is dropped.
};

/// One item read. For text, binary and extension `payload` holds the bytes.
struct WireItem {
  WireType type = WireType::nil;
  /// Value of a boolean or an unsigned integer; two's complement of a negative one; IEEE bits of a
  /// float; for an array or a map the number of items or pairs that follow.
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

/// Reads items; each function answers false when the input is not well formed there.
class WireReader {
 public:
  explicit WireReader(std::span<const std::byte> input) noexcept : input_{input} {}

  /// Reads the next item's head, and the payload of text and binary. A count of items that the rest
  /// of the input cannot hold is refused.
  bool next(WireItem& item);
  /// Skips one whole item with all that is nested in it, without recursion.
  bool skip();
  /// True when the next item is nil, which is then consumed.
  bool take_nil();

  /// Bytes consumed and bytes left.
  std::size_t offset() const noexcept { return offset_; }
  std::size_t left() const noexcept { return input_.size() - offset_; }

 private:
  bool wide(WireItem& item, unsigned head);
  bool number(WireItem& item, WireType type, unsigned width);
  bool signed_number(WireItem& item, unsigned width);
  bool payload(WireItem& item, WireType type, unsigned width);
  bool take_payload(WireItem& item, WireType type, std::uint64_t count);
  bool collection(WireItem& item, WireType type, unsigned width);
  bool take_count(WireItem& item, WireType type, std::uint64_t count);
  bool extension(WireItem& item, std::uint64_t count);
  bool take_number(unsigned width, std::uint64_t& value);

  std::span<const std::byte> input_;
  std::size_t offset_ = 0;
};

}  // namespace thresher::runtime

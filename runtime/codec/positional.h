// Values to bytes by position: the compact form in which the simulation checks local calls.
//
// No tags, no tolerance, fixed widths in host order: writer and reader are the same build. It is
// several times faster than the tagged form (encode.h), which is the one for wires and storage.
// Reading is as careful with lengths as there. Every value takes at least one byte, so that a
// count can be checked against the bytes that are left. No state, any thread.
#pragma once

#include "thresher/runtime/codec/compare.h"
#include "thresher/runtime/codec/positional_reader.h"
#include "thresher/runtime/codec/positional_writer.h"

#include <optional>
#include <span>

namespace thresher::runtime {

/// The positional encoding of `value`.
template <typename T>
Bytes encode_positional(const T& value) {
  ByteWriter out;
  PositionalWriter{out}.write(value);
  return out.copy();
}

/// The value that `bytes` encode by position, exactly. Errors: decode_failed, with the offset.
template <typename T>
Result<T> decode_positional(std::span<const std::byte> bytes) {
  PositionalReader reader{bytes};
  T value{};
  if (reader.read(value) && reader.left() == 0) return value;
  return fail(Errc::decode_failed, bytes.size() - reader.left());
}

/// A value that went through the bytes, and where it came out different.
template <typename T>
struct RoundTrip {
  T value{};
  /// The first difference; nothing when the value came back the same.
  std::optional<Difference> difference;
};

/// Encodes, decodes and compares: what the simulation does with the arguments and the result of
/// each local call, so that a wrong list of fields shows on one machine. The decoded value may
/// serve as the copy that the callee gets.
template <typename T>
RoundTrip<T> round_trip(const T& value) {
  ByteWriter out;
  PositionalWriter{out}.write(value);
  PositionalReader reader{out.bytes()};
  RoundTrip<T> trip;
  if (!reader.read(trip.value) || reader.left() != 0) {
    trip.difference = Difference{.path = {}, .left = print(value), .right = "undecodable"};
  } else if (!same_value(value, trip.value)) {
    trip.difference = first_difference(value, trip.value);
  }
  return trip;
}

}  // namespace thresher::runtime

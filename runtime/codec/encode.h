// Values to bytes and back, tagged and tolerant: for calls to other silos and for storage.
//
// A struct is a MessagePack map from field tag to value. Reading tolerates evolution: unknown tags
// are skipped, missing ones keep the member's default, integers may have been narrower or wider as
// long as the value fits, a T may have become an optional<T>, floats widen to doubles, and a tuple
// (the arguments of a call) may have gained or lost values at its end. Anything else is
// Errc::decode_failed, with the path of the place. Input is never trusted: lengths are checked
// before anything is allocated, nesting is bounded, nothing is thrown. No state, any thread.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/codec/encodable.h"
#include "thresher/runtime/codec/tagged_reader.h"
#include "thresher/runtime/codec/tagged_writer.h"

#include <cstddef>
#include <span>
#include <string>

namespace thresher::runtime {

/// Appends the encoding of `value`. A collection has fewer than 2^32 elements (asserted).
template <typename T>
void encode_to(ByteWriter& out, const T& value) {
  require_encodable<T>();
  TaggedWriter{out}.write(value);
}

/// The encoding of `value`.
template <typename T>
Bytes encode(const T& value) {
  ByteWriter out;
  encode_to(out, value);
  return out.copy();
}

/// The value that `bytes` encode, exactly. Errors: decode_failed, with the offset as its id;
/// `report`, where given, then says the place and the reason in words.
template <typename T>
Result<T> decode(std::span<const std::byte> bytes, DecodeReport* report = nullptr) {
  require_encodable<T>();
  TaggedReader reader{bytes, report};
  T value{};
  if (reader.read(value) && reader.finish()) return value;
  return fail(Errc::decode_failed, reader.offset());
}

}  // namespace thresher::runtime

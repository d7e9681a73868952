// Properties of the codec: what is encoded comes back, what evolves is understood, and no bytes,
// however damaged, do more than fail.
#include "thresher/property_tests/encodable_gen.h"
#include "thresher/runtime/codec/copy.h"
#include "thresher/runtime/codec/encode.h"
#include "thresher/runtime/codec/failure.h"
#include "thresher/runtime/codec/positional.h"
#include "thresher/runtime/codec/test_types.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace thresher::property_tests {
namespace {

using runtime::Bytes;
using runtime::codec_test::AccountV1;
using runtime::codec_test::AccountV2;
using runtime::codec_test::Everything;
using runtime::codec_test::Tree;

Bytes any_bytes() {
  Bytes bytes;
  for (const std::uint8_t byte : *rc::gen::arbitrary<std::vector<std::uint8_t>>()) {
    bytes.push_back(static_cast<std::byte>(byte));
  }
  return bytes;
}

/// Flips a few bits, and sometimes cuts the end off.
Bytes damaged(Bytes bytes) {
  const auto flips = *rc::gen::inRange(0, 4);
  for (int i = 0; i < flips && !bytes.empty(); ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] ^= static_cast<std::byte>(1u << *rc::gen::inRange(0, 8));
  }
  if (*rc::gen::arbitrary<bool>()) {
    bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
  }
  return bytes;
}

/// Whatever `bytes` are: decoding fails, or gives a value that goes there and back.
template <typename T>
void decodes_or_fails(const Bytes& bytes) {
  runtime::DecodeReport report;
  const auto tagged = runtime::decode<T>(bytes, &report);
  if (tagged) {
    RC_ASSERT(runtime::same_value(*tagged, *runtime::decode<T>(runtime::encode(*tagged))));
  } else {
    RC_ASSERT(tagged.error().code == runtime::Errc::decode_failed);
    RC_ASSERT(!report.reason.empty());
  }
  const auto positional = runtime::decode_positional<T>(bytes);
  if (positional) {
    RC_ASSERT(runtime::same_value(*positional, runtime::round_trip(*positional).value));
  }
}

RC_GTEST_PROP(CodecProperty, brings_any_value_back_from_the_tagged_form, ()) {
  const Everything value = *any_value<Everything>();
  const Bytes bytes = runtime::encode(value);
  const auto back = runtime::decode<Everything>(bytes);
  RC_ASSERT(back.has_value());
  RC_ASSERT(runtime::same_value(value, *back));
  RC_ASSERT(runtime::encode(*back) == bytes);
}

RC_GTEST_PROP(CodecProperty, brings_any_value_back_from_the_positional_form, ()) {
  const Everything value = *any_value<Everything>();
  const auto trip = runtime::round_trip(value);
  RC_ASSERT(!trip.difference.has_value());
}

RC_GTEST_PROP(CodecProperty, copies_any_value, ()) {
  const Everything value = *any_value<Everything>();
  RC_ASSERT(runtime::same_value(value, runtime::copy_value(value)));
}

RC_GTEST_PROP(CodecProperty, brings_any_tree_back, ()) {
  const Tree tree = *any_value<Tree>();
  RC_ASSERT(runtime::same_value(tree, *runtime::decode<Tree>(runtime::encode(tree))));
}

RC_GTEST_PROP(CodecProperty, tells_values_apart_exactly_when_their_bytes_differ, ()) {
  const AccountV2 a = *any_value<AccountV2>();
  const AccountV2 b = *rc::gen::oneOf(rc::gen::just(a), any_value<AccountV2>());
  const auto difference = runtime::first_difference(a, b);
  RC_ASSERT(difference.has_value() == (runtime::encode(a) != runtime::encode(b)));
}

RC_GTEST_PROP(CodecProperty, never_fails_worse_than_with_an_error_on_arbitrary_bytes, ()) {
  const Bytes bytes = any_bytes();
  decodes_or_fails<Everything>(bytes);
  decodes_or_fails<Tree>(bytes);
  decodes_or_fails<runtime::GrainFailure>(bytes);
  decodes_or_fails<std::vector<std::monostate>>(bytes);
}

RC_GTEST_PROP(CodecProperty, never_fails_worse_than_with_an_error_on_damaged_bytes, ()) {
  const Everything value = *any_value<Everything>();
  decodes_or_fails<Everything>(damaged(runtime::encode(value)));
  decodes_or_fails<Everything>(damaged(runtime::encode_positional(value)));
}

RC_GTEST_PROP(CodecProperty, refuses_every_proper_prefix, ()) {
  const Bytes bytes = runtime::encode(*any_value<Everything>());
  const auto cut = *rc::gen::inRange<std::size_t>(0, bytes.size());
  RC_ASSERT(!runtime::decode<Everything>(std::span{bytes}.first(cut)).has_value());
}

RC_GTEST_PROP(CodecProperty, carries_an_old_record_into_the_new_type, ()) {
  const AccountV1 old = *any_value<AccountV1>();
  const auto made = runtime::decode<AccountV2>(runtime::encode(old));
  RC_ASSERT(made.has_value());
  RC_ASSERT(made->owner == old.owner);
  RC_ASSERT(made->balance == old.balance);
  RC_ASSERT(made->limit == old.limit);
  RC_ASSERT(made->grade == AccountV2{}.grade);
}

RC_GTEST_PROP(CodecProperty, carries_a_new_record_into_the_old_type_where_it_fits, ()) {
  const AccountV2 written = *any_value<AccountV2>();
  const auto made = runtime::decode<AccountV1>(runtime::encode(written));
  const bool fits = written.balance >= std::numeric_limits<std::int16_t>::min() &&
                    written.balance <= std::numeric_limits<std::int16_t>::max() &&
                    written.limit.has_value();
  RC_ASSERT(made.has_value() == fits);
  RC_CLASSIFY(fits);
  if (fits) {
    RC_ASSERT(made->balance == written.balance);
  }
}

}  // namespace
}  // namespace thresher::property_tests

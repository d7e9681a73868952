// Identities, keys, request contexts: the values that travel with calls.
#include "thresher/runtime/grain/grain_id.h"

#include "thresher/runtime/base/hash.h"
#include "thresher/runtime/grain/grain_key.h"
#include "thresher/runtime/grain/local_directory.h"
#include "thresher/runtime/grain/request_context.h"

#include <gtest/gtest.h>

namespace thresher::runtime {
namespace {

TEST(GrainIds, print_type_and_key_and_read_them_again) {
  const GrainId id{"counter", "a/b"};
  EXPECT_EQ(id.text(), "counter/a/b");
  EXPECT_EQ(id.type(), "counter");
  EXPECT_EQ(id.key(), "a/b");
  EXPECT_EQ(GrainId::parse("counter/a/b").value(), id);
}

TEST(GrainIds, refuse_texts_without_a_type) {
  EXPECT_EQ(GrainId::parse("counter").error().code, Errc::invalid_argument);
  EXPECT_EQ(GrainId::parse("/a").error().code, Errc::invalid_argument);
}

TEST(GrainIds, are_equal_byte_by_byte_and_ordered_by_their_text) {
  EXPECT_EQ((GrainId{"a", "b"}), (GrainId{"a", "b"}));
  EXPECT_NE((GrainId{"a", "b"}), (GrainId{"a", "B"}));
  EXPECT_LT((GrainId{"a", "b"}), (GrainId{"a", "c"}));
}

TEST(GrainIds, hash_the_same_in_every_build) {
  EXPECT_EQ((GrainId{"counter", "a"}.hash()), combine(hash_name("counter"), hash_name("a")));
}

TEST(GrainIds, share_their_text_among_copies) {
  const GrainId id{"a", "b"};
  GrainId copy = id;
  EXPECT_EQ(copy.text().data(), id.text().data());
  copy = GrainId{};
  EXPECT_TRUE(copy.empty());
  EXPECT_EQ(id.text(), "a/b");
}

TEST(GrainKeys, of_every_kind_have_a_text) {
  EXPECT_EQ(key_text("x"), "x");
  EXPECT_EQ(key_text(std::int64_t{-3}), "-3");
  EXPECT_EQ(key_text(Guid{1, 255}), "000000000000000100000000000000ff");
  EXPECT_EQ(key_text(IntegerTextKey{4, "ext"}), "4+ext");
  EXPECT_EQ(key_text(GuidTextKey{Guid{}, "e"}), std::string(32, '0') + "+e");
}

TEST(Guids, are_read_with_and_without_dashes) {
  const Guid guid{0x0123456789abcdefu, 0xfedcba9876543210u};
  EXPECT_EQ(Guid::parse(guid.text()).value(), guid);
  EXPECT_EQ(Guid::parse("01234567-89AB-CDEF-fedc-ba9876543210").value(), guid);
  EXPECT_FALSE(Guid::parse("0123"));
  EXPECT_FALSE(Guid::parse(std::string(31, '0') + "g"));
}

TEST(RequestContexts, copy_on_write) {
  RequestContext a;
  a.set("k", "1");
  RequestContext b = a;
  b.set("k", "2");
  b.set("a", "x");
  EXPECT_EQ(*a.find("k"), "1");
  EXPECT_EQ(*b.find("k"), "2");
  EXPECT_EQ(b.entries().front().first, "a");
  EXPECT_TRUE(b.erase("a"));
  EXPECT_FALSE(b.erase("a"));
}

class DirectoryContract : public testing::Test {
 protected:
  static GrainAddress address(std::uint64_t activation, std::string silo = "s1") {
    return GrainAddress{GrainId{"t", "k"}, ActivationId{activation}, SiloAddress{silo, 1}};
  }
  LocalDirectory directory;
};

TEST_F(DirectoryContract, b28_a_row_is_written_once_and_then_only_over_the_one_named) {
  EXPECT_EQ(directory.register_address(address(1), {}).value(), address(1));
  EXPECT_EQ(directory.register_address(address(2), {}).value(), address(1));
  EXPECT_EQ(directory.register_address(address(2), address(3)).value(), address(1));
  EXPECT_EQ(directory.register_address(address(2), address(1)).value(), address(2));
}

TEST_F(DirectoryContract, b28_unregistering_another_activation_removes_nothing) {
  directory.register_address(address(1), {}).value();
  directory.unregister_address(address(2)).value();
  EXPECT_EQ(directory.lookup(address(1).grain).value(), address(1));
  directory.unregister_address(address(1)).value();
  EXPECT_FALSE(directory.lookup(address(1).grain).value().has_value());
}

TEST_F(DirectoryContract, b28_all_rows_of_a_dead_silo_vanish) {
  directory.register_address(address(1, "s1"), {}).value();
  directory.unregister_silo(SiloAddress{"s2", 1}).value();
  EXPECT_EQ(directory.size(), 1u);
  directory.unregister_silo(SiloAddress{"s1", 1}).value();
  EXPECT_EQ(directory.size(), 0u);
}

}  // namespace
}  // namespace thresher::runtime

// The guide's kernels: their texts are in the program, and the host bodies compute what the host
// reference says.
#include "thresher/scenarios/guide/kernels.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace thresher::scenarios::guide {
namespace {

TEST(GuideKernels, carry_their_source_and_ptx) {
  const auto& source = kernel_source(vector_sum);
  EXPECT_NE(source.source.find("__global__ void vector_sum"), std::string_view::npos);
  EXPECT_NE(source.ptx.find(".visible .entry vector_sum"), std::string_view::npos);
  EXPECT_EQ(source.ptx.substr(0, 3), "//\n");
}

TEST(GuideKernels, sum_in_a_fixed_tree_is_exact_for_integers) {
  std::vector<double> values(1000);
  std::iota(values.begin(), values.end(), 1.0);
  EXPECT_EQ(reference_sum(values, 0.5), 500500.5);
}

TEST(GuideKernels, use_one_block_for_the_sum_and_one_thread_an_element_otherwise) {
  EXPECT_EQ(shape_of(vector_sum, 100000).grid.count(), 1u);
  EXPECT_EQ(shape_of(vector_scale, 257).grid.count(), 2u);
  EXPECT_EQ(shape_of(vector_scale, 0).grid.count(), 1u);
}

}  // namespace
}  // namespace thresher::scenarios::guide

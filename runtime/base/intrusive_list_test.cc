// The intrusive list: order, removal from anywhere, and elements that outlive it.
#include "thresher/runtime/base/intrusive_list.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace thresher::runtime {
namespace {

struct Node {
  int number = 0;
  Node* next = nullptr;
  Node* previous = nullptr;
  bool listed = false;
};

class IntrusiveListTest : public testing::Test {
 protected:
  IntrusiveListTest() {
    for (int i = 0; i < 4; ++i) {
      nodes[static_cast<std::size_t>(i)].number = i;
      list.push_back(nodes[static_cast<std::size_t>(i)]);
    }
  }
  std::vector<int> drained() {
    std::vector<int> numbers;
    while (const Node* node = list.pop_front()) numbers.push_back(node->number);
    return numbers;
  }

  std::array<Node, 4> nodes;
  IntrusiveList<Node> list;
};

TEST_F(IntrusiveListTest, gives_elements_back_in_order_of_arrival) {
  EXPECT_EQ(list.size(), 4u);
  EXPECT_EQ(drained(), (std::vector{0, 1, 2, 3}));
}

TEST_F(IntrusiveListTest, takes_elements_out_at_either_end_and_in_the_middle) {
  list.remove(nodes[0]);
  list.remove(nodes[2]);
  list.remove(nodes[3]);
  EXPECT_FALSE(nodes[2].listed);
  EXPECT_EQ(drained(), (std::vector{1}));
}

TEST_F(IntrusiveListTest, an_element_may_come_back) {
  list.remove(nodes[1]);
  list.push_back(nodes[1]);
  EXPECT_EQ(drained(), (std::vector{0, 2, 3, 1}));
}

TEST_F(IntrusiveListTest, is_empty_after_the_last_one) {
  drained();
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.size(), 0u);
  EXPECT_EQ(list.pop_front(), nullptr);
}

TEST(IntrusiveList, lets_its_elements_go_when_it_dies) {
  Node node;
  {
    IntrusiveList<Node> list;
    list.push_back(node);
  }
  EXPECT_FALSE(node.listed);
}

TEST(IntrusiveListDeathTest, an_element_in_two_lists_asserts) {
  Node node;
  IntrusiveList<Node> list;
  list.push_back(node);
  EXPECT_DEATH(list.push_back(node), "assertion failed");
}

}  // namespace
}  // namespace thresher::runtime

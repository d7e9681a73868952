// The path of a difference, put together from its end: the innermost level sets both sides, each
// outer one puts its part in front. Runs only after a difference was found.
#include "thresher/runtime/codec/compare.h"

#include "thresher/runtime/codec/path.h"

namespace thresher::runtime {

std::string Difference::describe() const {
  return (path.empty() ? std::string{} : path + ": ") + left + " and " + right;
}

bool Comparer::within(std::string_view name) {
  return difference_ != nullptr && within_part(std::string{name});
}

bool Comparer::within_index(std::size_t index) {
  return difference_ != nullptr && within_part("[" + std::to_string(index) + "]");
}

bool Comparer::within_part(const std::string& part) {
  THRESHER_ASSERT(difference_ != nullptr);
  put_before(difference_->path, part);
  return false;
}

}  // namespace thresher::runtime

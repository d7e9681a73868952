// How a failed read tells its place: the innermost level gives the reason, each outer one puts its
// own part before the path.
#include "thresher/runtime/codec/tagged_reader.h"

#include "thresher/runtime/codec/path.h"

namespace thresher::runtime {

bool TaggedReader::refuse(std::string_view reason) {
  if (report_ == nullptr) return false;
  report_->path.clear();
  report_->reason = reason;
  report_->offset = wire_.offset();
  return false;
}

bool TaggedReader::within(std::string_view name) {
  if (report_ != nullptr) put_before(report_->path, std::string{name});
  return false;
}

bool TaggedReader::within_index(std::size_t index) {
  if (report_ != nullptr) put_before(report_->path, "[" + std::to_string(index) + "]");
  return false;
}

}  // namespace thresher::runtime

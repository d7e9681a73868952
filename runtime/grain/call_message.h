// A message of one method: its arguments and its result, typed.
#pragma once

#include "thresher/runtime/codec/positional.h"
#include "thresher/runtime/grain/message.h"

#include <array>
#include <optional>
#include <tuple>
#include <utility>

namespace thresher::runtime {

/// Requires: M is a Method. Arguments are copied into it, which is the value copy of a local call.
template <typename M>
class CallMessage final : public Message {
 public:
  using Args = typename M::Args;
  using ResultValue = typename M::ResultValue;

  template <typename... Given>
  CallMessage(MessageKind message_kind, const MethodInfo& info, Given&&... given)
      : Message{message_kind, info}, args(std::forward<Given>(given)...) {}

  void* argument(std::size_t index, const std::type_info& type) noexcept override {
    return argument_of(index, type, std::make_index_sequence<std::tuple_size_v<Args>>{});
  }
  void* result_place(const std::type_info& type) override {
    if (type != typeid(ResultValue)) return nullptr;
    if (!result) result.emplace();
    return &*result;
  }
  bool has_result() const noexcept override { return result.has_value(); }
  bool survives_encoding(bool of_result) const override {
    return of_result ? survives(result) : survives(args);
  }
  std::unique_ptr<Message> copy_request() const override {
    return std::make_unique<CallMessage>(kind, method, args);
  }
  void take_result(Message& other) override {
    result = std::move(static_cast<CallMessage&>(other).result);
    failure = std::move(other.failure);
  }

  Args args;
  std::optional<ResultValue> result;

 private:
  template <std::size_t... Index>
  void* argument_of(std::size_t index, const std::type_info& type,
                    std::index_sequence<Index...>) noexcept {
    void* found = nullptr;
    ((index == Index && type == typeid(std::tuple_element_t<Index, Args>)
          ? static_cast<void>(found = &std::get<Index>(args))
          : static_cast<void>(0)),
     ...);
    return found;
  }
  template <typename T>
  static bool survives(const T& value) {
    return !round_trip(value).difference.has_value();
  }
};

}  // namespace thresher::runtime

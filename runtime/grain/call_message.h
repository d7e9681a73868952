// A message of one method: its arguments and its result, typed. Which fiber may touch what is said
// in message.h.
#pragma once

#include "thresher/runtime/codec/positional.h"
#include "thresher/runtime/grain/message.h"

#include <array>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace thresher::runtime {

/// What a result is kept as: std::monostate for void.
template <typename R>
using ResultValueOf = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

/// The half that knows the result's type alone: what a CallFuture of any such method reads.
template <typename R>
class ResultMessage : public Message {
 public:
  using Message::Message;

  void* result_place(const std::type_info& type) override {
    if (type != typeid(ResultValueOf<R>)) return nullptr;
    if (!result) result.emplace();
    return &*result;
  }
  bool has_result() const noexcept override { return result.has_value(); }
  void take_result(Message& other) override {
    result = std::move(static_cast<ResultMessage&>(other).result);
    failure = std::move(other.failure);
  }

  std::optional<ResultValueOf<R>> result;
};

/// Requires: M is a Method. Arguments are copied into it, which is the value copy of a local call.
template <typename M>
class CallMessage final : public ResultMessage<typename M::Result> {
 public:
  using Args = typename M::Args;
  using Base = ResultMessage<typename M::Result>;

  template <typename... Given>
  CallMessage(MessageKind message_kind, const MethodInfo& info, Given&&... given)
      : Base{message_kind, info}, args(std::forward<Given>(given)...) {}

  void* argument(std::size_t index, const std::type_info& type) noexcept override {
    return argument_of(index, type, std::make_index_sequence<std::tuple_size_v<Args>>{});
  }
  bool survives_encoding(bool of_result) const override {
    return of_result ? survives(this->result) : survives(args);
  }
  std::unique_ptr<Message> copy_request() const override {
    return std::make_unique<CallMessage>(this->kind, this->method, args);
  }
  Args args;

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

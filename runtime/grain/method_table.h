// Which member function of a grain class serves which method of its interfaces.
//
// No code generator: the class lists its bindings once, in `static void bind(MethodTable<G>&)`. A
// member may give R, Result<R> or CallResult<R>, and may take a CancellationToken after the
// method's arguments. An interface that lists `static constexpr auto methods = method_table(...)`
// has all of them checked at start; without the list only calls show what is not bound.
#pragma once

#include "thresher/runtime/grain/call_message.h"
#include "thresher/runtime/grain/grain.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace thresher::runtime {

/// One method of one class, without its types.
struct BoundMethod {
  using Invoke = void (*)(const BoundMethod&, Grain&, Message&, const CancellationToken&);
  MethodInfo info;
  Invoke invoke = nullptr;
  /// The pointer to the member function.
  alignas(std::max_align_t) std::array<std::byte, 2 * sizeof(void*)> member{};
};

/// What a class claims and binds, without its types.
struct Bindings {
  struct Claim {
    InterfaceId id;
    std::string_view name;
    /// All its methods, empty when the interface lists none.
    std::vector<MethodInfo> methods;
  };
  std::vector<Claim> claims;
  std::vector<BoundMethod> methods;

  void claim(InterfaceId id, std::string_view name, std::span<const MethodInfo> methods);
};

namespace detail {

/// Gives the callee its arguments: moved, or copies where they are needed again.
template <typename T>
struct Passed {
  T& value;
  bool keep;
  operator T() && { return keep ? T(value) : T(std::move(value)); }
};

template <typename M, typename Returned>
void store_result(CallMessage<M>& call, Returned&& returned) {
  using Plain = std::remove_cvref_t<Returned>;
  if constexpr (std::is_same_v<Plain, typename M::Result>) {
    call.result.emplace(std::forward<Returned>(returned));
  } else if constexpr (requires { returned.has_value(); returned.error(); }) {
    if (!returned.has_value()) {
      call.fail_with(returned.error());
    } else if constexpr (std::is_void_v<typename M::Result>) {
      call.result.emplace();
    } else {
      call.result.emplace(std::move(*returned));
    }
  } else {
    call.result.emplace(std::forward<Returned>(returned));
  }
}

template <typename M, typename G, typename Member, typename... Given>
void call_member(CallMessage<M>& call, G& grain, Member member, Given&&... given) {
  if constexpr (std::is_void_v<std::invoke_result_t<Member, G&, Given...>>) {
    (grain.*member)(std::forward<Given>(given)...);
    call.result.emplace();
  } else {
    store_result(call, (grain.*member)(std::forward<Given>(given)...));
  }
}

template <typename G, typename M, typename Member>
void invoke_bound(const BoundMethod& bound, Grain& grain, Message& message,
                  const CancellationToken& token) {
  auto& call = static_cast<CallMessage<M>&>(message);
  Member member;
  std::memcpy(&member, bound.member.data(), sizeof member);
  std::apply(
      [&]<typename... A>(A&... arguments) {
        const bool keep = message.keeps_arguments;
        auto& of_class = static_cast<G&>(grain);
        if constexpr (std::is_invocable_v<Member, G&, A..., CancellationToken>) {
          call_member(call, of_class, member, static_cast<A>(Passed<A>{arguments, keep})..., token);
        } else {
          static_assert(std::is_invocable_v<Member, G&, A...>,
                        "the member function does not take the method's arguments");
          call_member(call, of_class, member, static_cast<A>(Passed<A>{arguments, keep})...);
        }
      },
      call.args);
}

}  // namespace detail

template <typename G>
class MethodTable {
 public:
  explicit MethodTable(Bindings& bindings) noexcept : bindings_{bindings} {}

  /// Claims interface I, so that all its methods must be bound and references by it resolve to the
  /// class.
  template <GrainInterface I>
  MethodTable& implements() {
    if constexpr (requires { I::methods; }) {
      bindings_.claim(I::interface_id, I::interface_name, I::methods);
    } else {
      bindings_.claim(I::interface_id, I::interface_name, {});
    }
    return *this;
  }

  /// Binds `method` to `member`, and claims the method's interface.
  template <typename M, typename Member>
  MethodTable& on(const M& method, Member member) {
    static_assert(std::is_member_function_pointer_v<Member>);
    static_assert(sizeof(Member) <= sizeof(BoundMethod::member));
    bindings_.claim(M::interface_id, M::interface_name, {});
    BoundMethod bound{method.info(), &detail::invoke_bound<G, M, Member>, {}};
    std::memcpy(bound.member.data(), &member, sizeof member);
    bindings_.methods.push_back(bound);
    return *this;
  }

 private:
  Bindings& bindings_;
};

}  // namespace thresher::runtime

// Services that grain classes take, by type and, where there are several of a type, by name.
//
// Filled before the silo starts and only read afterwards, from every worker. Services are borrowed:
// whoever makes the silo owns them and keeps them alive for longer.
#pragma once

#include "thresher/runtime/codec/interface.h"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>

namespace thresher::runtime {

/// A constructor parameter that takes the service T registered under a name:
/// `Named<GrainStorage, "hot">`.
template <typename T, Literal Name>
class Named {
 public:
  explicit Named(T& service) noexcept : service_{&service} {}
  T& get() const noexcept { return *service_; }
  T& operator*() const noexcept { return *service_; }
  T* operator->() const noexcept { return service_; }

 private:
  T* service_;
};

class ServiceRegistry {
 public:
  /// The outcome of looking for one.
  struct Found {
    void* service = nullptr;
    /// How many would fit; only exactly one is given out.
    std::size_t candidates = 0;
  };

  /// Registers `service` under its static type T, which is what grains ask for. A second one with
  /// the same type and name makes the name ambiguous, which start reports.
  template <typename T>
  void add(T& service, std::string name = {}) {
    add_untyped(typeid(T), std::move(name), &service);
  }
  /// With an empty name: the unnamed one, else the only one of that type.
  Found find(std::type_index type, std::string_view name) const;

 private:
  void add_untyped(std::type_index type, std::string name, void* service);

  // By type only looked up, never iterated: the order of type_index differs from run to run.
  std::map<std::type_index, std::multimap<std::string, void*, std::less<>>> services_;
};

}  // namespace thresher::runtime

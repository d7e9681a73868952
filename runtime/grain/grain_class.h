// A grain class as the silo knows it: type name, bindings, options, and how to construct it.
//
// Made by Silo::register_grain before start, checked at start, constant afterwards and used from
// every worker. The factory's parameters say what the class takes; each is found when the grain is
// constructed, and looked for at start, so that what is missing shows there.
#pragma once

#include "thresher/runtime/base/unique_function.h"
#include "thresher/runtime/grain/grain.h"
#include "thresher/runtime/grain/method_table.h"
#include "thresher/runtime/grain/service_registry.h"
#include "thresher/runtime/grain/silo_options.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <vector>

namespace thresher::runtime {

/// A service that a class takes.
struct ServiceNeed {
  std::type_index type;
  std::string name;
  /// For messages to people only: a compiler's spelling.
  const char* type_text;
};

class GrainClass {
 public:
  using Construct =
      UniqueFunction<std::unique_ptr<Grain>(GrainContext&, const ServiceRegistry&)>;

  GrainClass(std::string type, GrainClassOptions options);

  const std::string& type() const noexcept { return type_; }
  const GrainClassOptions& options() const noexcept { return options_; }
  bool implements(InterfaceId interface_id) const noexcept;
  /// The binding of a method, or null.
  const BoundMethod* find(MethodId method) const noexcept;
  /// Constructs an instance. Throws what the class's constructor throws.
  std::unique_ptr<Grain> construct(GrainContext& context, const ServiceRegistry& services) {
    return construct_(context, services);
  }

  /// What is wrong with the class, in words; empty when all is well. Also builds the lookup table.
  std::vector<std::string> seal(const ServiceRegistry& services);

  Bindings& bindings() noexcept { return bindings_; }
  std::vector<ServiceNeed>& needs() noexcept { return needs_; }
  void set_construct(Construct construct) { construct_ = std::move(construct); }

 private:
  void check_methods(std::vector<std::string>& problems) const;
  void check_services(const ServiceRegistry& services, std::vector<std::string>& problems) const;
  void build_table();

  std::string type_;
  GrainClassOptions options_;
  Bindings bindings_;
  std::vector<ServiceNeed> needs_;
  Construct construct_;
  /// Open addressing by method id; a power of two, at most half full.
  std::vector<const BoundMethod*> table_;
};

namespace detail {

/// How one parameter of a factory is found.
template <typename P>
struct Injected {
  static_assert(std::is_lvalue_reference_v<P>, "a grain takes services by reference");
  using Service = std::remove_cvref_t<P>;
  static void need(std::vector<ServiceNeed>& needs) {
    needs.push_back({typeid(Service), {}, typeid(Service).name()});
  }
  static P get(GrainContext&, const ServiceRegistry& services) {
    return *static_cast<Service*>(services.find(typeid(Service), {}).service);
  }
};
template <typename T, Literal Name>
struct Injected<Named<T, Name>> {
  static void need(std::vector<ServiceNeed>& needs) {
    needs.push_back({typeid(T), std::string{Name.view()}, typeid(T).name()});
  }
  static Named<T, Name> get(GrainContext&, const ServiceRegistry& services) {
    return Named<T, Name>{*static_cast<T*>(services.find(typeid(T), Name.view()).service)};
  }
};
template <>
struct Injected<GrainContext&> {
  static void need(std::vector<ServiceNeed>&) {}
  static GrainContext& get(GrainContext& context, const ServiceRegistry&) { return context; }
};
template <>
struct Injected<const Services&> {
  static void need(std::vector<ServiceNeed>&) {}
  static const Services& get(GrainContext& context, const ServiceRegistry&) {
    return context.services();
  }
};
template <>
struct Injected<Logger> {
  static void need(std::vector<ServiceNeed>&) {}
  static Logger get(GrainContext& context, const ServiceRegistry&) { return context.logger(); }
};

template <typename F>
struct FactoryTraits : FactoryTraits<decltype(&F::operator())> {};
template <typename F, typename R, typename... P>
struct FactoryTraits<R (F::*)(P...) const> {
  static void needs(std::vector<ServiceNeed>& needs) { (Injected<P>::need(needs), ...); }
  static GrainClass::Construct bind(F factory) {
    return [factory = std::move(factory)](GrainContext& context,
                                          const ServiceRegistry& services) {
      return std::unique_ptr<Grain>{factory(Injected<P>::get(context, services)...)};
    };
  }
};

/// Describes class G, whose `factory` gives a std::unique_ptr<G>.
template <typename G, typename Factory>
std::unique_ptr<GrainClass> describe_class(std::string type, Factory factory,
                                           GrainClassOptions options) {
  static_assert(std::is_base_of_v<Grain, G>, "a grain class derives from Grain");
  auto made = std::make_unique<GrainClass>(std::move(type), options);
  MethodTable<G> table{made->bindings()};
  G::bind(table);
  FactoryTraits<Factory>::needs(made->needs());
  made->set_construct(FactoryTraits<Factory>::bind(std::move(factory)));
  return made;
}

}  // namespace detail
}  // namespace thresher::runtime

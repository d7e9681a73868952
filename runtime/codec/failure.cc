// Names of the library's own exception types, and the way from exception to failure and back.
// Nothing here keeps an exception alive: what is caught is read once and becomes a value.
#include "thresher/runtime/codec/failure.h"

#include <array>
#include <new>
#include <stdexcept>
#include <system_error>

namespace thresher::runtime {
namespace {

constexpr std::string_view error_name = "thresher.Error";
constexpr std::string_view inconsistent_name = "thresher.InconsistentState";

/// A type of the standard library's hierarchy and its name.
struct StandardType {
  std::string_view name;
  bool (*matches)(const std::exception&);
};

template <typename E>
bool is_a(const std::exception& caught) {
  return dynamic_cast<const E*>(&caught) != nullptr;
}

// Derived types before their bases: the first match is the nearest.
constexpr std::array standard_types{
    StandardType{"std::invalid_argument", is_a<std::invalid_argument>},
    StandardType{"std::domain_error", is_a<std::domain_error>},
    StandardType{"std::length_error", is_a<std::length_error>},
    StandardType{"std::out_of_range", is_a<std::out_of_range>},
    StandardType{"std::logic_error", is_a<std::logic_error>},
    StandardType{"std::system_error", is_a<std::system_error>},
    StandardType{"std::range_error", is_a<std::range_error>},
    StandardType{"std::overflow_error", is_a<std::overflow_error>},
    StandardType{"std::underflow_error", is_a<std::underflow_error>},
    StandardType{"std::runtime_error", is_a<std::runtime_error>},
    StandardType{"std::bad_alloc", is_a<std::bad_alloc>},
};

/// The nearest type of that hierarchy: said to the caller instead of a compiler's spelling.
std::string_view standard_name(const std::exception& caught) {
  for (const StandardType& type : standard_types) {
    if (type.matches(caught)) return type.name;
  }
  return "std::exception";
}

bool is_own_name(std::string_view name) { return name.starts_with("thresher."); }

}  // namespace

GrainFailure failure_of(const Error& error) {
  GrainFailure failure;
  failure.type_name = error_name;
  failure.text = describe(error);
  failure.error = error;
  return failure;
}

ExceptionRegistry::ExceptionRegistry() = default;

Result<void> ExceptionRegistry::insert(std::type_index type, Entry entry) {
  if (entry.name.empty() || is_own_name(entry.name)) return fail(Errc::invalid_argument);
  if (by_type_.contains(type) || by_name_.contains(entry.name)) return fail(Errc::already_exists);
  by_name_.emplace(entry.name, type);
  by_type_.emplace(type, std::move(entry));
  THRESHER_ASSERT(by_name_.size() == by_type_.size());
  return {};
}

GrainFailure ExceptionRegistry::capture(const std::exception& caught) const {
  GrainFailure failure;
  failure.text = caught.what();
  failure.error = make_error(Errc::grain_failed);
  if (const auto* remote = dynamic_cast<const RemoteError*>(&caught); remote != nullptr) {
    return remote->failure();  // Passed on unchanged: the last caller sees the first cause.
  }
  if (const auto* known = dynamic_cast<const ErrorException*>(&caught); known != nullptr) {
    failure.error = known->error();
    failure.type_name = error_name;
  }
  if (const auto* conflict = dynamic_cast<const InconsistentStateError*>(&caught);
      conflict != nullptr) {
    failure.type_name = inconsistent_name;
    failure.inconsistent_source = conflict->source();
  }
  if (const auto entry = by_type_.find(typeid(caught)); entry != by_type_.end()) {
    failure.type_name = entry->second.name;
    failure.fields_bytes = entry->second.encode_fields(caught);
  }
  if (failure.type_name.empty()) failure.type_name = standard_name(caught);
  return failure;
}

GrainFailure ExceptionRegistry::capture_unknown() {
  GrainFailure failure;
  failure.type_name = "unknown";
  failure.text = "an object that is no std::exception was thrown";
  failure.error = make_error(Errc::grain_failed);
  return failure;
}

void ExceptionRegistry::raise(const GrainFailure& failure) const {
  if (failure.type_name == error_name) throw ErrorException{failure.error};
  if (failure.type_name == inconsistent_name) {
    throw InconsistentStateError{failure.error, failure.inconsistent_source};
  }
  if (const auto name = by_name_.find(failure.type_name); name != by_name_.end()) {
    by_type_.at(name->second).raise(failure);
  }
  throw RemoteError{failure};
}

void throw_bad_access(const CallError& error) {
  if (error.failure == nullptr) {
    if (error.error.code == Errc::inconsistent_state) {
      throw InconsistentStateError{error.error, /*source=*/false};
    }
    throw ErrorException{error.error};
  }
  THRESHER_ASSERT(error.registry != nullptr);
  GrainFailure failure = *error.failure;
  failure.inconsistent_source = false;
  error.registry->raise(failure);
}

}  // namespace thresher::runtime

// What leaves a grain's turn when user code throws, and how it comes back at the caller.
//
// A GrainFailure is a value: type name, text, fields by the codec, and the Error behind it. It is
// made where the exception is caught (the callee's turn) and raised where the caller asks for the
// value; never an exception_ptr, also for local calls. Exception types registered with a name are
// rethrown as themselves, others as RemoteError. The registry is an object that the silo holds: it
// is filled at start-up and then only read, so any worker may use it.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/codec/encode.h"

#include <concepts>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <typeindex>
#include <typeinfo>
#include <utility>

namespace thresher::runtime {

/// An exception (or an operating error) that left a turn, as a value that travels.
struct GrainFailure {
  /// The registered name, or a name from the standard library's hierarchy ("std::logic_error"),
  /// or "" for an operating error alone.
  std::string type_name;
  /// What `what()` said.
  std::string text;
  /// The exception's own fields, encoded, when its type is registered and lists some.
  Bytes fields_bytes;
  /// The Error behind it: that of an ErrorException, else grain_failed.
  Error error;
  /// True from the activation whose write met an ETag conflict to its first caller; the runtime
  /// deactivates that activation only (Orleans: IsSourceActivation).
  bool inconsistent_source = false;

  static constexpr auto fields = thresher::runtime::fields(
      field<1>("type", &GrainFailure::type_name), field<2>("text", &GrainFailure::text),
      field<3>("fields", &GrainFailure::fields_bytes), field<4>("error", &GrainFailure::error),
      field<5>("inconsistent_source", &GrainFailure::inconsistent_source));
};

/// The failure of an operating error alone.
GrainFailure failure_of(const Error& error);

/// What a caller gets for an exception whose type is not registered.
class RemoteError : public std::exception {
 public:
  explicit RemoteError(GrainFailure failure) : failure_{std::move(failure)} {}
  /// The text of the original exception.
  const char* what() const noexcept override { return failure_.text.c_str(); }
  const std::string& type_name() const noexcept { return failure_.type_name; }
  const GrainFailure& failure() const noexcept { return failure_; }

 private:
  GrainFailure failure_;
};

/// E can be made again at the caller: from its text, or empty and then filled by its fields.
template <typename E>
concept RegistrableException =
    std::derived_from<E, std::exception> && std::copy_constructible<E> &&
    (std::constructible_from<E, const std::string&> || HasFields<E>);

/// The exception types that cross calls as themselves, by name. Caller and callee must agree on the
/// names. ErrorException and InconsistentStateError are known from the start.
class ExceptionRegistry {
 public:
  ExceptionRegistry();
  ExceptionRegistry(ExceptionRegistry&&) = default;
  ExceptionRegistry& operator=(ExceptionRegistry&&) = default;

  /// Registers E (exactly, not what derives from it) as `name`. Errors: already_exists when the
  /// name or the type is taken, invalid_argument for an empty name or one of the library's own.
  template <RegistrableException E>
  Result<void> add(std::string_view name);

  /// The failure of a caught exception. Requires: `FiberUnwind` was let pass before.
  GrainFailure capture(const std::exception& caught) const;
  /// The failure of a caught object that is no std::exception.
  static GrainFailure capture_unknown();

  /// Throws what `failure` stands for: the registered type; ErrorException or
  /// InconsistentStateError for an Error; else RemoteError, also when the fields do not decode.
  [[noreturn]] void raise(const GrainFailure& failure) const;

 private:
  struct Entry {
    std::string name;
    /// Encodes the exception's fields; empty when it has none.
    Bytes (*encode_fields)(const std::exception&);
    /// Throws the type, or returns when the failure does not decode.
    void (*raise)(const GrainFailure&);
  };
  Result<void> insert(std::type_index type, Entry entry);

  // Looked up only, never iterated: the order of type_index differs from run to run.
  std::map<std::type_index, Entry> by_type_;
  std::map<std::string, std::type_index, std::less<>> by_name_;
};

/// Why a call has no value, as its caller holds it: the small Error, and for failures of user code
/// the whole failure with the registry that can raise it.
struct CallError {
  Error error;
  /// Null for an operating error alone. Shared: the result of a call may be copied (when_all, a
  /// Future read twice), and a failure is large, immutable and rare.
  std::shared_ptr<const GrainFailure> failure;
  /// Outlives every result, since the silo owns both. Null when `failure` is null.
  const ExceptionRegistry* registry = nullptr;

  friend bool operator==(const CallError& a, const CallError& b) { return a.error == b.error; }
};

/// What `.value()` of a call's result throws: the original exception where its type is registered.
/// An ETag conflict is raised with `source()` false: the caller is not the one that conflicted.
[[noreturn]] void throw_bad_access(const CallError& error);

/// The result of a call.
template <typename T>
using CallResult = Expected<T, CallError>;

namespace detail {

template <typename E>
Bytes encode_fields_of(const std::exception& caught) {
  if constexpr (HasFields<E>) {
    return encode(dynamic_cast<const E&>(caught));
  } else {
    return {};
  }
}

template <typename E>
void raise_as(const GrainFailure& failure) {
  if constexpr (HasFields<E>) {
    Result<E> made = decode<E>(failure.fields_bytes);
    if (made) throw E(*std::move(made));
  } else {
    throw E(failure.text);
  }
}

}  // namespace detail

template <RegistrableException E>
Result<void> ExceptionRegistry::add(std::string_view name) {
  return insert(typeid(E), Entry{std::string{name}, &detail::encode_fields_of<E>,
                                 &detail::raise_as<E>});
}

}  // namespace thresher::runtime

// Messages over a stream socket: four bytes of length, little endian, then that many bytes of JSON.
//
// One end of a pair belongs to the parent, the other to a worker. Sending blocks; receiving comes
// in a blocking form for the worker and in a form that takes what is there for the parent's poll.
#pragma once

#include "thresher/runtime/base/expected.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace thresher::cli {

/// Owns a file descriptor and closes it.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_{fd} {}
  Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  int get() const noexcept { return fd_; }
  bool valid() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

class Channel {
 public:
  /// A message larger than this is taken for garbage.
  static constexpr std::size_t message_bytes_max = std::size_t{1} << 28;

  explicit Channel(Descriptor socket) noexcept : socket_{std::move(socket)} {}

  int fd() const noexcept { return socket_.get(); }
  /// False when the other end is gone.
  bool send(std::string_view message);
  /// Waits for the next message; nothing when the other end is gone or sends garbage.
  std::optional<std::string> receive();
  /// Takes what has come, without waiting. False when the other end is gone; what it sent before
  /// can still be taken.
  bool fill();
  /// The next whole message among what `fill` took, if any.
  std::optional<std::string> take();

 private:
  Descriptor socket_;
  std::string buffer_;
};

}  // namespace thresher::cli

// Length-prefixed messages over a stream socket. Interrupted calls are taken up again here, so
// that no caller has to think of them.
#include "thresher/cli/campaign/channel.h"

#include "thresher/runtime/base/assert.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <sys/socket.h>
#include <unistd.h>

namespace thresher::cli {

namespace {

constexpr std::size_t prefix_bytes = 4;

std::string framed(std::string_view message) {
  std::string frame;
  frame.reserve(prefix_bytes + message.size());
  for (std::size_t i = 0; i < prefix_bytes; ++i) {
    frame.push_back(static_cast<char>((message.size() >> (8 * i)) & 0xff));
  }
  return frame.append(message);
}

std::size_t length_of(std::string_view frame) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < prefix_bytes; ++i) {
    length |= std::size_t{static_cast<unsigned char>(frame[i])} << (8 * i);
  }
  return length;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

bool Channel::send(std::string_view message) {
  THRESHER_ASSERT(message.size() <= message_bytes_max);
  const std::string frame = framed(message);
  std::string_view left = frame;
  while (!left.empty()) {
    // A worker that is gone must cost an answer of false, not a SIGPIPE.
    const ssize_t sent = ::send(socket_.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::optional<std::string> Channel::receive() {
  while (true) {
    if (auto message = take()) return message;
    std::array<char, 65536> chunk;
    const ssize_t got = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    if (buffer_.size() >= prefix_bytes && length_of(buffer_) > message_bytes_max) {
      return std::nullopt;
    }
  }
}

bool Channel::fill() {
  while (true) {
    std::array<char, 65536> chunk;
    const ssize_t got = ::recv(socket_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (got <= 0) return false;
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

std::optional<std::string> Channel::take() {
  if (buffer_.size() < prefix_bytes) return std::nullopt;
  const std::size_t length = length_of(buffer_);
  if (buffer_.size() - prefix_bytes < length) return std::nullopt;
  std::string message = buffer_.substr(prefix_bytes, length);
  buffer_.erase(0, prefix_bytes + length);
  return message;
}

}  // namespace thresher::cli

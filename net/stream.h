// A connected byte stream, in the clear or encrypted; what frames are sent over.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/asio.h"
#include "net/endpoint.h"

namespace lockstep::net {

// Handlers are called on the loop, never inside the call; after close() they are called with an error.
class Stream {
 public:
  using Handler = std::function<void(const IoError&, std::size_t)>;

  virtual ~Stream() = default;
  // At most one read and one write at a time.
  virtual void read_some(asio::mutable_buffer into, Handler handler) = 0;
  virtual void write(asio::const_buffer bytes, Handler handler) = 0;  // all of them
  virtual void close() = 0;
  virtual std::string remote() const = 0;  // "127.0.0.1:40312"
};

// How connections are made private. One for members, one for clients; outlives the streams.
class Security {
 public:
  using Ready = std::function<void(Result<std::unique_ptr<Stream>>)>;

  virtual ~Security() = default;
  // Turns a connected socket into a stream; `ready` is called on the loop, once.
  virtual void accept(Tcp::socket socket, Ready ready) = 0;
  virtual void connect(Tcp::socket socket, const Endpoint& to, Ready ready) = 0;
};

// In the clear.
class NoSecurity final : public Security {
 public:
  void accept(Tcp::socket socket, Ready ready) override;
  void connect(Tcp::socket socket, const Endpoint& to, Ready ready) override;
};

}  // namespace lockstep::net

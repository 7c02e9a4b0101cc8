// A connected byte stream, in the clear or encrypted; what frames are sent over.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "net/asio.h"
#include "net/endpoint.h"

namespace lockstep::net {

// Handlers are called on the loop, never inside the call, each once; after close() soon, whatever they say.
class Stream {
 public:
  using Handler = std::function<void(const IoError&, std::size_t)>;

  virtual ~Stream() = default;
  // At most one read and one write at a time.
  virtual void read_some(asio::mutable_buffer into, Handler handler) = 0;
  virtual void write(asio::const_buffer bytes, Handler handler) = 0;  // all of them
  // Nothing more will be written; reading goes on.
  virtual void finish() = 0;
  virtual void close() = 0;
  virtual std::string remote() const = 0;  // "127.0.0.1:40312"
  // What a handler's error means to a person.
  virtual std::string describe(const IoError& error) const;
  // Whether the other side has proved to be the member `id`, which is reached at `host`. In the clear nobody
  // proves anything, and everybody is believed.
  virtual Status proves(NodeId id, const std::string& host) const;
};

// How connections are made private. Outlives the streams.
class Security {
 public:
  using Ready = std::function<void(Result<std::unique_ptr<Stream>>)>;

  virtual ~Security() = default;
  // Turns a connected socket into a stream; `ready` is called on the loop, once, within a limit of time.
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
